// Package engine recognises models that are compiled for one runtime, or whose
// structure is not public: TensorRT plans, programs for neural processors, and the
// containers of frameworks that are no longer maintained.
//
// It says what such a file is and that nobody looked inside. What can be said all
// the same is searched for: native programs, which TensorRT's plug-ins are loaded
// as, and Lua bytecode.
//
// # Security
//
// The file is read once, in pieces of 256 KiB, and none of it is covered.
package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

var rules = []scanners.Rule{
	{
		ID: "engine/compiled", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file is a program that was compiled for one runtime.",
		Help: "Vendors say to treat it like an executable: loading it runs what is in it, plug-ins included, and nobody can look inside. " +
			"Compile it yourself from the portable model.",
		CWE: []string{"CWE-829", "CWE-506"}, ATLAS: []string{"AML.T0018.002", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "engine/native-code", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The file holds a native program or library.",
		Help: "TensorRT loads the libraries of plug-ins from a plan, even when host code is not allowed. Do not load the file. " +
			"Compile the model yourself from the portable one.",
		CWE: []string{"CWE-506", "CWE-829"}, ATLAS: []string{"AML.T0018.002", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "engine/bytecode", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The file holds Lua bytecode.",
		Help:    "Torch7 makes functions of it and calls them, and Lua does not check bytecode. Do not load the file.",
		CWE:     []string{"CWE-502", "CWE-94"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.002"}, OWASP: []string{"LLM03"},
	},
}

// format is one that is recognised and not read.
type format struct {
	title      string
	at         int      // of the signature
	magic      string   // "" has none
	extensions []string // by which it is recognised all the same
	compiled   bool
	source     string
}

var formats = []format{
	{"a TensorRT plan", 0, "ftrt", []string{".engine", ".plan", ".trt"}, true, "NVIDIA, TensorRT Developer Guide: plans are executable artifacts"},
	{"a TensorRT plan", 0, "ptrt", nil, true, "the same, version-compatible"},
	{"an RKNN model", 0, "RKNN", []string{".rknn"}, true, "Rockchip, RKNN Toolkit"},
	{"a Hailo executable", 0, "\x01HEF", []string{".hef"}, true, "Hailo, HailoRT: hef.cpp"},
	{"an ONNX Runtime model in its own format", 4, "ORTM", []string{".ort"}, false, "ONNX Runtime: ort.fbs"},
	{"an MNN model", 0, "", []string{".mnn"}, false, "Alibaba, MNN: schema/default/MNN.fbs has no identifier"},
	{"a CNTK model", 0, "B\x00C\x00N\x00\x00\x00", []string{".cntk", ".dnn"}, false, "Microsoft, CNTK: ComputationNetwork.cpp"},
	{"a Torch7 object", 0, "\x04\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00V 1", []string{".t7"}, false, "torch7: File.lua"},
	{"a compiled Core ML model", 0, "", []string{".mlmodelc"}, true, "Apple, coremlcompiler"},
	{"a model compiled for Qualcomm's runtime", 0, "", []string{".dlc"}, true, "Qualcomm, SNPE"},
	{"a network compiled for Intel's NPU", 0, "", []string{".blob"}, true, "OpenVINO, compile_tool"},
	{"an NCNN model in binary form", 0, "", []string{".ncnn"}, false, "Tencent, ncnn: net.cpp"},
}

// Scanner recognises compiled models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "engine", Title: "Compiled model", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the signatures, and the names of formats without one.
func (Scanner) Match(h scanners.Head) bool {
	_, ok := recognise(h.Name, h.Start)
	return ok
}

func recognise(name string, start []byte) (format, bool) {
	for _, f := range formats {
		if f.magic != "" && len(start) >= f.at+len(f.magic) && string(start[f.at:f.at+len(f.magic)]) == f.magic {
			return f, true
		}
	}
	ext := strings.ToLower(path.Ext(name))
	for _, f := range formats {
		if slices.Contains(f.extensions, ext) && !isText(start) && !isArchive(start) {
			return f, true
		}
	}
	return format{}, false
}

// isText tells notes and scripts from models: ".plan" is a word.
func isText(start []byte) bool {
	p := start[:min(len(start), 4<<10)]
	return bytes.IndexByte(p, 0) < 0 && bytes.IndexFunc(p, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0xfffd }) < 0
}

func isArchive(start []byte) bool { return bytes.HasPrefix(start, []byte("PK\x03\x04")) }

const (
	piece = 256 << 10
	// header is how much of a program is needed to tell it from numbers, in bytes.
	header = 64
)

// programs are the beginnings of native programs, of any of which only those with a
// header behind it count.
var programs = []string{"\x7fELF", "PE\x00\x00", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe"}

// bytecodes are the beginnings of what string.dump writes.
var bytecodes = []string{"\x1bLuaQ", "\x1bLuaR", "\x1bLuaS", "\x1bLuaT", "\x1bLJ\x01", "\x1bLJ\x02"}

// Scan says what the file is, and searches it.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	what, ok := recognise(f.Name, start)
	if !ok {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	found := findings.New(rules)
	if what.compiled {
		found.Add("engine/compiled", 0, "%s", what.title)
	}
	err := search(ctx, f, found)
	result := scanners.Result{Findings: found.All(), Facts: []scanners.Fact{{Key: "engine/format", Value: what.title}}}
	if err != nil {
		return result, err
	}
	return result, &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New(what.title + " is not analysed")}
}

// search reads the whole file for programs and bytecode. Pieces overlap, and what
// begins in the overlap is looked at with the next piece.
func search(ctx context.Context, f scanners.File, found *findings.List) error {
	buf := make([]byte, piece)
	for at := int64(0); at < f.Size; at += piece - header {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(piece, f.Size-at)]
		if _, err := f.ReadAt(p, at); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("search the model: %w", err)
		}
		last := at+int64(len(p)) == f.Size
		visit := func(list []string, done func(i int)) {
			for _, magic := range list {
				for i := range indices(p, magic) {
					if last || i < piece-header {
						done(i)
					}
				}
			}
		}
		visit(bytecodes, func(i int) { found.Add("engine/bytecode", at+int64(i), "Lua bytecode") })
		visit(programs, func(i int) {
			if form := program(p[i:]); form != "" {
				found.Add("engine/native-code", at+int64(i), "a program in the form %s", form)
			}
		})
		if last {
			return nil
		}
	}
	return nil
}

// indices are the places of a signature.
func indices(p []byte, magic string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; {
			i := bytes.Index(p[at:], []byte(magic))
			if i < 0 || !yield(at+i) {
				return
			}
			at += i + 1
		}
	}
}

// program judges what begins at p, at any alignment.
func program(p []byte) string {
	var all scanners.Spans
	p = p[:min(len(p), header)]
	all.Add(0, int64(len(p)))
	watch := scanners.NewWatch(all, int64(len(p)))
	watch.Look(p, 0)
	for _, found := range watch.Found() {
		if found.Offset == 0 {
			return found.Format
		}
	}
	return ""
}
