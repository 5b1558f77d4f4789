package xgboost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
)

// Scanner scans XGBoost models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "xgboost", Title: "XGBoost model", Version: 1, Rules: slices.Clone(rules)}
}

// form is one of the formats.
type form uint8

const (
	formNone form = iota
	formJSON
	formUBJSON
	formBinary
	formBase64
)

// Match recognises the three formats by how they begin.
func (Scanner) Match(h scanners.Head) bool { return formOf(h.Start) != formNone }

func formOf(start []byte) form {
	switch {
	case bytes.HasPrefix(start, []byte("binf")):
		return formBinary
	case bytes.HasPrefix(start, []byte("bs64\t")):
		return formBase64
	case len(start) > 10 && start[0] == '{' && strings.IndexByte("iUIlL", start[1]) >= 0 && bytes.Contains(start[:min(len(start), 512)], []byte("learner")):
		return formUBJSON
	case startsOld(start):
		return formBinary
	}
	if text := bytes.TrimLeft(start, " \t\r\n"); len(text) > 0 && text[0] == '{' && bytes.Contains(start, []byte(`"learner"`)) {
		return formJSON
	}
	return formNone
}

// boosters are the names that the old format has after the objective.
var boosters = []string{"gbtree", "dart", "gblinear"}

// startsOld recognises the old format without its optional signature: two texts
// with their lengths behind 136 bytes.
func startsOld(start []byte) bool {
	if len(start) < learnerSize+32 {
		return false
	}
	p := start[learnerSize:]
	if n := p[0]; n == 0 || n > 64 || !bytes.Equal(p[1:8], make([]byte, 7)) || len(p) < int(n)+32 {
		return false
	}
	p = p[8+int(p[0]):]
	return slices.ContainsFunc(boosters, func(name string) bool {
		return p[0] == byte(len(name)) && bytes.HasPrefix(p[8:], []byte(name))
	})
}

// Scan reads the whole model.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	found := findings.New(rules)
	m := &model{found: found}
	var err error
	end := f.Size
	form := formOf(start)
	if dense, ok := scanners.TextStart(f, f.Size); ok && form == formNone {
		form = formOf(dense)
	}
	switch form {
	case formJSON:
		err = readJSON(ctx, f, m)
	case formUBJSON:
		end, err = readUBJSON(ctx, f, m)
	case formBinary:
		o := &old{file: f, found: found}
		err = o.read()
		end, m.trees, m.learner = o.at, o.trees, true
	case formBase64:
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New("an XGBoost model in base64; save it as JSON or UBJSON and scan again")}
	default:
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	if !m.learner && found.Len() == 0 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	result := scanners.Result{Findings: found.All(), Facts: []scanners.Fact{{Key: "xgboost/trees", Value: strconv.Itoa(m.trees)}}}
	switch {
	case err == nil && m.wide:
		err = &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("a tree of more than %d nodes", maxNodes)}
	case err == nil:
		result.Parsed.Add(0, min(end, f.Size))
	}
	return result, err
}

func readUBJSON(ctx context.Context, f scanners.File, m *model) (int64, error) {
	u := newUBJSON(ctx, f, m)
	kind, err := u.marker()
	if err == nil {
		err = u.value(kind, 0)
	}
	return u.at, err
}

func readJSON(ctx context.Context, f scanners.File, m *model) error {
	d := jsontok.New(io.NewSectionReader(f, 0, f.Size), jsontok.Options{MaxDepth: maxDepth, MaxText: 1 << 10, Python: true})
	for n := 0; ; n++ {
		t, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n&0xffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m.token(t)
	}
}

func (m *model) token(t jsontok.Token) {
	switch t.Kind {
	case jsontok.ObjectStart, jsontok.ArrayStart:
		m.open(t.Kind == jsontok.ArrayStart, t.Offset)
	case jsontok.ObjectEnd, jsontok.ArrayEnd:
		m.close()
	case jsontok.Key:
		if t.Duplicate {
			m.found.Add("xgboost/duplicate-key", t.Offset, "the key %s", clip.Quote(t.Text, 100))
		}
		m.name(string(t.Text))
	case jsontok.Number:
		v, err := strconv.ParseFloat(string(t.Text), 64)
		if err != nil {
			v = 0.5 // no index
		}
		m.number(v)
	case jsontok.String, jsontok.Literal:
		m.value()
	}
}
