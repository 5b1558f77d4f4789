package caffe

import (
	"context"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/protobuf"
)

type (
	schema = protobuf.Schema[*scan]
	fields = map[uint64]protobuf.Def[*scan]
	def    = protobuf.Def[*scan]
)

// Unknown reports a field that caffe.proto does not have.
func (s *scan) Unknown(message string, f protobuf.Field) {
	s.found.Add("caffe/unknown-field", f.Head.Off, "%s has no field %d of the wire type %d; %d bytes", message, f.Number, f.Type, f.Data.Len)
}

// Twice reports a second value of a field that has one.
func (s *scan) Twice(message, field string, f protobuf.Field) {
	s.found.Add("caffe/unknown-field", f.Head.Off, "%s has a second %s", message, field)
}

func (s *scan) weights(ctx context.Context, f scanners.File) error {
	s.Walker = &protobuf.Walker[*scan]{Reader: protobuf.NewReader(ctx, f, f.Size), State: s, Parsed: &s.result.Parsed, Opaque: &s.result.Opaque}
	return s.Walk(network(), scanners.Span{Len: f.Size})
}

func said(name string) def {
	return def{Name: name, Kind: protobuf.Text, Done: func(s *scan, f protobuf.Field, p []byte) error {
		s.value(f.Head.Off, name, clip.Bytes(p, 4<<10))
		return nil
	}}
}

func data(name string, repeated bool) def {
	return def{Name: name, Kind: protobuf.Raw, Repeated: repeated}
}

// network is NetParameter of BVLC Caffe 1.0. Parameters of layers have the fields
// from 100 on; the older layers have others.
func network() *schema {
	layer := &schema{Name: "LayerParameter", Fields: fields{
		1: {Name: "name", Kind: protobuf.Text}, 2: said("type"), 3: {Name: "bottom", Kind: protobuf.Text, Repeated: true}, 4: {Name: "top", Kind: protobuf.Text, Repeated: true},
		5: {Name: "loss_weight", Kind: protobuf.Float, Repeated: true}, 6: data("param", true), 7: data("blobs", true), 8: data("include", true), 9: data("exclude", true),
		10: {Name: "phase", Kind: protobuf.Number}, 11: {Name: "propagate_down", Kind: protobuf.Number, Repeated: true},
	}}
	for n := uint64(100); n < 200; n++ {
		layer.Fields[n] = data("parameter", false)
	}
	layer.Fields[130] = def{Name: "python_param", Kind: protobuf.Message, Message: &schema{Name: "PythonParameter", Fields: fields{
		1: said("module"), 2: said("layer"), 3: {Name: "param_str", Kind: protobuf.Text}, 4: {Name: "share_in_parallel", Kind: protobuf.Number},
	}}}
	layer.Begin = func(s *scan, _ scanners.Span) error { s.layers++; return nil }
	old := def{Name: "layers", Kind: protobuf.Raw, Repeated: true, Done: func(s *scan, _ protobuf.Field, _ []byte) error { s.layers++; return nil }}
	return &schema{Name: "NetParameter", Fields: fields{
		1: {Name: "name", Kind: protobuf.Text}, 2: old, 3: {Name: "input", Kind: protobuf.Text, Repeated: true}, 4: {Name: "input_dim", Kind: protobuf.Number, Repeated: true},
		5: {Name: "force_backward", Kind: protobuf.Number}, 6: data("state", false), 7: {Name: "debug_info", Kind: protobuf.Number}, 8: data("input_shape", true),
		100: {Name: "layer", Kind: protobuf.Message, Repeated: true, Message: layer},
	}}
}
