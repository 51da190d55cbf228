package assemblies

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
)

// room is what decides which seat a delegate gets, and until when. It asks no database.
type room struct {
	charters []during // in force on the first day or after, in order
	taken    []taken
	below    seatBelow
	delegate *Delegate
}

// give sets the delegate's number and last day, or says why there is no seat. Times end by themselves on
// the first of these days: the one asked for; the last of the charter's term; the last of the seat below;
// the day before a charter that no longer has the seat.
func (r *room) give(number *int) error {
	d := r.delegate
	if len(r.charters) == 0 || d.StartsOn.Before(r.charters[0].StartsOn) || r.charters[0].Seats == 0 {
		return core.Conflict(core.Textf("The charter in force on %s has no such seats.", "Устав, действующий %s, таких мест не предусматривает.", d.StartsOn), "input", "ruleId")
	}
	if d.Capacity == Substitute && !r.charters[0].SubstitutesAllowed {
		return core.Conflict(core.T("The charter does not allow substitutes.", "Устав не предусматривает заместителей делегатов."), "input", "ruleId")
	}
	if err := r.last(); err != nil {
		return err
	}
	if d.Capacity == Substitute {
		return r.stand(number)
	}
	return r.sit(number)
}

// last finds the last day, as far as it is the same for all seats.
func (r *room) last() error {
	d := r.delegate
	if months := r.charters[0].TermMonths; months != nil {
		term := councils.LastDay(d.StartsOn, *months)
		if d.EndsOn != nil && term.Before(*d.EndsOn) {
			return core.Invalid(core.Textf("The charter's term ends on %s: give an end by that day.", "Срок по уставу истекает %s: укажите конец не позже этого дня.", term), "input", "endsOn")
		}
		if d.EndsOn == nil {
			d.EndsOn = &term
		}
	}
	if d.EndsOn != nil {
		d.EndReason = ptr(TermEnded)
	}
	if last := r.below.LastDay; last != nil && r.earlier(*last, SeatBelowEnded) {
		d.LeavingReason = r.below.Leaving
	}
	return nil
}

// earlier moves the last day forward to one that comes before it.
func (r *room) earlier(last core.Date, why DelegateEndReason) bool {
	d := r.delegate
	if d.EndsOn != nil && !last.Before(*d.EndsOn) {
		return false
	}
	d.EndsOn, d.EndReason, d.LeavingReason = &last, &why, nil
	return true
}

// sit gives the seat asked for, or the lowest that is free for the whole time.
func (r *room) sit(number *int) error {
	seats := r.charters[0].Seats
	if number != nil {
		if *number < 1 || *number > seats {
			return core.Invalid(core.Textf("The charter gives seats 1 to %d.", "По уставу места — с 1 по %d.", seats), "input", "number")
		}
		r.take(*number)
		return nil // whether it is free the database says
	}
	for n := 1; n <= seats; n++ {
		if r.free(n, r.until(n)) {
			r.take(n)
			return nil
		}
	}
	return core.Conflict(core.Textf("All %d seats are taken at that time.", "Все места (%d) в это время заняты.", seats), "input", "startsOn")
}

func (r *room) take(n int) {
	r.delegate.Number = n
	if last := r.gone(n); last != nil {
		r.earlier(*last, CharterChanged)
	}
}

// stand gives the place in the substitutes' order that was asked for, or the next one.
func (r *room) stand(number *int) error {
	n := 1
	for _, t := range r.taken {
		n = max(n, t.Number+1)
	}
	if number != nil {
		n = *number
	}
	if n < 1 || n > 500 {
		return core.Invalid(core.T("From 1 to 500.", "От 1 до 500."), "input", "number")
	}
	r.take(n)
	return nil
}

// gone is the last day on which a seat of that number, or the substitutes' row, is there without a
// break; nil: no end is known.
func (r *room) gone(n int) *core.Date {
	var last *core.Date
	for i, c := range r.charters {
		has := n <= c.Seats
		if r.delegate.Capacity == Substitute {
			has = c.Seats > 0 && c.SubstitutesAllowed
		}
		if !has || i > 0 && *last != c.StartsOn.AddDays(-1) {
			return last
		}
		if last = c.EndsOn; last == nil {
			return nil
		}
	}
	return last
}

// until is the delegate's last day in a seat of that number.
func (r *room) until(n int) *core.Date {
	last := r.delegate.EndsOn
	if gone := r.gone(n); gone != nil && (last == nil || gone.Before(*last)) {
		last = gone
	}
	return last
}

// free says whether nobody has the seat from the delegate's first day to that one.
func (r *room) free(n int, until *core.Date) bool {
	for _, t := range r.taken {
		if t.Number == n && (until == nil || !until.Before(t.StartsOn)) {
			return false
		}
	}
	return true
}

func ptr[V any](v V) *V { return &v }
