package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Line is one of a plugin's log.
type Line struct {
	At      time.Time
	Plugin  string
	Level   slog.Level
	Message string
	Fields  map[string]any // of a line that is a JSON object
	Dropped int            // lines before it that were left out, because there were too many
}

// output reads what a plugin's process writes: always all of it, so that the process never waits for
// a reader, and keeps as much as is allowed.
type output struct {
	plugin  string
	options Options
	limit   *rate.Limiter
	dropped atomic.Int64
	last    atomic.Pointer[string] // the last line of the process that runs, or ran
}

func newOutput(plugin string, o Options) *output {
	return &output{plugin: plugin, options: o, limit: rate.NewLimiter(rate.Limit(o.LinesASecond), 2*o.LinesASecond)}
}

// helloBytes is the longest first line.
const helloBytes = 4096

// readFirst hands the first line on, and reads the rest into nothing.
func (o *output) readFirst(r io.Reader, h *hello) {
	buffered := bufio.NewReaderSize(r, helloBytes)
	line, err := buffered.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		line = append([]byte("(a first line without end) "), line[:64]...)
	}
	h.say(string(line))
	n, _ := io.Copy(io.Discard, buffered)
	if n > 0 {
		o.options.Log.Warn("plugin wrote to its standard output, which nobody reads: its log is standard error", slog.Int64("bytes", n))
	}
}

// readErrors reads the log line by line; of one that is too long it keeps the beginning.
func (o *output) readErrors(r io.Reader) {
	buffered := bufio.NewReaderSize(r, o.options.LineBytes)
	for {
		line, more, err := buffered.ReadLine()
		if len(line) > 0 {
			o.take(line, more)
		}
		for more && err == nil {
			_, more, err = buffered.ReadLine()
		}
		if err != nil {
			return
		}
	}
}

func (o *output) take(text []byte, cut bool) {
	if !o.limit.Allow() {
		o.dropped.Add(1)
		return
	}
	line := parseLine(text)
	if cut {
		line.Message += "…"
	}
	o.last.Store(&line.Message)
	line.At, line.Plugin, line.Dropped = time.Now(), o.plugin, int(o.dropped.Swap(0))
	o.log(line)
	if o.options.Lines != nil {
		o.options.Lines(line)
	}
}

// parseLine reads a JSON object (level, msg and their like by the names that loggers use) or a text.
func parseLine(text []byte) Line {
	var fields map[string]any
	if text[0] != '{' || json.Unmarshal(text, &fields) != nil {
		return Line{Level: levelOfText(string(text)), Message: strings.ToValidUTF8(string(text), "�")}
	}
	line := Line{Level: levelOf(pick(fields, "level", "@level", "severity")), Message: fmt.Sprint(pick(fields, "msg", "message", "@message"))}
	pick(fields, "time", "ts", "timestamp", "@timestamp")
	line.Fields = fields
	return line
}

// pick takes the first of the names that is there out of fields.
func pick(fields map[string]any, names ...string) any {
	for _, name := range names {
		if value, ok := fields[name]; ok {
			delete(fields, name)
			return value
		}
	}
	return ""
}

// levelOf knows names, and the numbers of pino (10 trace to 60 fatal).
func levelOf(value any) slog.Level {
	if number, ok := value.(float64); ok {
		switch {
		case number < 30:
			return slog.LevelDebug
		case number < 40:
			return slog.LevelInfo
		case number < 50:
			return slog.LevelWarn
		}
		return slog.LevelError
	}
	switch strings.ToLower(fmt.Sprint(value)) {
	case "trace", "debug":
		return slog.LevelDebug
	case "warn", "warning":
		return slog.LevelWarn
	case "error", "fatal", "panic", "critical":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// levelOfText goes by what Go's and Node's runtimes write when a program breaks.
func levelOfText(text string) slog.Level {
	for _, sign := range []string{"panic: ", "fatal error: ", "Uncaught ", "Error: "} {
		if strings.HasPrefix(text, sign) {
			return slog.LevelError
		}
	}
	return slog.LevelInfo
}

func (o *output) log(line Line) {
	all := []slog.Attr{slog.String("said", line.Message)}
	if line.Dropped > 0 {
		all = append(all, slog.Int("leftOut", line.Dropped))
	}
	for _, name := range slices.Sorted(maps.Keys(line.Fields)) {
		all = append(all, slog.Any("plugin."+name, line.Fields[name]))
	}
	o.options.Log.LogAttrs(context.Background(), line.Level, "plugin's log", all...)
}
