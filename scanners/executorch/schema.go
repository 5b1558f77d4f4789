package executorch

import (
	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/flatbuffers"
)

func scalar(name string, size int) field { return field{Name: name, Size: size} }

func text(name string) field { return field{Name: name, Kind: flatbuffers.Text} }

func numbers(name string, size int) field {
	return field{Name: name, Kind: flatbuffers.Numbers, Size: size}
}

func table(name string, m *schema) field { return field{Name: name, Kind: flatbuffers.Table, Table: m} }

func tables(name string, m *schema) field {
	return field{Name: name, Kind: flatbuffers.Tables, Table: m}
}

func union(name string, types ...*schema) field {
	return field{Name: name, Kind: flatbuffers.Union, Types: append([]*schema{nil}, types...)}
}

func of(name string, fields ...field) *schema { return &schema{Name: name, Fields: fields} }

// programSchema is program.fbs of ExecuTorch 1.0.
func programSchema() *schema {
	offsets := of("SubsegmentOffsets", scalar("segment_index", 4), numbers("offsets", 8))
	segment := of("DataSegment",
		field{Name: "offset", Size: 8, Done: func(s *scan, v value) { s.segment.Off = signed(v.Number) }},
		field{Name: "size", Size: 8, Done: func(s *scan, v value) { s.segment.Len = signed(v.Number) }})
	segment.Begin = func(s *scan, _ int64) error { s.segment = scanners.Span{}; return nil }
	segment.End = func(s *scan, _ int64) error {
		if len(s.segments) < maxItems {
			s.segments = append(s.segments, s.segment)
		}
		return nil
	}
	blob := func(name string, delegates bool) field {
		return field{Name: name, Kind: flatbuffers.Raw, Done: func(s *scan, v value) {
			if delegates && len(s.inline) < maxItems {
				s.inline = append(s.inline, v.Span)
			}
		}}
	}
	return of("Program",
		scalar("version", 4), tables("execution_plan", planSchema()), tables("constant_buffer", of("Buffer", blob("storage", false))),
		tables("backend_delegate_data", of("BackendDelegateInlineData", blob("data", true))), tables("segments", segment),
		table("constant_segment", offsets), tables("mutable_data_segments", offsets), tables("named_data", of("NamedData", text("key"), scalar("segment_index", 4))))
}

// signed is a size in bytes, or more than any file has.
func signed(n uint64) int64 { return int64(min(n, 1<<62)) }

func planSchema() *schema {
	frame := of("Frame", text("filename"), scalar("lineno", 4), text("name"), text("context"))
	instruction := of("Instruction", scalar("instr_args_type", 1), union("instr_args",
		of("KernelCall", scalar("op_index", 4), numbers("args", 4)), of("DelegateCall", scalar("delegate_index", 4), numbers("args", 4)),
		of("MoveCall", scalar("move_from", 4), scalar("move_to", 4)), of("JumpFalseCall", scalar("cond_value_index", 4), scalar("destination_instruction", 4)), of("FreeCall", scalar("value_index", 4))))
	chain := of("Chain", numbers("inputs", 4), numbers("outputs", 4), tables("instructions", instruction), tables("stacktrace", of("FrameList", tables("items", frame))))
	operator := of("Operator", field{Name: "name", Kind: flatbuffers.Text, Done: func(s *scan, v value) {
		if name := clip.Bytes(v.Bytes, 2*shown); len(s.operators) < maxItems {
			if _, known := s.operators[name]; !known {
				s.operators[name] = v.Offset
			}
		}
	}}, text("overload"))
	plan := of("ExecutionPlan", text("name"), table("container_meta_type", of("ContainerMetadata", text("encoded_inp_str"), text("encoded_out_str"))),
		tables("values", valueSchema()), numbers("inputs", 4), numbers("outputs", 4), tables("chains", chain), tables("operators", operator),
		tables("delegates", delegateSchema()), numbers("non_const_buffer_sizes", 8))
	plan.Begin = func(s *scan, _ int64) error { s.plans++; return nil }
	return plan
}

func delegateSchema() *schema {
	place := of("BackendDelegateDataReference",
		field{Name: "location", Size: 1, Done: func(s *scan, v value) { s.delegate.segment = v.Number == 1 }},
		field{Name: "index", Size: 4, Done: func(s *scan, v value) { s.delegate.index = v.Number }})
	m := of("BackendDelegate",
		field{Name: "id", Kind: flatbuffers.Text, Done: func(s *scan, v value) { s.delegate.id = clip.Bytes(v.Bytes, shown) }},
		table("processed", place), tables("compile_specs", of("CompileSpec", text("key"), field{Name: "value", Kind: flatbuffers.Raw})))
	m.Begin = func(s *scan, at int64) error { s.delegate = delegate{at: at}; return nil }
	m.End = func(s *scan, _ int64) error {
		if len(s.delegates) < maxItems {
			s.delegates = append(s.delegates, s.delegate)
		}
		return nil
	}
	return m
}

func valueSchema() *schema {
	extra := of("ExtraTensorInfo", scalar("mutable_data_segments_idx", 8), text("fully_qualified_name"), scalar("location", 1))
	tensor := of("Tensor", scalar("scalar_type", 1), scalar("storage_offset", 4), numbers("sizes", 4), numbers("dim_order", 1), scalar("requires_grad", 1),
		scalar("data_buffer_idx", 4), table("allocation_info", of("AllocationDetails", scalar("memory_id", 4), scalar("memory_offset_low", 4), scalar("memory_offset_high", 4))),
		scalar("layout", 1), scalar("shape_dynamism", 1), table("extra_tensor_info", extra))
	list := func(name string, size int) *schema { return of(name, numbers("items", size)) }
	return of("EValue", scalar("val_type", 1), union("val", of("Null"), of("Int", scalar("int_val", 8)), of("Bool", scalar("bool_val", 1)), of("Double", scalar("double_val", 8)),
		tensor, of("String", text("string_val")), list("IntList", 8), list("DoubleList", 8), list("BoolList", 1), list("TensorList", 4), list("OptionalTensorList", 4)))
}
