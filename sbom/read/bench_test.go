package read_test

import (
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/read"
)

// BenchmarkRead100k is the size that must stay under 10 s and 512 MiB.
func BenchmarkRead100k(b *testing.B) {
	doc := sbom.FromReport(sbomtest.ManyFiles(100_000))
	for format, write := range writers {
		b.Run(format, func(b *testing.B) {
			data := write(b, doc)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := read.Parse(data, "x"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)>>20), "MiB")
			b.ReportMetric(sbomtest.PeakHeap(func() { _, _ = read.Parse(data, "x") }), "peak-MiB")
		})
	}
}
