package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// report is what a run says, as a table for people and one line for programs.
type report struct {
	settings *benchCommand
	machine  string
	results  []result
	open     []openResult
}

func (r report) print(out io.Writer, markdown bool) error {
	if markdown {
		return r.markdown(out)
	}
	if err := r.table(out); err != nil {
		return err
	}
	line, err := json.Marshal(map[string]any{"machine": r.machine, "results": r.results, "open": r.open})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nbench %s\n", line)
	return err
}

func (r report) table(out io.Writer) error {
	cells := &strings.Builder{}
	fmt.Fprintln(cells, "\t\tVeche\t\t\t\t\tfloor\t\t\t\t\tVeche / floor\t\t")
	fmt.Fprintln(cells, "\tconn.\treq/s\tp50 ms\tp99 ms\tCPU-ms\tMB\treq/s\tp50 ms\tp99 ms\tCPU-ms\tMB\treq/s\tCPU\t")
	for _, v := range r.results {
		fmt.Fprintf(cells, "%s\t%d\t%s\t%s\t%s\t%s\t\n", v.Operation, v.Connections, columns(v.Veche), columns(v.Floor),
			ratio(v.Veche.Rate, v.Floor.Rate), ratio(v.Veche.cpu(), v.Floor.cpu()))
	}
	aligned := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := io.WriteString(aligned, cells.String()); err != nil {
		return err
	}
	if err := aligned.Flush(); err != nil {
		return err
	}
	if err := r.openTable(out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n%s", r.operations("  "), r.notes())
	return err
}

// openTable shows what is waited for where requests come at their own rate.
func (r report) openTable(out io.Writer) error {
	if len(r.open) == 0 {
		return nil
	}
	cells := &strings.Builder{}
	fmt.Fprintln(cells, "\t\tVeche\t\t\t\tfloor\t\t\t\t")
	fmt.Fprintln(cells, "open loop\treq/s\tp50 ms\tp95\tp99\tp99.9\tp50 ms\tp95\tp99\tp99.9\t")
	for _, o := range r.open {
		fmt.Fprintf(cells, "%s\t%.0f\t%s\t%s\t\n", o.Operation, o.Rate, o.Veche.cells("\t"), o.Floor.cells("\t"))
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	aligned := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := io.WriteString(aligned, cells.String()); err != nil {
		return err
	}
	return aligned.Flush()
}

func (l latencies) cells(between string) string {
	return strings.Join([]string{figure(l.P50, "%.2f"), figure(l.P95, "%.2f"), figure(l.P99, "%.2f"), figure(l.P999, "%.2f")}, between)
}

func columns(f figures) string {
	return fmt.Sprintf("%.0f\t%.2f\t%.2f\t%s\t%s", f.Rate, f.P50, f.P99, cpu(f), figure(f.Memory, "%.0f"))
}

// cpu is a request's CPU: the server's and Postgres'.
func cpu(f figures) string {
	if f.cpu() == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f+%.2f", f.Server, f.Postgres)
}

func figure(v float64, form string) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(form, v)
}

func ratio(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", a/b)
}

func (r report) markdown(out io.Writer) error {
	text := &strings.Builder{}
	fmt.Fprintln(text, "| | connections | Veche req/s | floor req/s | ratio | Veche p50 / p99 ms | floor p50 / p99 ms | Veche CPU-ms | floor CPU-ms | ratio |")
	fmt.Fprintln(text, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, v := range r.results {
		fmt.Fprintf(text, "| %s | %d | %.0f | %.0f | **%s** | %.2f / %.2f | %.2f / %.2f | %s | %s | **%s** |\n", v.Operation, v.Connections,
			v.Veche.Rate, v.Floor.Rate, ratio(v.Veche.Rate, v.Floor.Rate), v.Veche.P50, v.Veche.P99, v.Floor.P50, v.Floor.P99,
			cpu(v.Veche), cpu(v.Floor), ratio(v.Veche.cpu(), v.Floor.cpu()))
	}
	if len(r.open) > 0 {
		fmt.Fprintln(text, "\n| open loop | req/s | Veche p50 / p95 / p99 / p99.9 ms | floor p50 / p95 / p99 / p99.9 ms |")
		fmt.Fprintln(text, "| --- | ---: | ---: | ---: |")
		for _, o := range r.open {
			fmt.Fprintf(text, "| %s | %.0f | %s | %s |\n", o.Operation, o.Rate, o.Veche.cells(" / "), o.Floor.cells(" / "))
		}
	}
	_, err := fmt.Fprintf(out, "%s\n%s\n%s", text, r.operations("- "), r.notes())
	return err
}

// operations says what was asked, one line each.
func (r report) operations(before string) string {
	text := &strings.Builder{}
	last := ""
	for _, v := range r.results {
		if v.Operation != last {
			fmt.Fprintf(text, "%s%s: %s (%.1f KB)\n", before, v.Operation, v.About, float64(v.Bytes)/1000)
		}
		last = v.Operation
	}
	return text.String()
}

// notes says how the figures came about, and how far to trust them.
func (r report) notes() string {
	spread, memory := 0.0, 0.0
	for _, v := range r.results {
		spread, memory = max(spread, v.Spread), max(memory, v.Veche.Memory)
	}
	text := fmt.Sprintf("%s. Veche, the floor, Postgres and the load shared this machine.\nMedians of %d alternating rounds of %s; %d persons, %d bodies and a list of %d memberships beside the reference city; the answers were compared.\n",
		r.machine, r.settings.Rounds, r.settings.Duration, r.settings.Persons, r.settings.Councils, r.settings.Rows)
	if len(r.open) > 0 {
		text += fmt.Sprintf("In the open loop both are asked for %s at %.0f %% of Veche's rate in a closed one; a request's time counts from when it was due.\n", r.settings.Open, 100*openShare)
	}
	if r.results[0].Floor.cpu() == 0 {
		return text + "CPU is not measured here.\n"
	}
	return text + fmt.Sprintf("CPU-ms are a request's: the server's + Postgres'. Rounds lay up to %.0f %% apart in it. Veche held at most %.0f MB.\n", 100*spread, memory)
}
