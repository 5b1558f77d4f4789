package keras

import (
	"regexp"
	"strings"
)

// classes are what Keras exports and writes into configurations, by what they are:
// keras/api/*/__init__.py of Keras 2.0 to 3.13, and the classes that only appear
// inside (Functional, DTypePolicy, CompileMetrics ...). Every one of them builds a
// tensor computation from numbers and names; those that do more are in dangerous.
var classes = set(`
	Functional Model Sequential Network Container Graph Merge
	Input InputLayer InputSpec Layer Wrapper Identity Masking Dense EinsumDense Embedding ReversibleEmbedding Activation ActivityRegularization
	ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU
	AdditiveAttention Attention GroupQueryAttention GroupedQueryAttention MultiHeadAttention
	Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
	Convolution1DTranspose Convolution2DTranspose Convolution3DTranspose Deconvolution2D Deconvolution3D AtrousConvolution1D AtrousConvolution2D
	DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D LocallyConnected1D LocallyConnected2D
	Add Average Concatenate Dot Maximum Minimum Multiply Subtract
	BatchNormalization BatchNormalizationV1 BatchNormalizationV2 SyncBatchNormalization GroupNormalization LayerNormalization RMSNormalization
	SpectralNormalization UnitNormalization Normalization
	AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D MaxPooling1D MaxPooling2D MaxPooling3D MaxPool1D MaxPool2D MaxPool3D
	GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D
	GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D
	AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D
	CategoryEncoding CenterCrop Discretization HashedCrossing Hashing IntegerLookup StringLookup IndexLookup TextVectorization FeatureSpace
	MelSpectrogram STFTSpectrogram Pipeline Rescaling Resizing AugMix AutoContrast Equalization CutMix MixUp RandAugment MaxNumBoundingBoxes Solarization
	RandomApply RandomBrightness RandomChoice RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing
	RandomFlip RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
	RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom
	AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D SpatialDropout
	Cropping1D Cropping2D Cropping3D Flatten Permute RepeatVector Reshape UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
	Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU GRUCell GRUV2 GRUCellV2 CuDNNGRU CuDNNLSTM LSTM LSTMCell LSTMV2 LSTMCellV2 RNN AbstractRNNCell
	SimpleRNN SimpleRNNCell StackedRNNCells TimeDistributed Highway MaxoutDense DenseFeatures
	RandomFourierFeatures

	Accuracy AUC BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy CategoricalCrossentropy CategoricalHinge ConcordanceCorrelation
	CosineSimilarity F1Score FBetaScore FalseNegatives FalsePositives Hinge IoU KLDivergence LogCoshError Mean MeanAbsoluteError
	MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanRelativeError MeanSquaredError MeanSquaredLogarithmicError MeanTensor Metric OneHotIoU
	OneHotMeanIoU PearsonCorrelation Poisson Precision PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError
	SensitivityAtSpecificity SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity
	SquaredHinge Sum TopKCategoricalAccuracy TrueNegatives TruePositives CompileMetrics CompileLoss MetricsList LossesContainer MetricsContainer

	BinaryFocalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CTC Circle Dice Huber LogCosh Loss LossFunctionWrapper
	MeanAbsolutePercentageError Tversky

	Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer LossScaleOptimizerV3 MultiOptimizer Muon Nadam Optimizer RMSprop SGD ScheduleFreeAdamW
	CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay LearningRateSchedule PiecewiseConstantDecay PolynomialDecay WarmUp AdamWeightDecay
	TFOptimizer

	Constant Glorot GlorotNormal GlorotUniform HeNormal HeUniform IdentityInitializer Initializer LecunNormal LecunUniform Ones Orthogonal OrthogonalInitializer
	RandomNormal RandomUniform STFT STFTInitializer TruncatedNormal VarianceScaling Zeros
	L1 L1L2 L2 OrthogonalRegularizer Regularizer
	Constraint MaxNorm MinMaxNorm NonNeg UnitNorm RadialConstraint
	DTypePolicy DTypePolicyMap FloatDTypePolicy Policy PolicyV1 QuantizedDTypePolicy QuantizedFloat8DTypePolicy GPTQDTypePolicy Int4DTypePolicy
	AbsMaxQuantizer Quantizer QuantizationConfig Int4QuantizationConfig Int8QuantizationConfig Float8QuantizationConfig GPTQConfig
	SeedGenerator Feature KerasTensor TensorShape
	TensorSpec RaggedTensorSpec SparseTensorSpec
`)

// special are class names that stand for values (serialize_keras_object).
var special = set(`__tensor__ __numpy__ __bytes__ __slice__ __ellipsis__ __keras_tensor__ __tuple__ __list__ __dict__ __set__ __complex__ __dtype__`)

// functions are the activations, losses, metrics, initializers and constraints that
// a configuration names.
var functions = set(`
	celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid log_softmax mish relu relu6
	selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
	binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy categorical_generalized_cross_entropy
	categorical_hinge circle cosine_proximity cosine_similarity ctc dice hinge huber huber_loss kl_divergence KLD kld kullback_leibler_divergence
	log_cosh logcosh mean_absolute_error MAE mae mean_absolute_percentage_error MAPE mape mean_squared_error MSE mse mean_squared_logarithmic_error
	MSLE msle poisson sparse_categorical_crossentropy squared_hinge tversky
	accuracy acc binary_accuracy categorical_accuracy sparse_categorical_accuracy sparse_top_k_categorical_accuracy top_k_categorical_accuracy
	concordance_correlation pearson_correlation
	constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform ones ones_initializer orthogonal random_normal
	random_uniform truncated_normal uniform normal zeros variance_scaling
	l1 l1_l2 l2 orthogonal_regularizer max_norm maxnorm min_max_norm non_neg nonneg unit_norm unitnorm
`)

// dangerous are references of Keras itself that reach further than a computation.
var dangerous = map[string]string{
	"get_file":                      "downloads any URL to any path and unpacks it (CVE-2025-8747, CVE-2025-12060)",
	"enable_unsafe_deserialization": "switches safe mode off for what follows (CVE-2025-9906)",
	"TFSMLayer":                     "loads a SavedModel from a path, also in safe mode (CVE-2026-1462)",
	"TorchModuleWrapper":            "unpickles a PyTorch module (CVE-2025-49655)",
	"load_model":                    "loads another model",
	"load_img":                      "reads a file",
	"save_img":                      "writes a file",
	"func_load":                     "runs marshalled byte code",
	"extract_archive":               "unpacks an archive to the disk",
	"download":                      "downloads a file",
	"load_weights":                  "reads a file",
	"run_command":                   "runs a command",
	"deserialize":                   "builds what another configuration says",
	"deserialize_keras_object":      "builds what another configuration says",
	"FlaxLayer":                     "calls functions that its configuration names",
	"JaxLayer":                      "calls functions that its configuration names",
}

// roots are the packages from which Keras resolves a class by its module.
var roots = set(`keras keras_hub keras_cv keras_nlp tf_keras tensorflow`)

var (
	// operation matches modules in which every class is an operation on tensors: a
	// model that computes with operators is saved with them.
	operation = regexp.MustCompile(`^(?:tf_)?keras\.(?:src\.)?ops\.[a-z_]+$`)
	// component matches modules of the companion packages that hold nothing but
	// layers and models.
	component = regexp.MustCompile(`^keras_(?:hub|nlp|cv)\.(?:api\.)?(?:src\.)?(?:models|layers|tokenizers|samplers|metrics|bounding_box|losses)(?:\.[a-z0-9_]+)*$`)
	// inside matches the modules in which the classes of the list are: public ones,
	// and those of the implementation in the versions so far.
	inside    = regexp.MustCompile(`^(?:keras|tf_keras|tensorflow\.(?:python\.)?keras|tensorflow\.python\.framework|tensorflow\.python\.ops)(?:\.[a-z0-9_]+)*$`)
	className = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

// tensorModules are the parts of the TensorFlow API of which a layer made from an
// operator (TFOpLambda, Keras 2) may call any function.
var tensorModules = set(`math nn linalg image signal strings sets random ragged sparse bitwise dtypes quantization __operators__ experimental.numpy compat.v1 compat.v1.math compat.v1.nn compat.v1.image keras.backend`)

// tensorNames are top-level functions of TensorFlow that compute.
var tensorNames = set(`
	abs add argmax argmin argsort boolean_mask broadcast_to cast clip_by_value concat constant convert_to_tensor cos cumsum divide einsum
	equal exp expand_dims eye fill floor gather gather_nd greater greater_equal identity less less_equal linspace logical_and logical_not logical_or
	matmul maximum meshgrid minimum multiply negative not_equal one_hot ones ones_like pad pow range rank reduce_all reduce_any reduce_max reduce_mean
	reduce_min reduce_prod reduce_sum repeat reshape reverse roll round scatter_nd searchsorted sequence_mask shape sigmoid sign sin size slice sort
	space_to_batch split sqrt square squeeze stack stop_gradient strided_slice subtract tan tanh tensor_scatter_nd_update tensordot tile transpose
	truediv unique unstack where zeros zeros_like
	depth_to_space space_to_depth transpose_v2 concat_v2 expand_dims_v2 norm to_float to_int32 relu softmax
`)

func set(words string) map[string]bool {
	out := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

// root is the package of a module.
func root(module string) string {
	first, _, _ := strings.Cut(module, ".")
	return first
}

// tensorFunction reports a function of TensorFlow that only computes.
func tensorFunction(name string) bool {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return tensorNames[name]
	}
	module := name[:i]
	if module == "compat.v1" {
		return tensorNames[name[i+1:]]
	}
	return tensorModules[module] && !fileFunction(name[i+1:])
}

// fileFunction reports names of functions that use files, in modules that otherwise
// compute.
func fileFunction(name string) bool {
	return strings.Contains(name, "file") || strings.Contains(name, "py_func") || strings.Contains(name, "load") || strings.Contains(name, "save")
}
