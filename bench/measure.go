package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// bareHash reads and hashes every file, jobs at a time: the least that anything
// which knows the digest of every file must do.
func bareHash(files []string, jobs int) (time.Duration, error) {
	start := time.Now()
	queue := make(chan string)
	errs := make([]error, jobs)
	var wg sync.WaitGroup
	for i := range jobs {
		wg.Go(func() {
			buf := make([]byte, 1<<20)
			for name := range queue {
				errs[i] = errors.Join(errs[i], hashFile(name, buf))
			}
		})
	}
	for _, name := range files {
		queue <- name
	}
	close(queue)
	wg.Wait()
	return time.Since(start), errors.Join(errs...)
}

func hashFile(name string, buf []byte) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	// The wrapper hides the file's WriteTo, so that buf is really used.
	_, err = io.CopyBuffer(h, struct{ io.Reader }{f}, buf)
	h.Sum(nil)
	return err
}

// gate runs assay as a user does, start and end of the process included. Any
// exit code but 0 is an error: a run that did not finish its work is not fast.
func gate(c config, dir string) (time.Duration, int64, error) {
	cmd := exec.Command(c.assay, "gate", "--no-store", "--quiet", "--jobs", strconv.Itoa(c.jobs), dir)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		return 0, 0, fmt.Errorf("%s gate: %w\n%s", c.assay, err, output.Bytes())
	}
	return took, peakMemory(cmd.ProcessState), nil
}
