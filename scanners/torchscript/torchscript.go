// Package torchscript reads the program text inside TorchScript archives
// (code/**.py).
//
// TorchScript looks like Python and is another language: torch.jit.load compiles
// it and runs parts of it at once (__setstate__), the rest when the model is
// called. It cannot import, and reaches the outside through operators only. So
// the question is which operators it names, under every spelling that the
// compiler accepts: torch.save(x, p), ops.aten.save(x, p), x.save(p),
// getattr(x, "save"), or through an alias of torch itself.
//
// # Security
//
// A text counts as TorchScript, and is covered, only when all of it has the
// grammar that torch writes (torch/csrc/jit/serialization/python_print.cpp) and
// every name in it is an operator, a known builtin, or defined in the text. A
// Python program does not come through: import, lambda, try, eval and their like
// are no part of that grammar. Where the grammar fails, the rest is still searched
// for operators, and the text is left uncovered.
//
// The text is read up to 64 MiB, expressions nest 200 deep. Which operators a
// method of the model's own classes ends up in is not followed across files.
package torchscript

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

// Scanner reads TorchScript.
type Scanner struct{}

var _ scanners.Scanner = Scanner{}

// Info names the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "torchscript", Title: "TorchScript program text", Version: 1, Rules: slices.Clone(rules)}
}

// maxText is the largest text that is read, in bytes. The largest seen in public
// models have some hundred kilobytes.
const maxText = 64 << 20

// Match accepts a text that begins with a class or a function, when it has the
// mark of the serializer or lies where torch looks for code. PyTorch's zip reader
// does not regard case.
func (Scanner) Match(h scanners.Head) bool {
	if !beginsLikeCode(h.Start) {
		return false
	}
	name := strings.ToLower(h.Name)
	return bytes.Contains(h.Start, []byte("__parameters__ = [")) ||
		strings.HasSuffix(name, ".py") && (strings.HasPrefix(name, "code/") || strings.Contains(name, "/code/"))
}

// beginsLikeCode skips what may stand before the first definition.
func beginsLikeCode(b []byte) bool {
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		switch text := bytes.TrimSpace(line); {
		case bytes.HasPrefix(text, []byte("class ")), bytes.HasPrefix(text, []byte("def ")):
			return true
		case len(text) > 0 && text[0] != '#' && !bytes.HasPrefix(text, []byte("op_version_set")):
			return false
		}
		b = rest
	}
	return false
}

// Scan parses the text and reports the operators that matter.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if f.Size > maxText {
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("more than %d bytes of program text", maxText)}
	}
	text := make([]byte, f.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), text); err != nil {
		return scanners.Result{}, fmt.Errorf("read the program text: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return scanners.Result{}, err
	}
	c := &checker{found: findings.New(rules), defined: make(map[string]bool), methods: make(map[string]bool), unknown: make(map[string]int)}
	err := parse(text, c)
	if err != nil {
		sweep(text[min(len(text), c.reached):], c)
	}
	c.conclude(err == nil)
	result := scanners.Result{Findings: c.found.All()}
	switch {
	case err == nil && len(c.unknown) == 0:
		result.Parsed.Add(0, f.Size)
		result.Facts = c.facts()
		return result, nil
	case len(result.Findings) == 0:
		return scanners.Result{}, fmt.Errorf("%w: %w", scanners.ErrNotRecognised, err)
	}
	return result, &scanners.FormatError{Offset: int64(c.reached), Err: errors.New("not all of the text is TorchScript")}
}
