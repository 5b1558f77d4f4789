package repository

import (
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"assay/scanners"
)

// ordinaryGap is the largest range between the tensors of a file of external data
// that alignment explains (ONNX: save_as_external_data aligns to 4 KiB or, on
// Windows, to 64 KiB).
const ordinaryGap = 64 << 10

// smallGap is the largest range between tensors that may hold anything: the tail of
// a vector register, which some writers leave as memory was.
const smallGap = 64

// data compares the ranges that graphs read with the files they are read from.
func (c *check) data() {
	claimed := make(map[int]*scanners.Spans)
	var order []int
	for i, f := range c.files {
		dir := path.Dir(f.Name)
		missing := make(map[string]bool)
		for _, r := range f.Report.Outline.Refs {
			if r.Kind != scanners.RefData {
				continue
			}
			target, ok := c.find(dir, r.Name)
			if !ok {
				if !missing[r.Name] && len(missing) < 16 {
					c.add(i, "data-missing", "data of %s is in %s, which is not there", quote(r.Key), quote(r.Name))
				}
				missing[r.Name] = true
				continue
			}
			size := c.files[target].Size
			span := r.Span
			if span.Len == 0 {
				span.Len = size - span.Off
			}
			if span.Off < 0 || span.Len < 0 || span.Off > size || span.Len > size-span.Off {
				c.add(i, "data-range", "%s reads %d bytes at %d of %s, which has %d", quote(r.Key), span.Len, span.Off, quote(r.Name), size)
				continue
			}
			if target == i {
				continue
			}
			if claimed[target] == nil {
				claimed[target] = &scanners.Spans{}
				order = append(order, target)
			}
			claimed[target].Add(span.Off, span.Len)
		}
	}
	for _, target := range order {
		c.claimed(target, claimed[target])
	}
}

// claimed reports the bytes of a file of external data that no tensor has. Gaps as
// alignment makes them count as data.
func (c *check) claimed(target int, spans *scanners.Spans) {
	size := c.files[target].Size
	o := &opened{check: c}
	defer o.close()
	at := int64(0)
	all := spans.Normal(size)
	for _, s := range append(slices.Clone(all), scanners.Span{Off: size}) {
		gap := scanners.Span{Off: at, Len: s.Off - at}
		at = s.End()
		switch {
		case gap.Len <= 0:
		case gap.Len >= ordinaryGap:
			c.add(target, "data-unclaimed", "%d bytes at %d belong to no tensor", gap.Len, gap.Off)
		case (gap.Len >= smallGap || s.Off == size) && !o.blank(target, gap):
			c.add(target, "data-unclaimed", "%d bytes at %d belong to no tensor, and are not the zeros of an alignment", gap.Len, gap.Off)
		default:
			spans.Add(gap.Off, gap.Len)
		}
	}
	c.plain = append(c.plain, scanners.CrossPlain{File: c.files[target].Name, Spans: *spans})
}

// blank reports a range of zeros. When contents are not read, nothing is known
// about any byte, and the report says so elsewhere.
func (o *opened) blank(file int, s scanners.Span) bool {
	content, err := o.content(file)
	if errors.Is(err, errNotOpened) {
		return true
	}
	p := make([]byte, s.Len)
	if err == nil {
		_, err = content.ReadAt(p, s.Off)
	}
	return (err == nil || errors.Is(err, io.EOF)) && len(bytes.Trim(p, "\x00")) == 0
}

// programs reports native code among tensors.
func (c *check) programs() {
	for i, f := range c.files {
		for _, p := range f.Programs {
			c.list(i).Add("repository/embedded-program", p.Offset, "a program in the format %s among the weights", p.Format)
		}
	}
}

// names looks at the names of all files together.
func (c *check) names() {
	seen := make(map[string]int)
	for i, f := range c.files {
		if strings.ContainsFunc(f.Name, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != 0x200d && r != 0x200c
		}) {
			c.add(i, "deceptive-name", "the name is %s", quote(f.Name))
		}
		key := strings.ToLower(norm.NFKC.String(f.Name))
		if before, twice := seen[key]; twice {
			c.add(i, "case-folded", "the same name as %s on file systems that ignore case", quote(c.files[before].Name))
		} else {
			seen[key] = i
		}
	}
}
