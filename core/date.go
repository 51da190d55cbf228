package core

import (
	"database/sql/driver"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Clock tells the time; tests give one that stands still.
type Clock func() time.Time

// Date is a day of the calendar, without time or zone, written 2012-12-31 (ISO 8601).
type Date struct{ t time.Time }

// NewDate is that day.
func NewDate(year int, month time.Month, day int) Date {
	return Date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// DateOf is the day that t shows in its own zone.
func DateOf(t time.Time) Date { return NewDate(t.Date()) }

// ParseDate reads 2012-12-31 and nothing else.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, Invalid(Textf("%q is not a date. Write it as 2012-12-31.", "%q — не дата. Пишите так: 2012-12-31.", clip(s)))
	}
	return Date{t}, nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

func (d Date) String() string         { return d.t.Format(time.DateOnly) }
func (d Date) Time() time.Time        { return d.t }
func (d Date) Before(other Date) bool { return d.t.Before(other.t) }
func (d Date) AddDays(n int) Date     { return Date{d.t.AddDate(0, 0, n)} }
func (d Date) IsZero() bool           { return d.t.IsZero() }

func (d Date) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(d.String())) }

func (d *Date) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return Invalid(T("A date is written as a text: 2012-12-31.", "Дата записывается строкой: 2012-12-31."))
	}
	var err error
	*d, err = ParseDate(s)
	return err
}

func (d Date) MarshalText() ([]byte, error)  { return []byte(d.String()), nil }
func (d *Date) UnmarshalText(b []byte) error { return d.UnmarshalGQL(string(b)) }
func (d Date) Value() (driver.Value, error)  { return d.String(), nil }

// Scan reads a date column.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		*d = DateOf(v)
		return nil
	case string:
		return d.UnmarshalGQL(v)
	default:
		return fmt.Errorf("core: cannot read %T as a date", src)
	}
}
