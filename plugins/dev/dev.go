// Package dev is the author's loop: it watches a plugin's folder, and hands it to a house when something is
// saved, which builds the plugin and swaps it without dropping a request. What is wrong, in the manifest,
// the build or the schema, is said, and the plugin as it was goes on.
package dev

import (
	"context"
	"fmt"
	"time"
)

// House is what runs the plugin.
type House interface {
	// Reload builds the plugin in its folder, and takes it in place of the one before. When it cannot (it
	// does not build, the schema does not compose, the program does not start), the one before goes on, and
	// the error says what is wrong with its file and line.
	Reload(ctx context.Context, folder string) error
}

// Loop watches one folder.
type Loop struct {
	Folder string
	House  House
	// Say tells the author what happens, a line or several at once.
	Say func(text string)
	// Poll is how often is looked for what was saved; 300 ms when zero.
	Poll time.Duration

	ticks <-chan time.Time // in tests, in place of Poll's
	done  func(built bool) // in tests: called after the first round, and after each tick
}

// Run hands over the plugin, and does so again at each change, until ctx is done. It fails where the folder cannot be read.
func (l *Loop) Run(ctx context.Context) error {
	ticks := l.ticks
	if ticks == nil {
		ticker := time.NewTicker(max(l.Poll, 300*time.Millisecond))
		defer ticker.Stop()
		ticks = ticker.C
	}
	seen, err := look(l.Folder)
	if err != nil {
		return fmt.Errorf("the plugin's folder cannot be watched: %w", err)
	}
	for saved := true; ; saved = l.changed(&seen) {
		if saved {
			l.round(ctx)
		}
		if l.done != nil {
			l.done(saved)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
	}
}

// changed says whether something was saved since seen. What is being written while it looks is seen at
// the next tick.
func (l *Loop) changed(seen *string) bool {
	now, err := look(l.Folder)
	if err != nil || now == *seen {
		return false
	}
	if again, err := look(l.Folder); err != nil || again != now {
		return false
	}
	*seen = now
	return true
}

// round hands over once. What is saved while it does is seen at the next tick.
func (l *Loop) round(ctx context.Context) {
	began := time.Now()
	if err := l.House.Reload(ctx, l.Folder); err != nil {
		l.say(ctx, err)
		return
	}
	l.Say(fmt.Sprintf("built and swapped in %s", time.Since(began).Round(10*time.Millisecond)))
}

// say tells what stands against the plugin as it is saved, unless it is only that the author stopped.
func (l *Loop) say(ctx context.Context, err error) {
	if ctx.Err() == nil {
		l.Say(err.Error() + "\nThe plugin goes on as it was. Save it again when it is mended.")
	}
}
