package onnx

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
)

// location says where the values of a tensor are.
type location struct {
	path           string
	offset, length int64 // length is -1 when not stated
	at             int64 // of the path in this file
	keys           []string
	bad            bool // a finding was made of it
}

// maxKeys is the number of keys that one tensor is expected to have.
const maxKeys = 16

// maxRanges is the number of ranges of other files that are reported as facts.
const maxRanges = 8000

// externalEntry takes one key of external_data. Of two values loaders take the
// last; all of them are judged.
func (s *scan) externalEntry() error {
	e, w := s.entry, &s.tensor.where
	if slices.Contains(w.keys, e.key) {
		s.found.Add("onnx/external-key", e.offset, "tensor %s has the key %s twice", clip.Quote(s.tensor.name, shown), clip.Quote(e.key, shown))
	}
	if len(w.keys) < maxKeys {
		w.keys = append(w.keys, e.key)
	}
	switch e.key {
	case "location":
		w.path, w.at = e.value, e.offset
		if why := escapes(e.value); why != "" {
			s.found.Add("onnx/external-path", e.offset, "tensor %s lies in %s: %s", clip.Quote(s.tensor.name, shown), clip.Quote(e.value, 2*shown), why)
			w.bad = true
		}
	case "offset":
		w.offset = s.count(e)
	case "length":
		w.length = s.count(e)
	case "checksum", "basepath": // basepath is what the reference library sets while it loads
		if e.key == "basepath" && e.value != "" {
			s.found.Add("onnx/external-path", e.offset, "the folder of tensor %s is stated to be %s", clip.Quote(s.tensor.name, shown), clip.Quote(e.value, 2*shown))
		}
	default:
		if !strings.HasPrefix(e.key, "prepacked_") { // ONNX Runtime: kernels' layout of the same weights
			s.found.Add("onnx/external-key", e.offset, "tensor %s has the key %s", clip.Quote(s.tensor.name, shown), clip.Quote(e.key, shown))
		}
	}
	return nil
}

// count reads an offset or a length, which is written as decimal text.
func (s *scan) count(e entry) int64 {
	n, err := strconv.ParseInt(e.value, 10, 64)
	if err != nil || n < 0 || strings.HasPrefix(e.value, "+") {
		s.found.Add("onnx/external-range", e.offset, "the %s of tensor %s is %s", e.key, clip.Quote(s.tensor.name, shown), clip.Quote(e.value, shown))
		s.tensor.where.bad = true
		return 0
	}
	return n
}

var (
	scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	// device is a name that Windows opens as a device in any folder.
	device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(\.|$)`)
)

// escapes says why a location is not a file in the folder of the model, and ""
// when it is one.
func escapes(name string) string {
	switch {
	case name == "" || path.Clean(name) == ".":
		return "no file"
	case strings.HasPrefix(name, "#"), strings.HasPrefix(name, "*/"):
		return "a mark for memory of the loader's process, for which checks are skipped"
	case strings.ContainsRune(name, 0), entryname.HasControl(name):
		return "a control character"
	case scheme.MatchString(name):
		return "a drive, a stream or a URL"
	case entryname.Escapes(name):
		return "outside of the folder"
	case device.MatchString(path.Base(strings.ReplaceAll(name, `\`, "/"))):
		return "a device"
	}
	return ""
}

// endExternal judges what one tensor takes from another file.
func (s *scan) endExternal(want int64, known bool) {
	t, w := &s.tensor, &s.tensor.where
	quoted := clip.Quote(t.name, shown)
	if !slices.Contains(w.keys, "location") {
		s.found.Add("onnx/external-range", t.offset, "tensor %s lies in another file that is not named", quoted)
		return
	}
	if w.bad {
		return
	}
	length := w.length
	if length < 0 && known {
		length = want
	}
	switch {
	case known && length != want:
		s.found.Add("onnx/external-range", w.at, "tensor %s needs %d bytes and takes %d", quoted, want, length)
		return
	case length > math.MaxInt64-w.offset || w.offset+max(length, 0) > scanners.LargestFile:
		s.found.Add("onnx/external-range", w.at, "tensor %s takes %d bytes at %d", quoted, length, w.offset)
		return
	}
	s.noteRange(*w, length)
}

// noteRange remembers the range and compares it with the file, when that is in the
// same container.
func (s *scan) noteRange(w location, length int64) {
	name := path.Clean(w.path)
	if length != 0 { // an empty tensor reads nothing
		s.result.Outline.AddRef(scanners.Ref{Kind: scanners.RefData, Name: w.path, Key: s.tensor.name, Span: scanners.Span{Off: w.offset, Len: max(length, 0)}})
	}
	if s.external[name] == nil {
		if s.ranges++; s.ranges > maxRanges {
			return
		}
		s.external[name] = &scanners.Spans{}
	}
	if s.ranges++; s.ranges <= 64*maxRanges {
		s.external[name].Add(w.offset, length)
	}
	if s.file.Sibling == nil {
		return
	}
	size, ok := s.file.Sibling(path.Join(path.Dir(s.file.Name), name))
	if ok && w.offset+max(length, 0) > size && !s.file.Partial { // what broke off is told as such
		s.found.Add("onnx/external-range", w.at, "tensor %s takes %d bytes at %d of a file that has %d", clip.Quote(s.tensor.name, shown), length, w.offset, size)
	}
}

// externalFacts are the ranges of other files that the tensors of this one fill,
// as "OFFSET LENGTH NAME", so that who sees the whole repository can compare.
// Writers align, so that there are holes between them.
func (s *scan) externalFacts() []scanners.Fact {
	var list []scanners.Fact
	for _, name := range sorted(s.external) {
		ranges := s.external[name].Normal(math.MaxInt64)
		for _, r := range ranges {
			if len(list) == maxRanges {
				return list
			}
			list = append(list, scanners.Fact{Key: "onnx/external", Value: fmt.Sprintf("%d %d %s", r.Off, r.Len, name)})
		}
		s.useSibling(name, ranges)
	}
	return list
}

// useSibling claims a file of the same container when the tensors fill it to its
// end, but for what lies between them for alignment.
func (s *scan) useSibling(name string, ranges []scanners.Span) {
	if s.file.Sibling == nil || len(ranges) == 0 {
		return
	}
	full := path.Join(path.Dir(s.file.Name), name)
	size, ok := s.file.Sibling(full)
	var end int64
	for _, r := range ranges {
		if r.Off-end >= alignment {
			return
		}
		end = r.End()
	}
	if ok && end == size {
		s.result.Uses = append(s.result.Uses, scanners.Use{Name: full, Size: size})
	}
}

// alignment is the largest that writers use between two tensors, in bytes
// (onnx.external_data_helper, ONNX Runtime: 64 KiB for mapped files on Windows).
const alignment = 64 << 10
