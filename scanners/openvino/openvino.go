// Package openvino checks OpenVINO models: the graph in XML (IR, root element net)
// and where its constants lie in the .bin file beside it.
//
// The operators of OpenVINO's sets compute. Others come from a native library or a
// Python class that the user has to load. Constants are named by offset and size.
//
// # Security
//
// XML is read as a stream of tokens up to 64 MiB, names are not looked up anywhere
// and entities are not expanded: a document type is a finding. Attributes that are
// there twice are a finding, since readers disagree on which one counts.
package openvino

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"math/bits"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/xmlwalk"
)

const (
	shown    = 100
	maxFile  = 64 << 20
	maxDepth = 64
	maxNames = 4096
)

var rules = []scanners.Rule{
	{
		ID: "openvino/document-type", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The graph has a document type, a processing instruction or an include.",
		Help:    "Entities in it read files and addresses in readers that expand them, or expand without end. OpenVINO writes neither. Convert the model again.",
		CWE:     []string{"CWE-611", "CWE-776"}, ATLAS: []string{"AML.T0011.000", "AML.T0029"}, OWASP: []string{"LLM03"},
	}, {
		ID: "openvino/custom-layer", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The model uses a layer that is not part of OpenVINO.",
		Help:    "Only a native library or a Python class can provide it. Take that from its publisher, never from the model's repository.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "openvino/tokenizer-layer", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The model uses the layers of OpenVINO Tokenizers.",
		Help:    "They compute, in a native library. Install that from its publisher, never from the model's repository.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "openvino/constant", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A constant has no place, or another size than its shape says.",
		Help:    "Runtimes that trust the offset or the shape read foreign memory. Convert the model again.",
		CWE:     []string{"CWE-125", "CWE-190", "CWE-1284"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "openvino/duplicate-attribute", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An element has the same attribute twice.",
		Help:    "One reader takes the first, another the last, and XML forbids it: the model that was reviewed is not the one that runs. Convert the model again.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}

// Scanner scans OpenVINO graphs.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "openvino", Title: "OpenVINO graph", Version: 1, Rules: slices.Clone(rules)}
}

// root finds the element net with a version at the beginning of a file, behind
// declarations, comments and a document type.
var root = regexp.MustCompile(`<net\s[^>]*\bversion\s*=`)

// Match accepts the root element near the beginning.
func (Scanner) Match(h scanners.Head) bool {
	start := h.Start[:min(len(h.Start), 8<<10)]
	return bytes.HasPrefix(bytes.TrimLeft(start, "\xef\xbb\xbf \t\r\n"), []byte("<")) && root.Match(start)
}

// scan is the state of one file.
type scan struct {
	file   scanners.File
	found  *findings.List
	result scanners.Result

	layers int
	kinds  map[string]bool // types and versions that were judged
	layer  layer
	end    int64
}

// layer is the one whose data comes next.
type layer struct {
	name, kind string
}

// Scan reads the whole graph.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules), kinds: make(map[string]bool)}
	err := s.walk(ctx)
	if err == nil {
		s.result.Parsed.Add(0, f.Size)
		s.use()
	}
	s.result.Findings, s.result.Facts = s.found.All(), append(s.result.Facts, scanners.Fact{Key: "openvino/layers", Value: strconv.Itoa(s.layers)})
	return s.result, err
}

func (s *scan) walk(ctx context.Context) error {
	if s.file.Size > maxFile {
		return &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("a graph of %d bytes", s.file.Size)}
	}
	err := xmlwalk.Walk(ctx, io.NewSectionReader(s.file, 0, s.file.Size), s.file.Size, xmlwalk.Options{MaxDepth: maxDepth}, s.token)
	if err == nil && s.layers == 0 {
		return scanners.CutOff(s.file.Size, s.file.Size+1)
	}
	return err
}

func (s *scan) token(t xmlwalk.Token) error {
	switch e := t.Token.(type) {
	case xml.Directive:
		s.found.Add("openvino/document-type", t.Offset, "<!%s", clip.Quote([]byte(e), shown))
	case xml.ProcInst:
		if e.Target != "xml" {
			s.found.Add("openvino/document-type", t.Offset, "<?%s", clip.Quote(e.Target, shown))
		}
	case xml.StartElement:
		if what := xmlwalk.Acts(e.Name.Space); what != "" {
			s.found.Add("openvino/document-type", t.Offset, "the element %s of %s", clip.Quote(e.Name.Local, shown), what)
		}
		s.element(t.Offset, e)
	}
	return nil
}

func (s *scan) element(at int64, e xml.StartElement) {
	attrs := make(map[string]string, len(e.Attr))
	for _, a := range e.Attr {
		if _, twice := attrs[a.Name.Local]; twice {
			s.found.Add("openvino/duplicate-attribute", at, "%s has %s twice", clip.Quote(e.Name.Local, shown), clip.Quote(a.Name.Local, shown))
		}
		attrs[a.Name.Local] = a.Value
	}
	switch e.Name.Local {
	case "net":
		s.result.Facts = append(s.result.Facts, scanners.Fact{Key: "openvino/ir-version", Value: clip.Bytes(attrs["version"], shown)})
	case "layer":
		s.layers++
		s.layer = layer{name: clip.Bytes(attrs["name"], 2*shown), kind: attrs["type"]}
		s.judgeLayer(at, attrs["type"], attrs["version"])
	case "data":
		if s.layer.kind == "Const" {
			s.constant(at, attrs)
		}
	}
}

func (s *scan) judgeLayer(at int64, kind, version string) {
	key := kind + "\x00" + version
	if s.kinds[key] || len(s.kinds) >= maxNames {
		return
	}
	s.kinds[key] = true
	quoted := clip.Quote(kind, shown) + " of " + clip.Quote(version, shown)
	switch {
	case isSet(version) && layers()[kind]:
	case version == "extension" && tokenizerLayers()[kind]:
		s.found.Add("openvino/tokenizer-layer", at, "%s", quoted)
	default:
		s.found.Add("openvino/custom-layer", at, "%s", quoted)
	}
}

// set is the name of one of OpenVINO's sets of operators.
var set = regexp.MustCompile(`^opset[1-9][0-9]?$`)

func isSet(version string) bool { return set.MatchString(version) }

// elementBits is the size of one value by its name, in bits; texts have none.
// Source: src/core/src/type/element_type.cpp of OpenVINO 2025.
var elementBits = map[string]uint64{
	"boolean": 8, "bf16": 16, "f16": 16, "f32": 32, "f64": 64, "i4": 4, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "u1": 1, "u2": 2, "u3": 3, "u4": 4, "u6": 6,
	"u8": 8, "u16": 16, "u32": 32, "u64": 64, "nf4": 4, "f8e4m3": 8, "f8e5m2": 8, "f4e2m1": 4, "f8e8m0": 8,
}

// constant judges the place of a constant in the file beside the graph.
func (s *scan) constant(at int64, attrs map[string]string) {
	quoted := clip.Quote(s.layer.name, shown)
	offset, err1 := strconv.ParseInt(attrs["offset"], 10, 64)
	size, err2 := strconv.ParseInt(attrs["size"], 10, 64)
	if err1 != nil || err2 != nil || offset < 0 || size < 0 || offset > scanners.LargestFile || size > scanners.LargestFile {
		s.found.Add("openvino/constant", at, "constant %s has %s bytes at %s", quoted, clip.Quote(attrs["size"], shown), clip.Quote(attrs["offset"], shown))
		return
	}
	if want, ok := bytesOf(attrs["element_type"], attrs["shape"]); ok && want != uint64(size) {
		s.found.Add("openvino/constant", at, "constant %s needs %d bytes and has %d", quoted, want, size)
	}
	if size == 0 {
		return
	}
	s.end = max(s.end, offset+size)
	s.result.Outline.AddRef(scanners.Ref{Kind: scanners.RefData, Name: s.weights(), Key: s.layer.name, Span: scanners.Span{Off: offset, Len: size}})
}

// bytesOf is the size that a type and a shape ask for. Types of 3 and 6 bits are
// packed in groups of a size that is not told here.
func bytesOf(kind, shape string) (uint64, bool) {
	per, ok := elementBits[kind]
	if !ok || kind == "u3" || kind == "u6" {
		return 0, false
	}
	n := per
	for dim := range strings.SplitSeq(shape, ",") {
		if dim = strings.TrimSpace(dim); dim == "" {
			continue
		}
		v, err := strconv.ParseUint(dim, 10, 63)
		hi, lo := bits.Mul64(n, v)
		if err != nil || hi != 0 || lo > 1<<62 {
			return 1 << 62, true
		}
		n = lo
	}
	return (n + 7) / 8, true
}

// weights is the file beside the graph: loaders take the same name with .bin.
func (s *scan) weights() string {
	base := path.Base(s.file.Name)
	return strings.TrimSuffix(base, path.Ext(base)) + ".bin"
}

// use claims the weights in the same container when they end with the last constant.
func (s *scan) use() {
	if s.file.Sibling == nil || s.end == 0 {
		return
	}
	name := path.Join(path.Dir(s.file.Name), s.weights())
	if size, ok := s.file.Sibling(name); ok && size == s.end {
		s.result.Uses = append(s.result.Uses, scanners.Use{Name: name, Size: size})
	}
}
