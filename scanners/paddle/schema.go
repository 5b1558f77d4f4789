package paddle

import (
	"assay/scanners"
	"assay/scanners/internal/protobuf"
)

type (
	schema = protobuf.Schema[*scan]
	fields = map[uint64]protobuf.Def[*scan]
	def    = protobuf.Def[*scan]
)

func text(name string) def { return def{Name: name, Kind: protobuf.Text} }

func texts(name string) def { return def{Name: name, Kind: protobuf.Text, Repeated: true} }

func number(name string) def { return def{Name: name, Kind: protobuf.Number} }

func values(name string, k protobuf.Kind) def { return def{Name: name, Kind: k, Repeated: true} }

func one(name string, m *schema) def { return def{Name: name, Kind: protobuf.Message, Message: m} }

func many(name string, m *schema) def {
	return def{Name: name, Kind: protobuf.Message, Repeated: true, Message: m}
}

func of(name string, f fields) *schema { return &schema{Name: name, Fields: f} }

// programSchema is framework.proto of PaddlePaddle 1.5 to 2.6.
func programSchema() *schema {
	block := of("BlockDesc", fields{1: number("idx"), 2: number("parent_idx"), 3: many("vars", variableSchema()), 4: many("ops", operatorSchema()), 5: number("forward_block_idx")})
	block.Begin = func(s *scan, _ scanners.Span) error { s.blocks++; return nil }
	compatible := of("OpCompatibleMap", fields{
		1: many("pair", of("OpCompatiblePair", fields{1: text("op_name"), 2: one("compatible_info", of("CompatibleInfo", fields{1: text("version"), 2: number("type")}))})), 2: text("default_required_version"),
	})
	versions := of("OpVersionMap", fields{1: many("pair", of("OpVersionPair", fields{1: text("op_name"), 2: one("op_version", of("OpVersion", fields{1: number("version")}))}))})
	return of("ProgramDesc", fields{1: many("blocks", block), 3: one("op_compatible_map", compatible), 4: one("version", of("Version", fields{1: number("version")})), 5: one("op_version_map", versions)})
}

func operatorSchema() *schema {
	said := func(name string, repeated bool) def {
		return def{Name: name, Kind: protobuf.Text, Repeated: repeated, Done: (*scan).attributeText}
	}
	scalar := of("Scalar", fields{1: number("type"), 2: number("b"), 3: number("i"), 4: {Name: "r", Kind: protobuf.Double}, 5: one("c", of("Complex", fields{1: {Name: "r", Kind: protobuf.Double}, 2: {Name: "i", Kind: protobuf.Double}}))})
	attribute := of("Attr", fields{
		1: text("name"), 2: number("type"), 3: number("i"), 4: {Name: "f", Kind: protobuf.Float}, 5: said("s", false), 6: values("ints", protobuf.Number), 7: values("floats", protobuf.Float),
		8: said("strings", true), 10: number("b"), 11: values("bools", protobuf.Number), 12: number("block_idx"), 13: number("l"), 14: values("blocks_idx", protobuf.Number), 15: values("longs", protobuf.Number),
		16: values("float64s", protobuf.Double), 17: text("var_name"), 18: texts("vars_name"), 19: {Name: "float64", Kind: protobuf.Double}, 20: one("scalar", scalar), 21: many("scalars", scalar),
	})
	end := of("Var", fields{1: text("parameter"), 2: texts("arguments")})
	operator := of("OpDesc", fields{
		1: many("inputs", end), 2: many("outputs", end), 3: {Name: "type", Kind: protobuf.Text, Done: (*scan).operatorType}, 4: many("attrs", attribute), 5: number("is_target"),
	})
	operator.Begin, operator.End = (*scan).beginOperator, (*scan).endOperator
	return operator
}

func variableSchema() *schema {
	tensor := of("TensorDesc", fields{1: number("data_type"), 2: values("dims", protobuf.Number)})
	dense := of("LoDTensorDesc", fields{1: one("tensor", tensor), 2: number("lod_level")})
	kind := of("VarType", fields{
		1: number("type"), 2: one("selected_rows", tensor), 3: one("lod_tensor", dense), 4: one("tensor_array", dense), 5: one("reader", of("ReaderDesc", fields{1: many("lod_tensor", dense)})),
		7: one("tuple", of("Tuple", fields{1: values("element_type", protobuf.Number)})), 8: one("string", tensor), 9: one("strings", tensor), 10: one("vocab", tensor), 11: one("sparse_coo", tensor), 12: one("sparse_csr", tensor),
	})
	attribute := of("Attr", fields{1: text("name"), 2: number("type"), 3: number("i"), 4: text("s"), 5: values("ints", protobuf.Number)})
	return of("VarDesc", fields{
		1: text("name"), 2: one("type", kind), 3: number("persistable"), 4: number("need_check_feed"), 5: number("is_parameter"), 6: number("stop_gradient"), 7: many("attrs", attribute),
	})
}
