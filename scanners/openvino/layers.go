package openvino

import (
	"strings"
	"sync"
)

var (
	layers          = table(known)
	tokenizerLayers = table(tokenizers)
)

func table(names string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		set := make(map[string]bool)
		for name := range strings.FieldsSeq(names) {
			set[name] = true
		}
		return set
	})
}

// known are the operators of OpenVINO's sets 1 to 16. Source:
// src/core/include/openvino/opsets/opset*_tbl.hpp of OpenVINO 2025; a Constant is
// called Const in a graph.
const known = `
Abs Acos Acosh AdaptiveAvgPool AdaptiveMaxPool Add Asin Asinh Assign Atan Atanh AvgPool BatchNormInference BatchToSpace
BinaryConvolution BitwiseAnd BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor Broadcast Bucketize
CTCGreedyDecoder CTCGreedyDecoderSeqLen CTCLoss Ceiling Clamp Col2Im Concat Const Convert ConvertLike ConvertPromoteTypes
Convolution ConvolutionBackpropData Cos Cosh CumSum DFT DeformableConvolution DeformablePSROIPooling DepthToSpace
DetectionOutput Divide Einsum Elu EmbeddingBagOffsets EmbeddingBagOffsetsSum EmbeddingBagPacked EmbeddingBagPackedSum
EmbeddingSegmentsSum Equal Erf Exp ExperimentalDetectronDetectionOutput ExperimentalDetectronGenerateProposalsSingleImage
ExperimentalDetectronPriorGridGenerator ExperimentalDetectronROIFeatureExtractor ExperimentalDetectronTopKROIs
ExtractImagePatches Eye FakeConvert FakeQuantize Floor FloorMod GRN GRUCell GRUSequence Gather GatherElements GatherND
GatherTree Gelu GenerateProposals Greater GreaterEqual GridSample GroupConvolution GroupConvolutionBackpropData
GroupNormalization HSigmoid HSwish HardSigmoid I420toBGR I420toRGB IDFT IRDFT ISTFT Identity If Interpolate Inverse
IsFinite IsInf IsNaN LRN LSTMCell LSTMSequence Less LessEqual Log LogSoftmax LogicalAnd LogicalNot LogicalOr LogicalXor
Loop MOE MVN MatMul MatrixNms MaxPool Maximum Minimum Mish Mod MulticlassNms Multinomial Multiply NMSRotated NV12toBGR
NV12toRGB Negative NonMaxSuppression NonZero NormalizeL2 NotEqual OneHot PRelu PSROIPooling Pad Parameter Power PriorBox
PriorBoxClustered Proposal RDFT RNNCell RNNSequence ROIAlign ROIAlignRotated ROIPooling RandomUniform Range ReadValue
ReduceL1 ReduceL2 ReduceLogicalAnd ReduceLogicalOr ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum RegionYolo Relu
ReorgYolo Reshape Result Reverse ReverseSequence Roll Round STFT ScaledDotProductAttention ScatterElementsUpdate
ScatterNDUpdate ScatterUpdate SearchSorted SegmentMax Select Selu ShapeOf ShuffleChannels Sigmoid Sign Sin Sinh Slice
SliceScatter SoftPlus SoftSign Softmax SpaceToBatch SpaceToDepth SparseConv SparseFillEmptyRows Split Sqrt
SquaredDifference Squeeze StridedSlice StringTensorPack StringTensorUnpack Subtract Swish Tan Tanh TensorIterator Tile
TopK Transpose Unique Unsqueeze VariadicSplit Xor`

// tokenizers are the operators of openvino_tokenizers 2025 (src/ov_extension.cpp).
const tokenizers = `
BPETokenizer ByteFallback BytesToChars CaseFold CharsMapNormalization CharsToBytes CombineSegments EqualStr FuzeRagged
NormalizeUnicode RaggedTensorPack RaggedToDense RaggedToRagged RaggedToSparse RegexNormalization RegexSplit
SentencepieceDetokenizer SentencepieceStreamDetokenizer SentencepieceTokenizer SpecialTokensSplit StringTensorPack
StringTensorUnpack StringToHashBucket TrieTokenizer Truncate UTF8Validate UnigramTokenizer VocabDecoder VocabEncoder
WordpieceTokenizer WordpieceTokenizerWithOffsets`
