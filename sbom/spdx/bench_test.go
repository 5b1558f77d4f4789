package spdx_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"assay/sbom"
	"assay/sbom/spdx"
	"assay/verify"
)

// manyFiles is a dataset of n small files.
func manyFiles(n int) verify.Report {
	r := dataset()
	r.Files = make([]verify.FileEvidence, n)
	for i := range r.Files {
		r.Files[i] = parsed(fmt.Sprintf("data/part-%07d.json", i), "text", 5000, 0)
	}
	return r
}

// BenchmarkWrite100k is the size that must stay under 10 s and 512 MiB.
func BenchmarkWrite100k(b *testing.B) {
	r := manyFiles(100_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := spdx.Write(io.Discard, sbom.FromReport(r), options); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(peakHeap(func() { _ = spdx.Write(io.Discard, sbom.FromReport(r), options) }), "peak-MiB")
}

// peakHeap runs work and samples the memory obtained for the heap, in MiB.
func peakHeap(work func()) float64 {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	var peak uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
		select {
		case <-done:
			return float64(peak) / (1 << 20)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// A file more must not cost more than the one before: the time for ten times the
// files is about ten times as long.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED in -short: writes 20,000 files")
	}
	const files = 20_000
	r := manyFiles(files)
	if got := peakHeap(func() { _ = spdx.Write(io.Discard, sbom.FromReport(r), options) }); got > 200 {
		t.Errorf("peak heap %.0f MiB for %d files", got, files)
	}
}
