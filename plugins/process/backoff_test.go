package process

import (
	"log/slog"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	for attempt, want := range map[int]time.Duration{0: 200 * time.Millisecond, 1: 400 * time.Millisecond, 5: 6400 * time.Millisecond, 8: 30 * time.Second, 100: 30 * time.Second} {
		for range 100 {
			if got := backoff(attempt, 200*time.Millisecond, 30*time.Second); got > want || got < want*4/5 {
				t.Fatalf("after %d attempts: %s, want up to a fifth less than %s", attempt, got, want)
			}
		}
	}
}

func TestParseLine(t *testing.T) {
	for text, want := range map[string]Line{
		`{"level":"warn","msg":"m"}`:        {Level: slog.LevelWarn, Message: "m"},
		`{"@level":"error","@message":"m"}`: {Level: slog.LevelError, Message: "m"},
		`{"level":50,"time":1,"msg":"m"}`:   {Level: slog.LevelError, Message: "m"},
		`{"level":20,"msg":"m"}`:            {Level: slog.LevelDebug, Message: "m"},
		`{broken`:                           {Level: slog.LevelInfo, Message: "{broken"},
		"panic: oh":                         {Level: slog.LevelError, Message: "panic: oh"},
		"\xff":                              {Level: slog.LevelInfo, Message: "�"},
	} {
		if got := parseLine([]byte(text)); got.Level != want.Level || got.Message != want.Message {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}
