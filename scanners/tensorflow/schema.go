package tensorflow

import (
	"assay/scanners/internal/protobuf"
)

type (
	schema = protobuf.Schema[*scan]
	fields = map[uint64]protobuf.Def[*scan]
	def    = protobuf.Def[*scan]
	done   = func(*scan, protobuf.Field, []byte) error
)

func text(name string, d done) def { return def{Name: name, Kind: protobuf.Text, Done: d} }

func texts(name string) def { return def{Name: name, Kind: protobuf.Text, Repeated: true} }

func number(name string) def { return def{Name: name, Kind: protobuf.Number} }

func values(name string, kind protobuf.Kind) def { return def{Name: name, Kind: kind, Repeated: true} }

func one(name string, m *schema) def { return def{Name: name, Kind: protobuf.Message, Message: m} }

func many(name string, m *schema) def {
	return def{Name: name, Kind: protobuf.Message, Repeated: true, Message: m}
}

// mapOf is a map from text to a message; key may be nil.
func mapOf(name string, key done, m *schema) def {
	return many(name, &schema{Name: name + " entry", Fields: fields{1: text("key", key), 2: one("value", m)}})
}

func textMap(name string) def {
	return many(name, &schema{Name: name + " entry", Fields: fields{1: text("key", nil), 2: text("value", nil)}})
}

// schemas are the messages that a file may be, by the .proto files of TensorFlow
// 2.18 (core/framework, core/protobuf, python/keras/protobuf).
type schemas struct {
	savedModel, metaGraph, graph, function, metadata, fingerprint, debug, hub *schema
}

func build() schemas {
	shape := &schema{Name: "TensorShapeProto", Begin: (*scan).beginShape, Fields: fields{
		2: many("dim", &schema{Name: "Dim", Fields: fields{1: {Name: "size", Kind: protobuf.Number, Done: (*scan).shapeDim}, 2: text("name", nil)}}), 3: number("unknown_rank"),
	}}
	tensor := tensorSchema(shape)
	fullType := &schema{Name: "FullTypeDef"}
	fullType.Fields = fields{1: number("type_id"), 2: many("args", fullType), 3: text("s", nil), 4: number("i")}
	attr := attrSchema(shape, tensor)
	node := &schema{Name: "NodeDef", Begin: (*scan).beginNode, End: (*scan).endNode, Fields: fields{
		1: text("name", (*scan).nodeName), 2: text("op", (*scan).nodeOperator), 3: {Name: "input", Kind: protobuf.Text, Repeated: true, Done: (*scan).nodeInput},
		4: text("device", nil), 5: many("attr", &schema{Name: "attr entry", Begin: (*scan).beginAttr, End: (*scan).endAttr, Fields: fields{1: text("key", (*scan).attrKey), 2: one("value", attr)}}),
		6: one("experimental_debug_info", &schema{Name: "ExperimentalDebugInfo", Fields: fields{1: texts("original_node_names"), 2: texts("original_func_names")}}),
		7: one("experimental_type", fullType),
	}}
	opDef := opDefSchema(shape, attr, fullType)
	var s schemas
	s.function = functionSchema(opDef, node, attr)
	library := &schema{Name: "FunctionDefLibrary", Fields: fields{
		1: many("function", s.function),
		2: many("gradient", &schema{Name: "GradientDef", Fields: fields{1: text("function_name", nil), 2: text("gradient_func", nil)}}),
		3: many("registered_gradients", &schema{Name: "RegisteredGradient", Fields: fields{1: text("gradient_func", nil), 2: text("registered_op_type", nil)}}),
	}}
	s.graph = &schema{Name: "GraphDef", Begin: (*scan).beginGraph, End: (*scan).endGraph, Fields: fields{
		1: many("node", node), 2: one("library", library), 3: number("version"), 4: one("versions", versionSchema()), 5: one("debug_info", debugSchema()),
	}}
	s.metaGraph = metaGraphSchema(s.graph, shape, tensor, opDef)
	s.savedModel = &schema{Name: "SavedModel", Fields: fields{1: number("saved_model_schema_version"), 2: many("meta_graphs", s.metaGraph)}}
	s.metadata = &schema{Name: "SavedMetadata", Fields: fields{1: many("nodes", &schema{Name: "SavedObject", Fields: fields{
		2: number("node_id"), 3: text("node_path", nil), 4: text("identifier", nil), 5: text("metadata", (*scan).kerasMetadata), 6: one("version", versionSchema()),
	}})}}
	s.debug = debugSchema()
	s.hub = &schema{Name: "ModuleDef", Fields: fields{1: number("format"), 2: texts("required_features")}} // tensorflow_hub/module_def.proto
	s.fingerprint = &schema{Name: "FingerprintDef", Fields: fields{
		1: number("saved_model_checksum"), 2: number("graph_def_program_hash"), 3: number("signature_def_hash"),
		4: number("saved_object_graph_hash"), 5: number("checkpoint_hash"), 6: one("version", versionSchema()), 7: text("uuid", nil),
	}}
	return s
}

func versionSchema() *schema {
	return &schema{Name: "VersionDef", Fields: fields{1: number("producer"), 2: number("min_consumer"), 3: values("bad_consumers", protobuf.Number)}}
}

func tensorSchema(shape *schema) *schema {
	t := &schema{Name: "TensorProto", Begin: (*scan).beginTensor, End: (*scan).endTensor}
	handle := &schema{Name: "ResourceHandleProto", Fields: fields{
		1: text("device", nil), 2: text("container", nil), 3: text("name", nil), 4: number("hash_code"), 5: text("maybe_type_name", nil),
		6: many("dtypes_and_shapes", &schema{Name: "DtypeAndShape", Fields: fields{1: number("dtype"), 2: one("shape", shape)}}),
	}}
	t.Fields = fields{
		1: {Name: "dtype", Kind: protobuf.Number, Done: (*scan).tensorType}, 2: one("tensor_shape", shape), 3: number("version_number"),
		4: {Name: "tensor_content", Kind: protobuf.Raw, Done: (*scan).tensorContent}, 5: values("float_val", protobuf.Float),
		6: values("double_val", protobuf.Double), 7: values("int_val", protobuf.Number),
		8: {Name: "string_val", Kind: protobuf.Raw, Repeated: true, Done: (*scan).tensorString},
		9: values("scomplex_val", protobuf.Float), 10: values("int64_val", protobuf.Number), 11: values("bool_val", protobuf.Number),
		12: values("dcomplex_val", protobuf.Double), 13: values("half_val", protobuf.Number), 14: many("resource_handle_val", handle),
		15: many("variant_val", &schema{Name: "VariantTensorDataProto", Fields: fields{1: text("type_name", nil), 2: {Name: "metadata", Kind: protobuf.Raw, Done: (*scan).tensorString}, 3: many("tensors", t)}}),
		16: values("uint32_val", protobuf.Number), 17: values("uint64_val", protobuf.Number), 18: {Name: "float8_val", Kind: protobuf.Raw},
	}
	return t
}

func attrSchema(shape, tensor *schema) *schema {
	attr := &schema{Name: "AttrValue"}
	call := &schema{Name: "NameAttrList", Fields: fields{1: text("name", nil), 2: mapOf("attr", nil, attr)}}
	raw := def{Name: "s", Kind: protobuf.Raw, Done: (*scan).attrString}
	list2 := raw
	list2.Repeated = true
	list := &schema{Name: "ListValue", Fields: fields{
		2: list2, 3: values("i", protobuf.Number), 4: values("f", protobuf.Float), 5: values("b", protobuf.Number), 6: values("type", protobuf.Number),
		7: many("shape", shape), 8: many("tensor", tensor), 9: many("func", call),
	}}
	attr.Fields = fields{
		1: one("list", list), 2: raw, 3: number("i"), 4: {Name: "f", Kind: protobuf.Float}, 5: number("b"), 6: number("type"),
		7: one("shape", shape), 8: one("tensor", tensor), 9: text("placeholder", nil), 10: one("func", call),
	}
	return attr
}

func opDefSchema(shape, attr, fullType *schema) *schema {
	arg := &schema{Name: "ArgDef", Fields: fields{
		1: text("name", nil), 2: text("description", nil), 3: number("type"), 4: text("type_attr", nil), 5: text("number_attr", nil), 6: text("type_list_attr", nil),
		7:  many("handle_data", &schema{Name: "DtypeAndShape", Fields: fields{1: number("dtype"), 2: one("shape", shape)}}),
		16: number("is_ref"), 17: one("experimental_full_type", fullType),
	}}
	return &schema{Name: "OpDef", Fields: fields{
		1: text("name", (*scan).opName), 2: many("input_arg", arg), 3: many("output_arg", arg),
		4: many("attr", &schema{Name: "AttrDef", Fields: fields{
			1: text("name", nil), 2: text("type", nil), 3: one("default_value", attr), 4: text("description", nil), 5: number("has_minimum"), 6: number("minimum"), 7: one("allowed_values", attr),
		}}),
		5: text("summary", nil), 6: text("description", nil), 8: one("deprecation", &schema{Name: "OpDeprecation", Fields: fields{1: number("version"), 2: text("explanation", nil)}}),
		16: number("is_aggregate"), 17: number("is_stateful"), 18: number("is_commutative"), 19: number("allows_uninitialized_input"), 20: texts("control_output"), 21: number("is_distributed_communication"),
	}}
}

func functionSchema(opDef, node, attr *schema) *schema {
	argAttrs := &schema{Name: "ArgAttrs", Fields: fields{1: mapOf("attr", nil, attr)}}
	return &schema{Name: "FunctionDef", Begin: (*scan).beginFunction, End: (*scan).endFunction, Fields: fields{
		1: one("signature", opDef), 3: many("node_def", node), 4: textMap("ret"), 5: mapOf("attr", nil, attr), 6: textMap("control_ret"),
		7: many("arg_attr", &schema{Name: "arg_attr entry", Fields: fields{1: number("key"), 2: one("value", argAttrs)}}),
		8: many("resource_arg_unique_id", &schema{Name: "resource_arg_unique_id entry", Fields: fields{1: number("key"), 2: number("value")}}),
	}}
}

// debugSchema is GraphDebugInfo: where in the source the nodes come from.
func debugSchema() *schema {
	line := &schema{Name: "FileLineCol", Fields: fields{1: number("file_index"), 2: number("line"), 3: number("col"), 4: text("func", nil), 5: text("code", nil), 6: number("func_index"), 7: number("code_index")}}
	trace := &schema{Name: "StackTrace", Fields: fields{1: many("file_line_cols", line), 2: values("frame_id", protobuf.Double)}}
	entry := func(name string, key def, m *schema) def {
		return many(name, &schema{Name: name + " entry", Fields: fields{1: key, 2: one("value", m)}})
	}
	id := def{Name: "key", Kind: protobuf.Double}
	return &schema{Name: "GraphDebugInfo", Fields: fields{
		1: texts("files"), 2: mapOf("traces", nil, trace), 4: entry("frames_by_id", id, line),
		5: many("name_to_trace_id", &schema{Name: "name_to_trace_id entry", Fields: fields{1: text("key", nil), 2: {Name: "value", Kind: protobuf.Double}}}),
		6: entry("traces_by_id", id, trace),
	}}
}

// anySchema is google.protobuf.Any: a message that a registered class reads.
func anySchema() *schema {
	return &schema{Name: "Any", Fields: fields{1: text("type_url", nil), 2: {Name: "value", Kind: protobuf.Raw, Done: (*scan).tensorString}}}
}
