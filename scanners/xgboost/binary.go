package xgboost

import (
	"encoding/binary"
	"fmt"
	"io"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

// Sizes of the structures of the old format, in bytes (xgboost 1.7 src/learner.cc,
// src/gbm/gbtree_model.h, include/xgboost/tree_model.h).
const (
	learnerSize = 136
	boosterSize = 160
	linearSize  = 136
	treeSize    = 148
	nodeSize    = 20
	statSize    = 16
	maxName     = 256
)

// old reads the old binary format.
type old struct {
	file  scanners.File
	at    int64
	found *findings.List
	trees int
	what  string // the objective
}

func (o *old) bytes(n int64) ([]byte, error) {
	if n > o.file.Size-o.at {
		return nil, scanners.CutOff(o.file.Size, o.at+n)
	}
	buf := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(o.file, o.at, n), buf); err != nil {
		return nil, err
	}
	o.at += n
	return buf, nil
}

// count reads a count of 8 bytes for things of a size.
func (o *old) count(size int64) (int64, error) {
	p, err := o.bytes(8)
	if err != nil {
		return 0, err
	}
	return o.claim(int64(binary.LittleEndian.Uint64(p)), size)
}

// claim checks that n things of a size may follow.
func (o *old) claim(n, size int64) (int64, error) {
	switch {
	case n < 0 || n > scanners.LargestFile/size:
		o.found.Add("xgboost/array-claim", o.at, "%d values of %d bytes", n, size)
		return 0, &scanners.FormatError{Offset: o.at, Err: errClaim}
	case n > (o.file.Size-o.at)/size:
		return 0, scanners.CutOff(o.file.Size, o.at+n*size)
	}
	return n, nil
}

func (o *old) text() (string, error) {
	n, err := o.count(1)
	if err != nil {
		return "", err
	}
	start, err := o.bytes(min(n, maxName))
	o.at += n - int64(len(start))
	return string(start), err
}

// skip passes over n things of a size.
func (o *old) skip(n, size int64) error {
	n, err := o.claim(n, size)
	o.at += n * size
	return err
}

// vector passes over a counted list of things of a size.
func (o *old) vector(size int64) error {
	n, err := o.count(size)
	o.at += n * size
	return err
}

// read reads the whole model and returns where it ends.
func (o *old) read() error {
	magic, err := o.bytes(4)
	if err != nil {
		return err
	}
	if string(magic) != "binf" {
		o.at = 0
	}
	param, err := o.bytes(learnerSize)
	if err != nil {
		return err
	}
	if o.what, err = o.text(); err != nil {
		return err
	}
	booster, err := o.text()
	if err != nil {
		return err
	}
	if err := o.booster(booster); err != nil {
		return err
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(param[at:]) }
	if u32(12) != 0 {
		if err := o.texts(2); err != nil {
			return err
		}
	}
	if u32(16) != 0 {
		return o.texts(1)
	}
	return nil
}

// texts reads a counted list of texts, or of pairs.
func (o *old) texts(each int) error {
	n, err := o.count(8)
	if err != nil {
		return err
	}
	for range n * int64(each) {
		if _, err := o.text(); err != nil {
			return err
		}
	}
	return nil
}

func (o *old) booster(name string) error {
	switch name {
	case "gblinear":
		if _, err := o.bytes(linearSize); err != nil {
			return err
		}
		return o.vector(4)
	case "gbtree", "dart":
		if err := o.forest(); err != nil || name == "gbtree" {
			return err
		}
		if o.trees == 0 {
			return nil
		}
		return o.vector(4)
	}
	return &scanners.FormatError{Offset: o.at, Code: scanners.GapUnsupported, Err: fmt.Errorf("the booster %q", name)}
}

func (o *old) forest() error {
	param, err := o.bytes(boosterSize)
	if err != nil {
		return err
	}
	n := int32(binary.LittleEndian.Uint32(param))
	if _, err := o.claim(int64(n), treeSize); err != nil {
		return err
	}
	for range n {
		if err := o.tree(); err != nil {
			return err
		}
		o.trees++
	}
	return o.skip(int64(n), 4)
}

func (o *old) tree() error {
	at := o.at
	param, err := o.bytes(treeSize)
	if err != nil {
		return err
	}
	n, err := o.claim(int64(int32(binary.LittleEndian.Uint32(param[4:]))), nodeSize+statSize)
	if err != nil {
		return err
	}
	if n > maxNodes {
		return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("a tree of %d nodes", n)}
	}
	var left, right []int32
	for done := int64(0); done < n; {
		some := min(n-done, 1<<14)
		nodes, err := o.bytes(some * nodeSize)
		if err != nil {
			return err
		}
		for i := range some {
			node := nodes[i*nodeSize:]
			left = append(left, int32(binary.LittleEndian.Uint32(node[4:])))
			right = append(right, int32(binary.LittleEndian.Uint32(node[8:])))
		}
		done += some
	}
	// A leaf has no children; what the second field then holds does not matter.
	for i := range left {
		if left[i] == -1 {
			right[i] = -1
		}
	}
	checkTree(o.found, at, left, right)
	leaves := int32(binary.LittleEndian.Uint32(param[20:]))
	if err := o.skip(n, statSize); err != nil || leaves == 0 {
		return err
	}
	return o.vector(4) // the leaf vectors of early versions
}
