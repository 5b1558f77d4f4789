package tensorflow

import (
	"maps"

	"assay/scanners/internal/protobuf"
)

func metaGraphSchema(graph, shape, tensor, opDef *schema) *schema {
	structured := structuredSchema(shape, tensor)
	info := infoSchema(shape, structured)
	bytesList := def{Name: "value", Kind: protobuf.Raw, Repeated: true, Done: (*scan).tensorString}
	return &schema{Name: "MetaGraphDef", Fields: fields{
		1: one("meta_info_def", &schema{Name: "MetaInfoDef", Fields: fields{
			1: text("meta_graph_version", nil), 2: one("stripped_op_list", &schema{Name: "OpList", Fields: fields{1: many("op", opDef)}}),
			3: one("any_info", anySchema()), 4: {Name: "tags", Kind: protobuf.Text, Repeated: true, Done: (*scan).tag}, 5: text("tensorflow_version", (*scan).version),
			6: text("tensorflow_git_version", nil), 7: number("stripped_default_attrs"), 8: textMap("function_aliases"),
		}}),
		2: one("graph_def", graph),
		3: one("saver_def", &schema{Name: "SaverDef", Fields: fields{
			1: text("filename_tensor_name", nil), 2: text("save_tensor_name", nil), 3: text("restore_op_name", nil), 4: number("max_to_keep"),
			5: number("sharded"), 6: {Name: "keep_checkpoint_every_n_hours", Kind: protobuf.Float}, 7: number("version"),
		}}),
		4: mapOf("collection_def", nil, &schema{Name: "CollectionDef", Fields: fields{
			1: one("node_list", &schema{Name: "NodeList", Fields: fields{1: texts("value")}}),
			2: one("bytes_list", &schema{Name: "BytesList", Fields: fields{1: bytesList}}),
			3: one("int64_list", &schema{Name: "Int64List", Fields: fields{1: values("value", protobuf.Number)}}),
			4: one("float_list", &schema{Name: "FloatList", Fields: fields{1: values("value", protobuf.Float)}}),
			5: one("any_list", &schema{Name: "AnyList", Fields: fields{1: many("value", anySchema())}}),
		}}),
		5: mapOf("signature_def", (*scan).signature, &schema{Name: "SignatureDef", Fields: fields{
			1: mapOf("inputs", nil, info), 2: mapOf("outputs", nil, info), 3: text("method_name", nil), 4: mapOf("defaults", nil, tensor),
		}}),
		6: many("asset_file_def", &schema{Name: "AssetFileDef", Fields: fields{1: one("tensor_info", assetInfo(info)), 2: text("filename", (*scan).assetFile)}}),
		7: one("object_graph_def", objectGraphSchema(shape, structured)),
	}}
}

func infoSchema(shape, structured *schema) *schema {
	info := &schema{Name: "TensorInfo"}
	info.Fields = fields{
		1: text("name", nil), 2: number("dtype"), 3: one("tensor_shape", shape),
		4: one("coo_sparse", &schema{Name: "CooSparse", Fields: fields{1: text("values_tensor_name", nil), 2: text("indices_tensor_name", nil), 3: text("dense_shape_tensor_name", nil)}}),
		5: one("composite_tensor", &schema{Name: "CompositeTensor", Fields: fields{1: one("type_spec", typeSpecOf(structured)), 2: many("components", info)}}),
	}
	return info
}

// assetInfo is the tensor that is fed with the place of an asset.
func assetInfo(info *schema) *schema {
	asset := &schema{Name: info.Name, Fields: maps.Clone(info.Fields)}
	asset.Fields[1] = text("name", (*scan).assetTensor)
	return asset
}

// typeSpecOf finds TypeSpecProto, which nests in what it nests.
func typeSpecOf(structured *schema) *schema { return structured.Fields[34].Message }

func structuredSchema(shape, tensor *schema) *schema {
	v := &schema{Name: "StructuredValue"}
	list := &schema{Name: "ListValue", Fields: fields{1: many("values", v)}}
	pair := &schema{Name: "PairValue", Fields: fields{1: text("key", nil), 2: one("value", v)}}
	v.Fields = fields{
		1: one("none_value", &schema{Name: "NoneValue"}), 11: {Name: "float64_value", Kind: protobuf.Double}, 12: number("int64_value"),
		13: text("string_value", nil), 14: number("bool_value"), 31: one("tensor_shape_value", shape), 32: number("tensor_dtype_value"),
		33: one("tensor_spec_value", &schema{Name: "TensorSpecProto", Fields: fields{1: text("name", nil), 2: one("shape", shape), 3: number("dtype")}}),
		34: one("type_spec_value", &schema{Name: "TypeSpecProto", Fields: fields{1: number("type_spec_class"), 2: one("type_state", v), 3: text("type_spec_class_name", nil), 4: number("num_flat_components")}}),
		35: one("bounded_tensor_spec_value", &schema{Name: "BoundedTensorSpecProto", Fields: fields{1: text("name", nil), 2: one("shape", shape), 3: number("dtype"), 4: one("minimum", tensor), 5: one("maximum", tensor)}}),
		51: one("list_value", list), 52: one("tuple_value", list),
		53: one("dict_value", &schema{Name: "DictValue", Fields: fields{1: mapOf("fields", nil, v)}}),
		54: one("named_tuple_value", &schema{Name: "NamedTupleValue", Fields: fields{1: text("name", nil), 2: many("values", pair)}}),
		55: one("tensor_value", tensor), 56: one("numpy_value", tensor),
	}
	return v
}

// objectGraphSchema is SavedObjectGraph: how Python objects are put together again.
func objectGraphSchema(shape, structured *schema) *schema {
	reference := &schema{Name: "ObjectReference", Fields: fields{1: number("node_id"), 2: text("local_name", nil)}}
	slot := &schema{Name: "SlotVariableReference", Fields: fields{1: number("original_variable_node_id"), 2: text("slot_name", nil), 3: number("slot_variable_node_id")}}
	spec := &schema{Name: "FunctionSpec", Fields: fields{1: one("fullargspec", structured), 2: number("is_method"), 5: one("input_signature", structured), 6: number("jit_compile")}}
	variable := &schema{Name: "SavedVariable"}
	variable.Fields = fields{
		1: number("dtype"), 2: one("shape", shape), 3: number("trainable"), 4: number("synchronization"), 5: number("aggregation"),
		6: text("name", nil), 7: text("device", nil), 8: many("experimental_distributed_variable_components", variable),
	}
	object := &schema{Name: "SavedObject", Fields: fields{
		1: many("children", reference), 3: many("slot_variables", slot),
		4: one("user_object", &schema{Name: "SavedUserObject", Fields: fields{1: text("identifier", nil), 2: one("version", versionSchema()), 3: text("metadata", (*scan).kerasMetadata)}}),
		5: one("asset", &schema{Name: "SavedAsset", Fields: fields{1: number("asset_file_def_index")}}),
		6: one("function", &schema{Name: "SavedFunction", Fields: fields{1: texts("concrete_functions"), 2: one("function_spec", spec)}}),
		7: one("variable", variable),
		8: one("bare_concrete_function", &schema{Name: "SavedBareConcreteFunction", Fields: fields{1: text("concrete_function_name", nil), 2: texts("argument_keywords"), 3: number("allowed_positional_arguments"), 4: one("function_spec", spec)}}),
		9: one("constant", &schema{Name: "SavedConstant", Fields: fields{1: text("operation", nil)}}), 10: one("resource", &schema{Name: "SavedResource", Fields: fields{1: text("device", nil)}}),
		11: mapOf("saveable_objects", nil, &schema{Name: "SaveableObject", Fields: fields{2: number("save_function"), 3: number("restore_function")}}),
		12: one("captured_tensor", &schema{Name: "CapturedTensor", Fields: fields{1: text("name", nil), 2: text("concrete_function", nil)}}),
		13: text("registered_name", nil), 14: one("serialized_user_proto", anySchema()), 15: many("dependencies", reference), 16: text("registered_saver", nil),
	}}
	return &schema{Name: "SavedObjectGraph", Fields: fields{
		1: many("nodes", object),
		2: mapOf("concrete_functions", nil, &schema{Name: "SavedConcreteFunction", Fields: fields{
			2: values("bound_inputs", protobuf.Number), 3: one("canonicalized_input_signature", structured), 4: one("output_signature", structured),
		}}),
	}}
}
