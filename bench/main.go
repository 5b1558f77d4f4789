// Command bench compares `assay gate` with bare parallel SHA-256 of the same
// files, in the same run.
//
// It writes a folder of safetensors and PyTorch archives, reads every file once
// so that both sides find a warm cache, and then takes turns, changing who goes
// first. Bare SHA-256 is the yardstick because the gate must hash every byte
// anyway: what it needs beyond that is the price of looking inside.
//
// # Security
//
// For developers. It runs the binary that it is given, and writes only below a
// fresh temporary folder, which it removes, or below -dir.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"
)

type config struct {
	assay    string
	bytes    int64
	rounds   int
	jobs     int
	dir      string
	minRatio float64
	maxRSS   int64 // MiB
}

func main() {
	var c config
	flag.StringVar(&c.assay, "assay", "bin/assay", "the binary to measure")
	flag.Int64Var(&c.bytes, "bytes", 4<<30, "bytes to generate")
	flag.IntVar(&c.rounds, "rounds", 5, "rounds; each runs both sides once")
	flag.IntVar(&c.jobs, "jobs", runtime.NumCPU(), "files read at the same time, on both sides")
	flag.StringVar(&c.dir, "dir", "", "folder to generate in and keep (default: a temporary one)")
	flag.Float64Var(&c.minRatio, "min-ratio", 0.85, "fail below this share of the bare throughput")
	flag.Int64Var(&c.maxRSS, "max-rss", 128, "fail above this peak memory of assay, in MiB")
	flag.Parse()
	if err := run(c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(c config, out io.Writer) (err error) {
	dir, remove, err := folder(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	start := time.Now()
	files, total, err := generate(dir, c.bytes)
	if err != nil {
		return fmt.Errorf("generate the files: %w", err)
	}
	fmt.Fprintf(out, "%d files, %d MiB in %s (%.0f s to write); %d jobs on %d cores; %s\n",
		len(files), total>>20, dir, time.Since(start).Seconds(), c.jobs, runtime.NumCPU(), runtime.Version())
	if _, err := bareHash(files, c.jobs); err != nil {
		return fmt.Errorf("warm the cache: %w", err)
	}
	rounds, err := measure(c, out, dir, files)
	if err != nil {
		return err
	}
	return summarise(c, out, rounds, total)
}

// folder makes the place for the files, and checks the room for them first: a
// full disk is a bad way to learn a figure.
func folder(c config) (dir string, remove func() error, err error) {
	parent := cmp.Or(c.dir, os.TempDir())
	if c.dir != "" {
		if err := os.MkdirAll(c.dir, 0o750); err != nil {
			return "", nil, err
		}
	}
	if free, ok := freeSpace(parent); ok && free < c.bytes+c.bytes/8 {
		return "", nil, fmt.Errorf("%s has room for %d MiB, %d MiB are needed: choose another -dir or fewer -bytes",
			parent, free>>20, (c.bytes+c.bytes/8)>>20)
	}
	if c.dir != "" {
		return c.dir, func() error { return nil }, nil
	}
	dir, err = os.MkdirTemp("", "assay-bench-*")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// round holds the times of one round.
type round struct {
	bare, assay time.Duration
	rss         int64 // peak of assay, in bytes
}

func measure(c config, out io.Writer, dir string, files []string) ([]round, error) {
	rounds := make([]round, max(c.rounds, 1))
	for i := range rounds {
		r := &rounds[i]
		steps := []func() error{
			func() (err error) { r.bare, err = bareHash(files, c.jobs); return err },
			func() (err error) { r.assay, r.rss, err = gate(c, dir); return err },
		}
		first := "bare"
		if i%2 == 1 {
			slices.Reverse(steps)
			first = "assay"
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return nil, fmt.Errorf("round %d: %w", i+1, err)
			}
		}
		fmt.Fprintf(out, "round %d (%5s first): bare SHA-256 %6.2f s, assay gate %6.2f s, ratio %.2f, peak memory %d MiB\n",
			i+1, first, r.bare.Seconds(), r.assay.Seconds(), r.bare.Seconds()/r.assay.Seconds(), r.rss>>20)
	}
	return rounds, nil
}

// summarise prints the fastest times, which a busy machine disturbs least, and
// the median of the rounds' ratios, whose two sides ran next to each other. It
// fails when a target is missed.
func summarise(c config, out io.Writer, rounds []round, total int64) error {
	column := func(value func(round) float64) []float64 {
		values := make([]float64, len(rounds))
		for i, r := range rounds {
			values[i] = value(r)
		}
		slices.Sort(values)
		return values
	}
	bare := column(func(r round) float64 { return r.bare.Seconds() })
	assay := column(func(r round) float64 { return r.assay.Seconds() })
	ratios := column(func(r round) float64 { return r.bare.Seconds() / r.assay.Seconds() })
	ratio := ratios[len(ratios)/2]
	rss := int64(column(func(r round) float64 { return float64(r.rss >> 20) })[len(rounds)-1])
	cores := float64(min(c.jobs, runtime.NumCPU()))
	perCore := func(seconds float64) float64 { return float64(total>>20) / seconds / cores }

	fmt.Fprintf(out, "fastest: bare SHA-256 %.0f MiB/s per core, assay gate %.0f MiB/s per core\n", perCore(bare[0]), perCore(assay[0]))
	fmt.Fprintf(out, "median ratio %.2f (target %.2f), peak memory %d MiB (target %d MiB)\n", ratio, c.minRatio, rss, c.maxRSS)
	var missed []error
	if ratio < c.minRatio {
		missed = append(missed, fmt.Errorf("ratio %.2f is below %.2f", ratio, c.minRatio))
	}
	if rss > c.maxRSS {
		missed = append(missed, fmt.Errorf("peak memory %d MiB is above %d MiB", rss, c.maxRSS))
	}
	return errors.Join(missed...)
}
