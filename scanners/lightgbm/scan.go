package lightgbm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

const (
	maxLine     = 16 << 20
	maxChildren = 1 << 20
	maxTrees    = 1 << 20
)

// Scanner scans LightGBM models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "lightgbm", Title: "LightGBM model", Version: 1, Rules: slices.Clone(rules)}
}

var opening = regexp.MustCompile(`\Atree\r?\n(?:version|num_class)=`)

// Match recognises the first two lines of a model.
func (Scanner) Match(h scanners.Head) bool { return opening.Match(h.Start) }

// scan is the state of one file.
type scan struct {
	found   *findings.List
	sizes   []int64 // of the trees, as the head says
	starts  []int64 // of the trees, and of what follows them
	version string
	tree    tree
	ended   bool
}

// tree is the block that is being read.
type tree struct {
	at          int64
	leaves      int64
	left, right []int32
}

// Scan reads the whole model.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 64))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	if !opening.Match(start) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{found: findings.New(rules)}
	err := s.read(ctx, bufio.NewReaderSize(io.NewSectionReader(f, 0, f.Size), 64<<10))
	if err == nil && !s.ended {
		err = scanners.CutOff(f.Size, f.Size+1)
	}
	s.checkSizes()
	result := scanners.Result{Findings: s.found.All(), Facts: []scanners.Fact{{Key: "lightgbm/trees", Value: strconv.Itoa(max(0, len(s.starts)-1))}}}
	if s.version != "" {
		result.Facts = append(result.Facts, scanners.Fact{Key: "lightgbm/version", Value: s.version})
	}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

// read passes every line to the section that it is in.
func (s *scan) read(ctx context.Context, src *bufio.Reader) error {
	for at, n := int64(0), 0; ; n++ {
		if n&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := readLine(src)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: err}
		}
		if bytes.IndexByte(line, 0) >= 0 {
			return &scanners.FormatError{Offset: at, Err: errors.New("not text")}
		}
		if len(s.starts) > maxTrees {
			return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d trees", maxTrees)}
		}
		s.line(at, strings.TrimRight(string(line), "\r\n"))
		at += int64(len(line))
		if last {
			return nil
		}
	}
}

// readLine reads a line with its end, maxLine bytes at most.
func readLine(src *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := src.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("a line of more than %d bytes", maxLine)
		}
	}
}

func (s *scan) line(at int64, line string) {
	key, value, _ := strings.Cut(line, "=")
	switch {
	case key == "Tree" && !s.ended:
		s.endTree()
		s.starts = append(s.starts, at)
		s.tree = tree{at: at}
	case line == "end of trees":
		s.endTree()
		s.starts = append(s.starts, at)
		s.ended = true
	case s.ended:
		s.parameter(at, line)
	case key == "version":
		s.version = clip.Bytes(value, 40)
	case key == "tree_sizes":
		for field := range strings.FieldsSeq(value) {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil || len(s.sizes) > maxTrees {
				n = -1
			}
			s.sizes = append(s.sizes, n)
		}
	case key == "num_leaves":
		s.tree.leaves, _ = strconv.ParseInt(value, 10, 64)
	case key == "left_child":
		s.tree.left = children(value)
	case key == "right_child":
		s.tree.right = children(value)
	}
}

// children reads a list of indices. A text that is no number becomes one that is no
// index.
func children(value string) []int32 {
	var out []int32
	for field := range strings.FieldsSeq(value) {
		n, err := strconv.ParseInt(field, 10, 32)
		if err != nil {
			n = 1<<31 - 1
		}
		if out = append(out, int32(n)); len(out) > maxChildren {
			break
		}
	}
	return out
}

// endTree checks the tree that was read: an index that is not negative is an inner
// node, and ^index a leaf. Every node is the child of one node only.
func (s *scan) endTree() {
	t := s.tree
	s.tree = tree{}
	if len(t.left) == 0 && len(t.right) == 0 {
		return
	}
	if len(t.left) != len(t.right) || int64(len(t.left)) != t.leaves-1 {
		s.found.Add("lightgbm/tree-structure", t.at, "%d leaves, %d left and %d right children", t.leaves, len(t.left), len(t.right))
		return
	}
	seen := make([]bool, len(t.left))
	for i := range t.left {
		for _, child := range []int32{t.left[i], t.right[i]} {
			switch {
			case child < 0 && int64(^child) >= t.leaves, int(child) >= len(t.left), child == 0:
				s.found.Add("lightgbm/tree-structure", t.at, "node %d has the child %d, of %d leaves", i, child, t.leaves)
				return
			case child > 0 && seen[child]:
				s.found.Add("lightgbm/tree-structure", t.at, "node %d is the child of two nodes", child)
				return
			case child > 0:
				seen[child] = true
			}
		}
	}
}

// checkSizes compares the sizes in the head with the blocks.
func (s *scan) checkSizes() {
	if !s.ended || s.sizes == nil {
		return
	}
	if len(s.sizes) != len(s.starts)-1 {
		s.found.Add("lightgbm/tree-sizes", 0, "%d sizes for %d trees", len(s.sizes), len(s.starts)-1)
		return
	}
	for i, size := range s.sizes {
		if size != s.starts[i+1]-s.starts[i] {
			s.found.Add("lightgbm/tree-sizes", s.starts[i], "tree %d has %d bytes, and %d in the head", i, s.starts[i+1]-s.starts[i], size)
			return
		}
	}
}

// pathKeys are parameters whose value is a path (LightGBM docs/Parameters.rst).
var pathKeys = []string{
	"data", "valid", "input_model", "output_model", "output_result", "machine_list_filename", "initscore_filename", "valid_data_initscores",
	"forcedsplits_filename", "forcedbins_filename", "convert_model",
}

func (s *scan) parameter(at int64, line string) {
	key, value, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "["), "]"), ": ")
	if ok && slices.Contains(pathKeys, key) && strings.ContainsAny(value, "/\\") {
		s.found.Add("lightgbm/local-path", at, "%s is %s", key, clip.Quote(value, 120))
	}
}
