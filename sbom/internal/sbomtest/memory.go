package sbomtest

import (
	"runtime"
	"time"
)

// PeakHeap runs work and samples the memory obtained for the heap, in MiB.
func PeakHeap(work func()) float64 {
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
