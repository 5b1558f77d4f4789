package tflite

import "assay/scanners/internal/flatbuffers"

type (
	schema = flatbuffers.Schema[*scan]
	field  = flatbuffers.Field[*scan]
	done   = func(*scan, flatbuffers.Value)
)

func scalar(name string, size int, d done) field {
	return field{Name: name, Kind: flatbuffers.Scalar, Size: size, Done: d}
}

func text(name string, d done) field { return field{Name: name, Kind: flatbuffers.Text, Done: d} }

func raw(name string, d done) field { return field{Name: name, Kind: flatbuffers.Raw, Done: d} }

func numbers(name string, size int, d done) field {
	return field{Name: name, Kind: flatbuffers.Numbers, Size: size, Done: d}
}

func table(name string, m *schema) field {
	return field{Name: name, Kind: flatbuffers.Table, Table: m}
}

func tables(name string, m *schema) field {
	return field{Name: name, Kind: flatbuffers.Tables, Table: m}
}

// model is schema.fbs of TensorFlow 2.18.
func model() *schema {
	tensor := tensorSchema()
	mapping := &schema{Name: "TensorMap", Fields: []field{text("name", nil), scalar("tensor_index", 4, nil)}}
	operator := &schema{Name: "Operator", Begin: (*scan).beginOperator, End: (*scan).endOperator, Fields: []field{
		scalar("opcode_index", 4, (*scan).opcode), numbers("inputs", 4, (*scan).operands), numbers("outputs", 4, (*scan).operands),
		scalar("builtin_options_type", 1, nil), {Name: "builtin_options", Kind: flatbuffers.Union, Types: options()},
		raw("custom_options", (*scan).customOptions), scalar("custom_options_format", 1, nil), numbers("mutating_variable_inputs", 1, nil),
		numbers("intermediates", 4, (*scan).operands), scalar("large_custom_options_offset", 8, (*scan).farOffset), scalar("large_custom_options_size", 8, (*scan).farSize),
		scalar("builtin_options_2_type", 1, nil), {Name: "builtin_options_2", Kind: flatbuffers.Union, Types: options2()}, scalar("debug_metadata_index", 4, nil),
	}}
	subgraph := &schema{Name: "SubGraph", Begin: (*scan).beginSubgraph, End: (*scan).endSubgraph, Fields: []field{
		tables("tensors", tensor), numbers("inputs", 4, (*scan).operands), numbers("outputs", 4, (*scan).operands), tables("operators", operator), text("name", nil), scalar("debug_metadata_index", 4, nil),
	}}
	return &schema{Name: "Model", Fields: []field{
		scalar("version", 4, nil),
		tables("operator_codes", &schema{Name: "OperatorCode", Begin: (*scan).beginCode, End: (*scan).endCode, Fields: []field{
			scalar("deprecated_builtin_code", 1, (*scan).codeNumber), text("custom_code", (*scan).codeName), scalar("version", 4, nil), scalar("builtin_code", 4, (*scan).codeNumber),
		}}),
		tables("subgraphs", subgraph), text("description", (*scan).describe),
		tables("buffers", &schema{Name: "Buffer", Begin: (*scan).beginBuffer, End: (*scan).endBuffer, Fields: []field{
			raw("data", (*scan).bufferData), scalar("offset", 8, (*scan).farOffset), scalar("size", 8, (*scan).farSize),
		}}),
		numbers("metadata_buffer", 4, nil),
		tables("metadata", &schema{Name: "Metadata", Fields: []field{text("name", nil), scalar("buffer", 4, (*scan).bufferIndex)}}),
		tables("signature_defs", &schema{Name: "SignatureDef", Fields: []field{
			tables("inputs", mapping), tables("outputs", mapping), text("signature_key", nil), text("deprecated_tag", nil), scalar("subgraph_index", 4, nil),
		}}),
	}}
}

func tensorSchema() *schema {
	indices := []*schema{nil, {Name: "Int32Vector", Fields: []field{numbers("values", 4, nil)}}, {Name: "Uint16Vector", Fields: []field{numbers("values", 2, nil)}}, {Name: "Uint8Vector", Fields: []field{numbers("values", 1, nil)}}}
	index := func(name string) field { return field{Name: name, Kind: flatbuffers.Union, Types: indices} }
	quantization := &schema{Name: "QuantizationParameters", Fields: []field{
		numbers("min", 4, nil), numbers("max", 4, nil), numbers("scale", 4, nil), numbers("zero_point", 8, nil), scalar("details_type", 1, nil),
		{Name: "details", Kind: flatbuffers.Union, Types: []*schema{nil, {Name: "CustomQuantization", Fields: []field{raw("custom", nil)}}, nil}}, scalar("quantized_dimension", 4, nil),
	}}
	sparsity := &schema{Name: "SparsityParameters", Fields: []field{numbers("traversal_order", 4, nil), numbers("block_map", 4, nil), tables("dim_metadata", &schema{Name: "DimensionMetadata", Fields: []field{
		scalar("format", 1, nil), scalar("dense_size", 4, nil), scalar("array_segments_type", 1, nil), index("array_segments"), scalar("array_indices_type", 1, nil), index("array_indices"),
	}})}}
	variant := &schema{Name: "VariantSubType", Fields: []field{numbers("shape", 4, nil), scalar("type", 1, nil), scalar("has_rank", 1, nil)}}
	return &schema{Name: "Tensor", Begin: (*scan).beginTensor, End: (*scan).endTensor, Fields: []field{
		numbers("shape", 4, (*scan).tensorShape), scalar("type", 1, (*scan).tensorType), scalar("buffer", 4, (*scan).tensorBuffer), text("name", (*scan).tensorName),
		table("quantization", quantization), scalar("is_variable", 1, nil), table("sparsity", &schema{Name: sparsity.Name, Fields: sparsity.Fields, Begin: (*scan).tensorSparse}),
		numbers("shape_signature", 4, nil), scalar("has_rank", 1, nil), tables("variant_tensors", variant),
	}}
}

// options are the tables of the union BuiltinOptions by type; nil has scalars only.
func options() []*schema {
	list := make([]*schema, 127)
	vectors := func(name string, fields ...field) *schema { return &schema{Name: name, Fields: fields} }
	list[3] = vectors("ConcatEmbeddingsOptions", scalar("num_channels", 4, nil), numbers("num_columns_per_channel", 4, nil), numbers("embedding_dim_per_channel", 4, nil))
	list[17] = vectors("ReshapeOptions", numbers("new_shape", 4, nil))
	list[30] = vectors("SqueezeOptions", numbers("squeeze_dims", 4, nil))
	list[111] = vectors("VarHandleOptions", text("container", nil), text("shared_name", nil))
	list[115] = vectors("BucketizeOptions", numbers("boundaries", 4, nil))
	return list
}

// options2 are the tables of the union BuiltinOptions2.
func options2() []*schema {
	longs := func(name string) field { return numbers(name, 8, nil) }
	long := func(name string) field { return scalar(name, 8, nil) }
	m := func(name string, fields ...field) *schema { return &schema{Name: name, Fields: fields} }
	list := make([]*schema, 24)
	list[2] = m("StablehloBroadcastInDimOptions", longs("broadcast_dimensions"))
	list[3] = m("StablehloSliceOptions", longs("start_indices"), longs("limit_indices"), longs("strides"))
	list[4] = m("StablehloConvolutionOptions", longs("window_strides"), longs("padding"), longs("lhs_dilation"), longs("rhs_dilation"), numbers("window_reversal", 1, nil),
		long("input_batch_dimension"), long("input_feature_dimension"), longs("input_spatial_dimensions"), long("kernel_input_feature_dimension"), long("kernel_output_feature_dimension"),
		longs("kernel_spatial_dimensions"), long("output_batch_dimension"), long("output_feature_dimension"), longs("output_spatial_dimensions"), long("feature_group_count"), long("batch_group_count"), numbers("precision_config", 4, nil))
	list[5] = m("StablehloCustomCallOptions", text("call_target_name", (*scan).customCall), scalar("has_side_effect", 1, nil), text("backend_config", nil), scalar("api_version", 4, nil), numbers("called_computations", 4, nil), raw("custom_attributes", nil))
	list[6] = m("StablehloReduceOptions", longs("dimensions"), scalar("body_subgraph_index", 4, nil))
	list[7] = m("StablehloScatterOptions", scalar("indices_are_sorted", 1, nil), longs("update_window_dims"), longs("inserted_window_dims"), longs("scatter_dims_to_operand_dims"), long("index_vector_dim"), scalar("unique_indices", 1, nil), scalar("update_computation_subgraph_index", 4, nil))
	list[9] = m("StablehloDynamicSliceOptions", longs("slice_sizes"))
	list[10] = m("StablehloPadOptions", longs("edge_padding_low"), longs("edge_padding_high"), longs("interior_padding"))
	list[12] = m("StablehloDotGeneralOptions", longs("lhs_batching_dimensions"), longs("rhs_batching_dimensions"), longs("lhs_contracting_dimensions"), longs("rhs_contracting_dimensions"), numbers("precision_config", 4, nil))
	list[13] = m("StablehloReduceWindowOptions", longs("window_dimensions"), longs("window_strides"), longs("base_dilations"), longs("window_dilations"), longs("padding"), scalar("body_subgraph_index", 4, nil))
	list[16] = m("StablehloGatherOptions", longs("offset_dims"), longs("collapsed_slice_dims"), longs("start_index_map"), long("index_vector_dim"), longs("slice_sizes"), scalar("indices_are_sorted", 1, nil))
	list[17] = m("StablehloTransposeOptions", longs("permutation"))
	list[21] = m("StableHLOCompositeOptions", text("name", nil), scalar("decomposition_subgraph_index", 4, nil), raw("composite_attributes", nil), scalar("composite_attributes_format", 1, nil), scalar("version", 4, nil))
	return list
}
