package coreml

import "assay/scanners/internal/protobuf"

type (
	schema = protobuf.Schema[*scan]
	fields = map[uint64]protobuf.Def[*scan]
	def    = protobuf.Def[*scan]
	done   = func(*scan, protobuf.Field, []byte) error
)

func text(name string, d done) def { return def{Name: name, Kind: protobuf.Text, Done: d} }

func texts(name string) def { return def{Name: name, Kind: protobuf.Text, Repeated: true} }

func number(name string) def { return def{Name: name, Kind: protobuf.Number} }

func values(name string, k protobuf.Kind) def { return def{Name: name, Kind: k, Repeated: true} }

// data is a message of numbers and labels that names no code and no file.
func data(name string) def { return def{Name: name, Kind: protobuf.Raw} }

func datas(name string) def { return def{Name: name, Kind: protobuf.Raw, Repeated: true} }

func one(name string, m *schema) def { return def{Name: name, Kind: protobuf.Message, Message: m} }

func many(name string, m *schema) def {
	return def{Name: name, Kind: protobuf.Message, Repeated: true, Message: m}
}

func of(name string, f fields) *schema { return &schema{Name: name, Fields: f} }

func mapOf(name string, m *schema) def {
	return many(name, of(name+" entry", fields{1: text("key", nil), 2: one("value", m)}))
}

// dataModels are the fields of Model for models of numbers and labels. Source:
// Model.proto of coremltools 8.
var dataModels = map[uint64]string{
	300: "glmRegressor", 301: "supportVectorRegressor", 302: "treeEnsembleRegressor", 304: "bayesianProbitRegressor",
	400: "glmClassifier", 401: "supportVectorClassifier", 402: "treeEnsembleClassifier", 404: "kNearestNeighborsClassifier",
	501: "itemSimilarityRecommender", 560: "classConfidenceThresholding", 600: "oneHotEncoder", 601: "imputer", 602: "featureVectorizer", 603: "dictVectorizer",
	604: "scaler", 606: "categoricalMapping", 607: "normalizer", 609: "arrayFeatureExtractor", 610: "nonMaximumSuppression", 900: "identity",
	2000: "textClassifier", 2001: "wordTagger", 2002: "visionFeaturePrint", 2003: "soundAnalysisPreprocessing", 2004: "gazetteer", 2005: "wordEmbedding", 2006: "audioFeaturePrint",
}

func modelSchema() *schema {
	m := of("Model", fields{1: number("specificationVersion"), 2: one("description", descriptionSchema()), 10: number("isUpdatable")})
	for n, name := range dataModels {
		m.Fields[n] = data(name)
	}
	pipeline := of("Pipeline", fields{1: many("models", m), 2: texts("names")})
	m.Fields[200] = one("pipelineClassifier", of("PipelineClassifier", fields{1: one("pipeline", pipeline)}))
	m.Fields[201] = one("pipelineRegressor", of("PipelineRegressor", fields{1: one("pipeline", pipeline)}))
	m.Fields[202] = one("pipeline", pipeline)
	network := networkSchema()
	m.Fields[303], m.Fields[403], m.Fields[500] = one("neuralNetworkRegressor", network), one("neuralNetworkClassifier", network), one("neuralNetwork", network)
	m.Fields[502] = one("mlProgram", programSchema())
	m.Fields[555] = one("customModel", of("CustomModel", fields{10: text("className", (*scan).customClass), 30: datas("parameters"), 40: text("description", nil)}))
	parameter := of("StringParameter", fields{1: text("defaultValue", (*scan).linked)})
	m.Fields[556] = one("linkedModel", of("LinkedModel", fields{1: one("linkedModelFile", of("LinkedModelFile", fields{1: one("linkedModelFileName", parameter), 2: one("linkedModelSearchPath", parameter)}))}))
	return m
}

func descriptionSchema() *schema {
	metadata := of("Metadata", fields{
		1: text("shortDescription", nil), 2: text("versionString", nil), 3: text("author", nil), 4: text("license", nil),
		100: many("userDefined", of("userDefined entry", fields{1: text("key", nil), 2: text("value", nil)})),
	})
	return of("ModelDescription", fields{
		1: datas("input"), 10: datas("output"), 11: text("predictedFeatureName", nil), 12: text("predictedProbabilitiesName", nil), 13: datas("state"),
		20: datas("functions"), 21: text("defaultFunctionName", nil), 50: datas("trainingInput"), 100: one("metadata", metadata),
	})
}

// networkSchema is NeuralNetwork with what its classifier and regressor add. Layers
// of numbers are data; those that hold networks are walked.
func networkSchema() *schema {
	layer := of("NeuralNetworkLayer", fields{1: text("name", nil), 2: texts("input"), 3: texts("output"), 4: datas("inputTensor"), 5: datas("outputTensor"), 10: number("isUpdatable")})
	network := of("NeuralNetwork", fields{
		1: many("layers", layer), 2: datas("preprocessing"), 5: number("arrayInputShapeMapping"), 6: number("imageInputShapeMapping"), 10: data("updateParams"),
		100: data("stringClassLabels"), 101: data("int64ClassLabels"), 200: text("labelProbabilityLayerName", nil),
	})
	for n := uint64(lowestLayer); n <= highestLayer; n++ {
		layer.Fields[n] = data("layer")
	}
	layer.Fields[500] = one("custom", of("CustomLayerParams", fields{10: text("className", (*scan).customClass), 20: datas("weights"), 30: datas("parameters"), 40: text("description", nil)}))
	layer.Fields[605] = one("branch", of("BranchLayerParams", fields{1: one("ifBranch", network), 2: one("elseBranch", network)}))
	layer.Fields[615] = one("loop", of("LoopLayerParams", fields{1: number("maxLoopIterations"), 2: text("conditionVar", nil), 3: one("conditionNetwork", network), 4: one("bodyNetwork", network)}))
	return network
}

// The layers of NeuralNetwork.proto have the fields from convolution to the last.
const (
	lowestLayer  = 100
	highestLayer = 1665
)

// programSchema is MIL.proto.
func programSchema() *schema {
	types, value := of("ValueType", nil), of("Value", nil)
	setTypes(types, value)
	repeated := func(k protobuf.Kind) *schema { return of("Repeated", fields{1: values("values", k)}) }
	tensor := of("TensorValue", fields{
		1: one("floats", repeated(protobuf.Float)), 2: one("ints", repeated(protobuf.Number)), 3: one("bools", repeated(protobuf.Number)), 4: one("strings", of("RepeatedStrings", fields{1: datas("values")})),
		5: one("longInts", repeated(protobuf.Number)), 6: one("doubles", repeated(protobuf.Double)), 7: one("bytes", of("RepeatedBytes", fields{1: data("values")})),
	})
	list := of("ListValue", fields{1: many("values", value)})
	immediate := of("ImmediateValue", fields{1: one("tensor", tensor), 2: one("tuple", list), 3: one("list", list), 4: one("dictionary", of("DictionaryValue", fields{1: many("values", of("KeyValuePair", fields{1: one("key", value), 2: one("value", value)}))}))})
	blob := of("BlobFileValue", fields{1: text("fileName", (*scan).blobFile), 2: number("offset")})
	blob.End = (*scan).endBlob
	value.Fields = fields{1: text("docString", nil), 2: one("type", types), 3: one("immediateValue", immediate), 5: one("blobFileValue", blob)}

	named := of("NamedValueType", fields{1: text("name", nil), 2: one("type", types)})
	argument := of("Argument", fields{1: many("arguments", of("Binding", fields{1: text("name", nil), 2: one("value", value)}))})
	block := of("Block", nil)
	operation := of("Operation", fields{1: text("type", (*scan).operation), 2: mapOf("inputs", argument), 3: many("outputs", named), 4: many("blocks", block), 5: mapOf("attributes", value)})
	block.Fields = fields{1: many("inputs", named), 2: texts("outputs"), 3: many("operations", operation), 4: mapOf("attributes", value)}
	function := of("Function", fields{1: many("inputs", named), 2: text("opset", nil), 3: mapOf("block_specializations", block), 4: mapOf("attributes", value)})
	return of("Program", fields{1: number("version"), 2: mapOf("functions", function), 3: text("docString", nil), 4: mapOf("attributes", value)})
}

// setTypes fills in ValueType, whose tensors have attributes with values.
func setTypes(types, value *schema) {
	dimension := of("Dimension", fields{1: one("constant", of("ConstantDimension", fields{1: number("size")})), 2: one("unknown", of("UnknownDimension", fields{1: number("variadic")}))})
	tensor := of("TensorType", fields{1: number("dataType"), 2: number("rank"), 3: many("dimensions", dimension), 4: mapOf("attributes", value)})
	types.Fields = fields{
		1: one("tensorType", tensor), 2: one("listType", of("ListType", fields{1: one("type", types), 2: one("length", dimension)})),
		3: one("tupleType", of("TupleType", fields{1: many("types", types)})), 4: one("dictionaryType", of("DictionaryType", fields{1: one("keyType", types), 2: one("valueType", types)})),
		5: one("stateType", of("StateType", fields{1: one("wrappedType", types)})),
	}
}
