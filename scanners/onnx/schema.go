package onnx

import (
	"assay/scanners"
	"assay/scanners/internal/protobuf"
)

type (
	schema = protobuf.Schema[*scan]
	fields = map[uint64]protobuf.Def[*scan]
	def    = protobuf.Def[*scan]
)

func text(name string, done func(*scan, protobuf.Field, []byte) error) def {
	return def{Name: name, Kind: protobuf.Text, Done: done}
}

func texts(name string, done func(*scan, protobuf.Field, []byte) error) def {
	return def{Name: name, Kind: protobuf.Text, Repeated: true, Done: done}
}

func number(name string, done func(*scan, protobuf.Field, []byte) error) def {
	return def{Name: name, Kind: protobuf.Number, Done: done}
}

func values(name string, kind protobuf.Kind) def { return def{Name: name, Kind: kind, Repeated: true} }

func one(name string, m *schema) def { return def{Name: name, Kind: protobuf.Message, Message: m} }

func many(name string, m *schema) def {
	return def{Name: name, Kind: protobuf.Message, Repeated: true, Message: m}
}

// entries is a list of StringStringEntryProto; done sees one whole entry.
func entries(name string, done func(*scan) error) def {
	m := &schema{Name: "StringStringEntryProto", Fields: fields{
		1: text("key", func(s *scan, f protobuf.Field, p []byte) error { s.entry.setKey(f, p); return nil }),
		2: text("value", func(s *scan, f protobuf.Field, p []byte) error { s.entry.setValue(f, p); return nil }),
	}, Begin: func(s *scan, _ scanners.Span) error { s.entry = entry{}; return nil }}
	if done != nil {
		m.End = func(s *scan, _ scanners.Span) error { return done(s) }
	}
	return many(name, m)
}

// model is onnx.proto as of ONNX 1.20 (IR version 13), with the fields that
// earlier versions had. Built for every scan: graphs hold nodes that hold graphs.
func model() *schema {
	opset := &schema{Name: "OperatorSetIdProto", Fields: fields{
		1: text("domain", (*scan).opsetDomain), 2: number("version", (*scan).opsetVersion),
	}, Begin: (*scan).beginOpset, End: (*scan).endOpset}
	graph := &schema{Name: "GraphProto"}
	node := nodeSchema(graph)
	tensor := tensorSchema()
	graph.Begin, graph.End = (*scan).beginGraph, (*scan).endGraph
	graph.Fields = fields{
		1: many("node", node), 2: text("name", nil),
		5: many("initializer", tensor), 10: text("doc_string", (*scan).graphText),
		11: many("input", valueInfo((*scan).graphInput)), 12: many("output", valueInfo((*scan).graphOutput)),
		13: many("value_info", valueInfo(nil)),
		14: many("quantization_annotation", &schema{Name: "TensorAnnotation", Fields: fields{1: text("tensor_name", nil), 2: entries("quant_parameter_tensor_names", nil)}}),
		15: many("sparse_initializer", sparseSchema(tensor)), 16: entries("metadata_props", (*scan).metadata),
	}
	training := &schema{Name: "TrainingInfoProto", Fields: fields{
		1: one("initialization", graph), 2: one("algorithm", graph),
		3: entries("initialization_binding", nil), 4: entries("update_binding", nil),
	}}
	return &schema{Name: "ModelProto", Fields: fields{
		1: number("ir_version", (*scan).irVersion),
		2: text("producer_name", (*scan).producer), 3: text("producer_version", (*scan).producerVersion),
		4: text("domain", nil), 5: number("model_version", nil), 6: text("doc_string", (*scan).graphText),
		7: one("graph", graph), 8: many("opset_import", opset),
		14: entries("metadata_props", (*scan).metadata), 20: many("training_info", training),
		25: many("functions", functionSchema(node, opset)),
		26: many("configuration", &schema{Name: "DeviceConfigurationProto", Fields: fields{1: text("name", nil), 2: number("num_devices", nil), 3: texts("device", nil)}}),
	}}
}

func nodeSchema(graph *schema) *schema {
	tensor := tensorSchema()
	return &schema{Name: "NodeProto", Begin: (*scan).beginNode, End: (*scan).endNode, Fields: fields{
		1: texts("input", (*scan).nodeInput), 2: texts("output", (*scan).nodeOutput), 3: text("name", nil),
		4: text("op_type", (*scan).nodeOperator), 5: many("attribute", attributeSchema(graph, tensor)),
		6: text("doc_string", nil), 7: text("domain", (*scan).nodeDomain), 8: text("overload", nil),
		9: entries("metadata_props", nil), 10: many("device_configurations", deviceSchema()),
	}}
}

func attributeSchema(graph, tensor *schema) *schema {
	sparse := sparseSchema(tensor)
	return &schema{Name: "AttributeProto", Begin: (*scan).beginAttribute, End: (*scan).endAttribute, Fields: fields{
		1: text("name", (*scan).attributeName), 2: {Name: "f", Kind: protobuf.Float}, 3: number("i", (*scan).attributeInt),
		4: text("s", (*scan).attributeText), 5: one("t", tensor), 6: one("g", graph),
		7: values("floats", protobuf.Float), 8: values("ints", protobuf.Number), 9: texts("strings", (*scan).attributeText),
		10: many("tensors", tensor), 11: many("graphs", graph), 13: text("doc_string", nil),
		14: one("tp", typeSchema()), 15: many("type_protos", typeSchema()),
		20: number("type", nil), 21: text("ref_attr_name", nil), 22: one("sparse_tensor", sparse), 23: many("sparse_tensors", sparse),
	}}
}

func tensorSchema() *schema {
	return &schema{Name: "TensorProto", Begin: (*scan).beginTensor, End: (*scan).endTensor, Fields: fields{
		1: {Name: "dims", Kind: protobuf.Number, Repeated: true, Done: (*scan).tensorDim},
		2: number("data_type", (*scan).tensorType),
		3: one("segment", &schema{Name: "Segment", Fields: fields{1: number("begin", nil), 2: number("end", nil)}}),
		4: values("float_data", protobuf.Float), 5: values("int32_data", protobuf.Number),
		6: {Name: "string_data", Kind: protobuf.Raw, Repeated: true}, 7: values("int64_data", protobuf.Number),
		8: text("name", (*scan).tensorName), 9: {Name: "raw_data", Kind: protobuf.Raw, Done: (*scan).tensorRaw},
		10: values("double_data", protobuf.Double), 11: values("uint64_data", protobuf.Number),
		12: text("doc_string", nil), 13: entries("external_data", (*scan).externalEntry),
		14: number("data_location", (*scan).tensorLocation), 16: entries("metadata_props", nil),
	}}
}

func sparseSchema(tensor *schema) *schema {
	return &schema{Name: "SparseTensorProto", Fields: fields{1: one("values", tensor), 2: one("indices", tensor), 3: values("dims", protobuf.Number)}}
}

func functionSchema(node, opset *schema) *schema {
	return &schema{Name: "FunctionProto", Begin: (*scan).beginFunction, End: (*scan).endFunction, Fields: fields{
		1: text("name", (*scan).functionName), 2: number("since_version", nil), 3: number("status", nil),
		4: texts("input", nil), 5: texts("output", nil), 6: texts("attribute", nil), 7: many("node", node),
		8: text("doc_string", nil), 9: many("opset_import", opset), 10: text("domain", (*scan).functionDomain),
		11: many("attribute_proto", attributeSchema(nodeGraph(node), tensorSchema())), 12: many("value_info", valueInfo(nil)),
		13: text("overload", (*scan).functionOverload), 14: entries("metadata_props", nil),
	}}
}

// nodeGraph is the schema of the graphs in a node's attributes.
func nodeGraph(node *schema) *schema { return node.Fields[5].Message.Fields[6].Message }

func valueInfo(name func(*scan, protobuf.Field, []byte) error) *schema {
	return &schema{Name: "ValueInfoProto", Fields: fields{1: text("name", name), 2: one("type", typeSchema()), 3: text("doc_string", nil), 4: entries("metadata_props", nil)}}
}

// typeSchema is recursive: a sequence of maps of tensors.
func typeSchema() *schema {
	t := &schema{Name: "TypeProto"}
	shape := &schema{Name: "TensorShapeProto", Fields: fields{
		1: many("dim", &schema{Name: "Dimension", Fields: fields{1: number("dim_value", nil), 2: text("dim_param", nil), 3: text("denotation", nil)}}),
	}}
	tensor := &schema{Name: "Tensor", Fields: fields{1: number("elem_type", nil), 2: one("shape", shape)}}
	element := &schema{Name: "Sequence", Fields: fields{1: one("elem_type", t)}}
	t.Fields = fields{
		1: one("tensor_type", tensor), 4: one("sequence_type", element),
		5: one("map_type", &schema{Name: "Map", Fields: fields{1: number("key_type", nil), 2: one("value_type", t)}}),
		6: text("denotation", nil), 7: one("opaque_type", &schema{Name: "Opaque", Fields: fields{1: text("domain", nil), 2: text("name", nil)}}),
		8: one("sparse_tensor_type", tensor), 9: one("optional_type", element),
	}
	return t
}

func deviceSchema() *schema {
	simple := &schema{Name: "SimpleShardedDimProto", Fields: fields{1: number("dim_value", nil), 2: text("dim_param", nil), 3: number("num_shards", nil)}}
	sharding := &schema{Name: "ShardingSpecProto", Fields: fields{
		1: text("tensor_name", nil), 2: values("device", protobuf.Number),
		3: many("index_to_device_group_map", &schema{Name: "IntIntListEntryProto", Fields: fields{1: number("key", nil), 2: values("value", protobuf.Number)}}),
		4: many("sharded_dim", &schema{Name: "ShardedDimProto", Fields: fields{1: number("axis", nil), 2: many("simple_sharding", simple)}}),
	}}
	return &schema{Name: "NodeDeviceConfigurationProto", Fields: fields{1: text("configuration_id", nil), 2: many("sharding_spec", sharding), 3: number("pipeline_stage", nil)}}
}
