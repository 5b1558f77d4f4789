package catboost

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/flatbuffers"
)

const (
	magic    = "CBM1"
	headSize = 8
	maxFact  = 200
)

var rules = []scanners.Rule{
	{
		ID: "catboost/malformed", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A table of the model points outside of itself.",
		Help:    "A reader that does not verify the tables reads foreign memory. CatBoost never writes such a file. Take it from the original publisher, or save it again.",
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "catboost/tree-structure", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The lists of the trees do not belong together.",
		Help: "The library takes sizes and offsets of the trees from one list and the splits from another; where they differ it reads foreign memory. " +
			"CatBoost never writes such a file. Take it from the original publisher, or save it again.",
		CWE: []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	},
}

// Scanner scans CatBoost models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "catboost", Title: "CatBoost model", Version: 1, Rules: slices.Clone(rules)}
}

// Match recognises the mark.
func (Scanner) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte(magic)) }

// state is what is learnt from the tables.
type state struct {
	format  string
	key     string
	facts   []scanners.Fact
	parts   int64
	splits  int64
	sizes   []byte
	trees   int64
	starts  int64
	unknown error
}

// Unknown leaves a gap for a slot that the tables here do not have.
func (s *state) Unknown(table string, slot int, at int64) {
	if s.unknown == nil {
		s.unknown = &scanners.FormatError{Offset: headSize + at, Code: scanners.GapUnsupported, Err: fmt.Errorf("the unknown field %d of %s", slot, table)}
	}
}

type field = flatbuffers.Field[*state]

func number(name string, size int) field {
	return field{Name: name, Kind: flatbuffers.Scalar, Size: size}
}
func numbers(name string, size int) field {
	return field{Name: name, Kind: flatbuffers.Numbers, Size: size}
}
func text(name string, done func(*state, flatbuffers.Value)) field {
	return field{Name: name, Kind: flatbuffers.Text, Done: done}
}
func tables(name string, fields ...field) field {
	return field{Name: name, Kind: flatbuffers.Tables, Table: &flatbuffers.Schema[*state]{Name: name, Fields: fields}}
}

// core is TModelCore (catboost/libs/model/flatbuffers: model.fbs, features.fbs,
// ctr_data.fbs).
func core() *flatbuffers.Schema[*state] {
	index := func(name string) field { return number(name, 4) }
	combination := tables("TFeatureCombination", numbers("CatFeatures", 4), numbers("FloatSplits", 8), numbers("OneHotSplits", 8))
	combination.Kind, combination.Table.Name = flatbuffers.Table, "TFeatureCombination"
	ctr := tables("TModelCtr")
	ctr.Kind = flatbuffers.Table
	base := tables("TModelCtrBase", combination, number("CtrType", 1), index("TargetBorderClassifierIdx"))
	base.Kind = flatbuffers.Table
	ctr.Table.Fields = []field{base, index("TargetBorderIdx"), number("PriorNum", 4), number("PriorDenom", 4), number("Shift", 4), number("Scale", 4)}
	feature := []field{index("Index"), index("FlatIndex"), text("FeatureId", nil)}
	trees := tables("TModelTrees",
		index("ApproxDimension"),
		field{Name: "TreeSplits", Kind: flatbuffers.Numbers, Size: 4, Done: func(s *state, v flatbuffers.Value) { s.splits = v.Count }},
		field{Name: "TreeSizes", Kind: flatbuffers.Numbers, Size: 4, Done: func(s *state, v flatbuffers.Value) {
			s.trees, s.sizes = v.Count, bytes.Clone(v.Bytes)
		}},
		field{Name: "TreeStartOffsets", Kind: flatbuffers.Numbers, Size: 4, Done: func(s *state, v flatbuffers.Value) { s.starts = v.Count }},
		tables("TCatFeature", append(slices.Clone(feature), number("UsedInModel", 1))...),
		tables("TFloatFeature", number("HasNans", 1), index("Index"), index("FlatIndex"), numbers("Borders", 4), text("FeatureId", nil), number("NanValueTreatment", 1)),
		tables("TOneHotFeature", index("Index"), numbers("Values", 4), field{Name: "StringValues", Kind: flatbuffers.Texts}),
		tables("TCtrFeature", ctr, numbers("Borders", 4)),
		numbers("LeafValues", 8), numbers("LeafWeights", 8), numbers("NonSymmetricStepNodes", 4), numbers("NonSymmetricNodeIdToLeafId", 4),
		tables("TTextFeature", append(slices.Clone(feature), number("UsedInModel", 1))...),
		tables("TEstimatedFeature", index("SourceFeatureIndex"), number("CalcerId", 8), index("LocalIndex"), numbers("Borders", 4), number("SourceFeatureType", 1)),
		number("Scale", 8), number("Bias", 8), numbers("MultiBias", 8),
	)
	trees.Kind = flatbuffers.Table
	return &flatbuffers.Schema[*state]{Name: "TModelCore", Fields: []field{
		text("FormatVersion", func(s *state, v flatbuffers.Value) { s.format = clip.Bytes(v.Bytes, maxFact) }),
		trees,
		tables("TKeyValue",
			text("Key", func(s *state, v flatbuffers.Value) { s.key = clip.Bytes(v.Bytes, 40) }),
			text("Value", (*state).info)),
		{Name: "ModelPartIds", Kind: flatbuffers.Texts, Done: func(s *state, v flatbuffers.Value) { s.parts = v.Count }},
	}}
}

// info keeps what says which version wrote the model, and for what.
func (s *state) info(v flatbuffers.Value) {
	if s.key == "catboost_version_info" || s.key == "model_guid" || s.key == "train_finish_time" {
		s.facts = append(s.facts[:min(len(s.facts), 8)], scanners.Fact{Key: "catboost/" + s.key, Value: clip.Bytes(v.Bytes, maxFact)})
	}
}

// Scan walks the tables.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	var head [headSize]byte
	if f.Size < headSize {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	if _, err := f.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	if !bytes.HasPrefix(head[:], []byte(magic)) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	size := int64(binary.LittleEndian.Uint32(head[4:]))
	if size > f.Size-headSize {
		return scanners.Result{}, scanners.CutOff(f.Size, headSize+size)
	}
	s := &state{}
	found := findings.New(rules)
	if size < headSize {
		found.Add("catboost/malformed", 4, "tables of %d bytes", size)
		return scanners.Result{Findings: found.All()}, &scanners.FormatError{Offset: 4, Err: errors.New("no tables")}
	}
	w := flatbuffers.New(ctx, io.NewSectionReader(f, headSize, size), size, s)
	err := w.Root(core())
	if format, ok := errors.AsType[*scanners.FormatError](err); ok {
		if errors.Is(err, flatbuffers.ErrMalformed) || format.Code == "" {
			found.Add("catboost/malformed", min(headSize+format.Offset, f.Size), "%v", format.Err)
		}
		err = &scanners.FormatError{Offset: min(headSize+format.Offset, f.Size), Code: format.Code, Err: format.Err}
	}
	if err == nil {
		s.judge(found)
		err = w.Padding(size)
	}
	if err == nil {
		err = s.rest(f.Size - headSize - size)
	}
	return s.result(found, w), err
}

func (s *state) result(found *findings.List, w *flatbuffers.Walker[*state]) scanners.Result {
	result := scanners.Result{Findings: found.All(), Facts: append(s.facts, scanners.Fact{Key: "catboost/trees", Value: strconv.FormatInt(s.trees, 10)})}
	result.Parsed.Add(0, headSize)
	result.Parsed.AddAll(w.Parsed, headSize)
	result.Opaque.AddAll(w.Opaque, headSize)
	return result
}

// judge compares the lists of the trees, as far as they are kept.
func (s *state) judge(found *findings.List) {
	if s.starts != 0 && s.starts != s.trees {
		found.Add("catboost/tree-structure", 0, "%d trees and %d offsets", s.trees, s.starts)
	}
	total := int64(0)
	for i := 0; i+4 <= len(s.sizes); i += 4 {
		total += int64(binary.LittleEndian.Uint32(s.sizes[i:]))
	}
	if whole := int64(len(s.sizes))/4 == s.trees; total > s.splits || whole && total != s.splits {
		found.Add("catboost/tree-structure", 0, "the trees have %d splits, and the list has %d", total, s.splits)
	}
}

// rest says what follows the tables: the parts that they name.
func (s *state) rest(n int64) error {
	switch {
	case s.unknown != nil:
		return s.unknown
	case n > 0 && s.parts > 0:
		return &scanners.FormatError{Code: scanners.GapUnsupported, Err: fmt.Errorf("%d bytes of tables for categorical or text features", n)}
	}
	return nil // bytes that nothing names stay uncovered
}
