package spdx_test

import (
	"io"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/spdx"
)

// BenchmarkWrite100k is the size that must stay under 10 s and 512 MiB.
func BenchmarkWrite100k(b *testing.B) {
	r := sbomtest.ManyFiles(100_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := spdx.Write(io.Discard, sbom.FromReport(r), options); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(sbomtest.PeakHeap(func() { _ = spdx.Write(io.Discard, sbom.FromReport(r), options) }), "peak-MiB")
}

// Batches keep what the library holds at a time apart from the number of files.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED in -short: writes 20,000 files")
	}
	const files = 20_000
	r := sbomtest.ManyFiles(files)
	if got := sbomtest.PeakHeap(func() { _ = spdx.Write(io.Discard, sbom.FromReport(r), options) }); got > 200 {
		t.Errorf("peak heap %.0f MiB for %d files", got, files)
	}
}
