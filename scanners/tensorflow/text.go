package tensorflow

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/protobuf"
	"assay/scanners/internal/tensorops"
	"assay/scanners/internal/textproto"
)

// maxText is the size of a graph in text that is read, in bytes.
const maxText = 64 << 20

var (
	textNode     = regexp.MustCompile(`(?m)(^|[\s{])(node|node_def)\s*:?\s*\{`)
	textOperator = regexp.MustCompile(`\bop\s*:\s*["']`)
)

// isText reports a graph in text (.pbtxt): a node with an operator near the
// beginning.
func isText(start []byte) bool {
	p := start[:min(len(start), 16<<10)]
	return bytes.IndexByte(p, 0) < 0 && textNode.Match(p) && textOperator.Match(p)
}

// textual is the state of one graph in text.
type textual struct {
	*scan
	ctx context.Context
	err error
}

// text reads a graph in text. Paths are not followed there.
func (s *scan) text(ctx context.Context, f scanners.File) error {
	if f.Size > maxText {
		return &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("a graph of %d bytes in text", f.Size)}
	}
	p := make([]byte, f.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), p); err != nil {
		return fmt.Errorf("read the graph: %w", err)
	}
	t := &textual{scan: s, ctx: ctx}
	err := textproto.Read(ctx, p, textproto.Visitor{Text: t.value})
	if err == nil {
		s.result.Parsed.Add(0, f.Size)
		err = t.err
	}
	return err
}

func (t *textual) value(at int64, around []string, name, text string) {
	last := ""
	if len(around) > 0 {
		last = around[len(around)-1]
	}
	switch {
	case name == "op" && (last == "node" || last == "node_def"):
		t.operator(at, clip.Bytes(text, maxFact))
	case name == "name" && last == "signature" && len(t.functions) < maxOperators:
		t.inFunc = true
		t.err = t.opName(protobuf.Field{Head: scanners.Span{Off: at}}, []byte(text))
		t.inFunc = false
	case strings.HasPrefix(text, "file://") || strings.HasPrefix(text, "grpc://"):
		t.found.Add("tensorflow/remote-address", at, "%s", clip.Quote(text, 2*shown))
	case name == "filename" && last == "asset_file_def":
		t.err = t.assetFile(protobuf.Field{Head: scanners.Span{Off: at}}, []byte(text))
	case len(text) >= minGraph:
		t.inside(at, text)
	}
}

func (t *textual) operator(at int64, op string) {
	u, known := t.used[op]
	if !known {
		if len(t.used) >= maxOperators {
			t.unsupported(at, "more different operators than are kept")
			return
		}
		u.offset = at
	}
	u.count++
	t.used[op] = u
	if c := tensorops.Of(op); c != tensorops.Unknown && c != tensorops.Computes && c != tensorops.Library {
		t.judgeSink(&scope{}, sink{node{op: op, offset: at}, c})
	}
}

// inside walks a text that is a graph in binary form.
func (t *textual) inside(at int64, text string) {
	inner := *t.scan
	all := scanners.Span{Len: int64(len(text))}
	inner.Walker = &protobuf.Walker[*scan]{Reader: protobuf.NewReader(t.ctx, strings.NewReader(text), all.Len), State: &inner, Parsed: &scanners.Spans{}, Opaque: &scanners.Spans{}}
	m := inner.graphIn(all)
	if m == nil {
		return
	}
	t.found.Add("tensorflow/nested-graph", at, "a string of %d bytes is a %s", len(text), m.Name)
	if err := inner.inner(m, all); err != nil {
		t.unsupported(at, "a graph in a string is not read to its end: "+err.Error())
	}
}
