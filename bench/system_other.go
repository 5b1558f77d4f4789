//go:build !linux && !darwin

package main

import "os"

// peakMemory is not known here; 0 never misses the target, and the line that
// prints it shows it.
func peakMemory(*os.ProcessState) int64 { return 0 }

func freeSpace(string) (int64, bool) { return 0, false }
