package tensorflow

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/jsontok"
	"assay/scanners/internal/protobuf"
	"assay/scanners/internal/tensorops"
)

// judgeSink judges one operator that does more than compute, with the paths and
// addresses it is given by constants of its graph.
func (s *scan) judgeSink(sc *scope, sk sink) {
	var paths []string
	source := ""
	for i, input := range sk.inputs {
		texts, from := sc.resolve(input)
		paths = append(paths, texts...)
		if i < 2 && source == "" {
			source = from
		}
	}
	what := clip.Quote(sk.op, shown)
	if all := append(slices.Clone(sk.places), paths...); len(all) > 0 {
		what += " with " + clip.Quote(strings.Join(all, ", "), 3*shown)
	}
	switch sk.capability {
	case tensorops.Code:
		s.found.Add("tensorflow/code-operator", sk.offset, "%s", what)
	case tensorops.Compiled:
		s.found.Add("tensorflow/compiled-operator", sk.offset, "%s", what)
		s.unsupported(sk.offset, "the program in "+clip.Quote(sk.op, shown)+" is not analysed")
	case tensorops.Reads:
		s.found.Add("tensorflow/file-read", sk.offset, "%s", what)
	case tensorops.Writes:
		s.found.AddAs(writeSeverity(sk.op), "tensorflow/file-write", sk.offset, "%s", what)
	case tensorops.Network:
		s.found.Add("tensorflow/network-operator", sk.offset, "%s", what)
	case tensorops.Debugs:
		s.judgeDebug(sk, what)
	case tensorops.Prints:
		s.judgePrint(sk, what)
	case tensorops.Stops:
		s.found.Add("tensorflow/stop-operator", sk.offset, "%s", what)
	case tensorops.NestsGraph:
		s.found.Add("tensorflow/nested-graph", sk.offset, "%s runs the graph in its input", what)
	case tensorops.Restores, tensorops.Saves:
		s.judgeCheckpoint(sk, paths)
	case tensorops.Table:
		if len(paths) > 0 && len(s.tables) < maxAssets {
			s.tables = append(s.tables, table{source: source, path: paths[len(paths)-1], offset: sk.offset})
		}
	}
}

// writeSeverity is lower for what writes in a form of its own: summaries and
// caches of datasets, which training graphs keep.
func writeSeverity(op string) scanners.Severity {
	if strings.Contains(op, "Summary") || strings.HasPrefix(op, "CacheDataset") || strings.HasPrefix(op, "SnapshotDataset") {
		return scanners.High
	}
	return scanners.Critical
}

// judgeDebug: copies without an address only keep tensors alive.
func (s *scan) judgeDebug(sk sink, what string) {
	for _, p := range sk.places {
		if strings.HasPrefix(p, "debug_") || strings.HasPrefix(p, "tfdbg_run=") {
			s.found.Add("tensorflow/remote-address", sk.offset, "%s", what)
			return
		}
	}
	if sk.op != "Copy" && sk.op != "CopyHost" {
		s.found.AddAs(scanners.High, "tensorflow/remote-address", sk.offset, "%s", what)
	}
}

// judgePrint knows the names of the process's own streams; all else is a file.
func (s *scan) judgePrint(sk sink, what string) {
	for _, p := range sk.places {
		if stream, ok := strings.CutPrefix(p, "output_stream="); ok && !slices.Contains([]string{"stderr", "stdout", "log(info)", "log(warning)", "log(error)"}, stream) {
			s.found.Add("tensorflow/file-write", sk.offset, "%s", what)
		}
	}
}

var scheme = regexp.MustCompile(`^[a-z0-9]+://`)

// outside reports a path that does not stay in the folder it is relative to.
func outside(p string) bool {
	return entryname.Escapes(p) || scheme.MatchString(p) || strings.HasPrefix(p, "~")
}

// judgeCheckpoint: the saver of every model saves and restores at a path that it is
// given, for which graphs hold "model" and "_temp" as a default.
func (s *scan) judgeCheckpoint(sk sink, paths []string) {
	for _, p := range paths {
		if !outside(p) {
			continue
		}
		quoted := clip.Quote(sk.op, shown) + " at " + clip.Quote(p, 2*shown)
		if sk.capability == tensorops.Saves {
			s.found.AddAs(scanners.High, "tensorflow/checkpoint-path", sk.offset, "%s", quoted)
		} else {
			s.found.Add("tensorflow/checkpoint-path", sk.offset, "%s", quoted)
		}
		return
	}
}

// assetTensor is the node that is fed with the place of an asset.
func (s *scan) assetTensor(_ protobuf.Field, p []byte) error {
	if len(s.assets) < maxAssets {
		s.assets[nodeOf(clip.Bytes(p, maxFact))] = true
	}
	return nil
}

// assetFile is a name in the folder assets.
func (s *scan) assetFile(f protobuf.Field, p []byte) error {
	if name := clip.Bytes(p, maxShownString); outside(name) {
		s.found.Add("tensorflow/asset-path", f.Head.Off, "the asset %s", clip.Quote(name, 2*shown))
	}
	return nil
}

// judge looks at what needs the whole file: functions and assets come last. When
// the end is missing, an unknown operator may be a function.
func (s *scan) judge(whole bool) {
	for _, t := range s.tables {
		if whole && !s.assets[t.source] && outside(t.path) {
			s.found.Add("tensorflow/asset-path", t.offset, "a table is filled from %s", clip.Quote(t.path, 2*shown))
		}
	}
	names := make([]string, 0, len(s.used))
	for name := range s.used {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.used[a].offset, s.used[b].offset), cmp.Compare(a, b))
	})
	for _, name := range names {
		u := s.used[name]
		_, local := s.functions[name]
		switch c := tensorops.Of(name); {
		case c == tensorops.Library:
			s.found.Add("tensorflow/library-operator", u.offset, "%s; %d calls", clip.Quote(name, shown), u.count)
		case c == tensorops.Unknown && !local && whole:
			s.found.Add("tensorflow/unknown-operator", u.offset, "%s; %d calls", clip.Quote(name, shown), u.count)
		}
	}
}

// codeClasses are what runs code when Keras builds an object of the class.
// Source: CVE-2024-3660 (Lambda), CVE-2025-49655 (TorchModuleWrapper),
// CVE-2026-1462 (TFSMLayer).
var codeClasses = []string{"Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer"}

// kerasMetadata judges the JSON of one layer, however its text is escaped.
func (s *scan) kerasMetadata(f protobuf.Field, p []byte) error {
	if f.Data.Len > protobuf.MaxBytes {
		s.unsupported(f.Data.Off, "the description of a layer is longer than 256 KiB")
	}
	if len(bytes.TrimSpace(p)) == 0 {
		return nil
	}
	err := s.kerasClasses(f.Data.Off, p)
	if !errors.Is(err, io.EOF) {
		s.unsupported(f.Data.Off, "the description of a layer is no JSON")
	}
	return nil
}

// kerasClasses looks at the class of every object; the error says how the text ends.
func (s *scan) kerasClasses(offset int64, p []byte) error {
	tokens := jsontok.New(bytes.NewReader(p), jsontok.Options{Base: offset, Python: true})
	for isClass := false; ; {
		t, err := tokens.Next()
		if err != nil {
			return err
		}
		if t.Kind == jsontok.String && isClass && slices.Contains(codeClasses, string(t.Text)) {
			s.found.Add("tensorflow/keras-code", offset, "a layer of the class %s", clip.Quote(t.Text, shown))
		}
		isClass = t.Kind == jsontok.Key && string(t.Text) == "class_name"
	}
}
