package onnx

import (
	"maps"
	"strings"
)

// standing is how an operator is judged. The zero value is unknown.
type standing uint8

const (
	unknown  standing = iota
	computes          // from tensors to tensors, and nothing else
	library           // computes, in a library that the user has to load
	python
	native
	fallback
)

// domain is what is known of the operators of one domain.
type domain struct {
	name      string
	source    string
	operators map[string]standing
}

// names is the standing of every name in a list.
func names(s standing, list string) map[string]standing {
	m := make(map[string]standing)
	for name := range strings.FieldsSeq(list) {
		m[name] = s
	}
	return m
}

func merge(tables ...map[string]standing) map[string]standing {
	all := make(map[string]standing)
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// domains are the known ones. The standard's empty name is spelled ai.onnx here.
func domains() map[string]domain {
	list := []domain{
		{"ai.onnx", "onnx.defs.get_all_schemas_with_history() of onnx 1.12, docs/Operators.md of 1.20 (opset 26), and what ONNX Runtime keeps of the experimental operators of 1.3",
			merge(names(computes, standardOperators), names(computes, experimentalOperators), map[string]standing{"ATen": fallback})},
		{"ai.onnx.ml", "onnx.defs of onnx 1.12, docs/Operators-ml.md (TreeEnsemble)", names(computes, mlOperators)},
		{"ai.onnx.training", "docs/Operators.md of onnx 1.7", names(computes, "Gradient GraphCall")},
		{"ai.onnx.preview.training", "onnx.defs of onnx 1.12", names(computes, "Adagrad Adam Gradient Momentum")},
		{"com.microsoft", "docs/ContribOperators.md of ONNX Runtime; the others are described beside their kernels",
			merge(names(computes, microsoftOperators), map[string]standing{
				"EPContext": native,                         // contrib_defs.cc: ep_cache_context holds a compiled graph, or names a file
				"Snpe":      native,                         // contrib_defs.cc: DLC holds a model for Qualcomm's runtime
				"ATen":      fallback,                       // orttraining: attribute operator
				"PythonOp":  python, "PythonOpGrad": python, // orttraining: torch.autograd.Function by name
			})},
		{"com.microsoft.nchwc", "nchwc_schema_defs.cc of ONNX Runtime", names(computes, "ReorderInput ReorderOutput Conv MaxPool GlobalMaxPool AveragePool GlobalAveragePool Upsample")},
		{"com.ms.internal.nhwc", "internal_nhwc_onnx_schemas.cc of ONNX Runtime: standard operators with another layout", names(computes, "AveragePool BatchNormalization Conv ConvInteger ConvTranspose DepthToSpace GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample InstanceNormalization LRN LpPool MaxPool MaxUnpool QLinearAveragePool QLinearConv QLinearConvTranspose Resize SpaceToDepth Upsample")},
		{"ai.onnx.contrib", "docs/custom_ops.md of onnxruntime-extensions; onnxruntime_extensions/_ocos.py for the Python operators",
			merge(names(library, extensionOperators), map[string]standing{"PyOp": python, "PyCustomOpDef": python})},
		{"org.pytorch.aten", "torch.onnx: OperatorExportTypes.ONNX_ATEN_FALLBACK", names(fallback, "ATen")},
		{"trt.plugins", "NVIDIA, TensorRT execution provider: names of plug-ins, each a native library", nil},
	}
	m := make(map[string]domain, len(list))
	for _, d := range list {
		m[d.name] = d
	}
	return m
}

// nativeDomains hold compiled code whatever the operator is called.
var nativeDomains = map[string]string{
	"trt.plugins": "a TensorRT plug-in",
}

const standardOperators = `
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization Bernoulli BitCast
BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress
Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT DeformConv
DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor
GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample
GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If ImageDecoder InstanceNormalization IsInf
IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger
Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg
NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or PRelu Pad
Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike RandomUniform
RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scan
Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert
SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign
SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum Swish Tan Tanh
TensorScatter TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor`

// Removed from the standard in 1.4 and 1.7, still in models and in runtimes.
const experimentalOperators = `
Affine ConstantFill Crop DynamicSlice GRUUnit GivenTensorFill ImageScaler ParametricSoftplus Scale ScaledTanh
MeanSquaredDistance ImageToCol Inverse SimplifiedLayerNormalization`

const mlOperators = `
ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder
LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble
TreeEnsembleClassifier TreeEnsembleRegressor ZipMap`

const microsoftOperators = `
Attention AttnLSTM BeamSearch BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu BifurcationDetector BitmaskBiasDropout
BitmaskDropout CDist CausalConvWithState ComplexMul ComplexMulConj ConvTransposeWithDynamicPads CropAndResize
DecoderAttention DecoderMaskedMultiHeadAttention DecoderMaskedSelfAttention DequantizeBFP DequantizeLinear
DequantizeWithOrder DynamicQuantizeLSTM DynamicQuantizeMatMul DynamicTimeWarping EmbedLayerNormalization EngramGate
ExpandDims FastGelu FusedConv FusedGemm FusedMatMul FusedMatMulActivation GatedAdd GatedDeltaNet GatedRMSNorm
GatedRelativePositionBias GatherBlockQuantized GatherND Gelu GemmFastGelu GemmFloat8 GemmaRotaryEmbedding GreedySearch
GridSample GroupNorm GroupQueryAttention Inverse Irfft IsAllFinite LinearAttention LinearAttentionGate LongformerAttention
MRotaryEmbedding MatMulBlockQuantizedFp4Weight MatMulBlockQuantizedFp8Weight MatMulBnb4 MatMulFpQ4 MatMulInteger16
MatMulIntegerToFloat MatMulNBits MatMulNBitsMlp MatMulNBitsQkv MaxpoolWithMask MoE MulInteger MultiHeadAttention
MurmurHash3 NGramHashMapping NGramRepeatBlock NhwcConv NhwcFusedConv NhwcMaxPool PackedAttention
PackedMultiHeadAttention Pad PagedAttention QAttention QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool
QLinearConcat QLinearConv QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid
QLinearSoftmax QLinearWhere QMoE QOrderedAttention QOrderedGelu QOrderedLayerNormalization QOrderedLongformerAttention
QOrderedMatMul QuantizeBFP QuantizeLinear QuantizeWithOrder QuickGelu Range ReduceSumInteger RelativePositionBias
RemovePadding RestorePadding Rfft RotaryEmbedding SampleOp Sampling SkipGroupNorm SkipLayerNormalization
SkipSimplifiedLayerNormalization SparseAttention SparseToDenseMatMul Tokenizer TorchEmbedding TransposeMatMul Trilu
UnfoldTensor Unique VarlenCausalConvWithState VarlenNGramHashMapping WhisperBeamSearch WordConvEmbedding`

const extensionOperators = `
AudioDecoder BasicTokenizer BertTokenizer BertTokenizerDecoder BlingFireSentenceBreaker BpeDecoder CLIPTokenizer DecodeImage
DrawBoundingBoxes EncodeImage GaussianBlur GPT2Tokenizer HfBertTokenizer HfJsonTokenizer ImageDecoder Inverse
KeywordLUT NegPos RaggedTensorToDense RaggedTensorToSparse RobertaTokenizer SegmentExtraction SegmentSum
SentencepieceDecoder SentencepieceTokenizer SpmTokenizer STFT StftNorm StringConcat StringECMARegexReplace
StringECMARegexSplitWithOffsets StringEqual StringHash StringHashFast StringJoin StringLength StringLower StringMapping
StringRaggedTensorToDense StringRegexReplace StringRegexSplitWithOffsets StringSplit StringStrip StringToVector
StringUpper TrieDetokenizer TrieTokenizer VectorToString WhisperTokenizer WordpieceTokenizer`
