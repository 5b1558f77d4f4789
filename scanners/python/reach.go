package python

import (
	"regexp"
	"slices"
	"strings"
)

// frameworkClasses are those whose subclasses a framework finds by configuration
// and makes objects of: their methods run without another line of code. Sources:
// transformers dynamic_module_utils, diffusers, datasets 3 builder, sentence-
// transformers, MLflow pyfunc, TorchServe, Hugging Face inference toolkit.
var frameworkClasses = []string{
	"PreTrainedModel", "PretrainedConfig", "PreTrainedConfig", "PreTrainedTokenizer", "PreTrainedTokenizerFast", "PreTrainedTokenizerBase", "ProcessorMixin",
	"FeatureExtractionMixin", "SequenceFeatureExtractor", "ImageProcessingMixin", "BaseImageProcessor", "BaseImageProcessorFast", "BaseVideoProcessor", "GenerationMixin", "Pipeline",
	"DiffusionPipeline", "ModelMixin", "ConfigMixin", "SchedulerMixin", "ModularPipelineBlocks", "GeneratorBasedBuilder", "ArrowBasedBuilder", "BeamBasedBuilder", "DatasetBuilder",
	"Module", "PythonModel", "BaseHandler", "LightningModule", "Layer", "Model", "InputModule", "Component", "Transformer", "Tokenizer", "Config",
}

// frameworkModules begin the full names of bases that a framework defines: it may
// make an object of any subclass of them.
var frameworkModules = []string{
	"transformers.", "diffusers.", "sentence_transformers.", "torch.nn.", "torch.utils.data.", "torch.autograd.", "datasets.", "peft.", "accelerate.", "lightning.", "pytorch_lightning.",
	"keras.", "tensorflow.keras.", "tf_keras.", "mlflow.", "ts.", "huggingface_hub.", "open_clip.", "timm.", "spacy.", "flair.", "speechbrain.", "nemo.", "vllm.", "setfit.", "trl.", "allennlp.", "fairseq.", "espnet.",
	"optimum.", "gluonts.", "modelscope.", "paddlenlp.", "paddle.nn.", "flax.", "haystack.", "langchain.", "langchain_core.", "llama_index.", "gradio.",
}

// frameworkFiles are the names under which auto_map of config.json, modules.json
// and the hosts find classes.
var frameworkFiles = regexp.MustCompile(`^(?:modeling|modelling|configuration|tokenization|processing|image_processing|video_processing|feature_extraction|pipeline|scheduling|custom)(?:_.*)?\.py$|^(?:handler|model|score|inference)\.py$`)

// loaders are methods by which a framework gets an object of the class.
var loaders = []string{"from_pretrained", "_from_pretrained", "from_config", "_load_from_state_dict", "load_context"}

// datasetBuilders make a file a loading script of the datasets library.
var datasetBuilders = []string{"GeneratorBasedBuilder", "ArrowBasedBuilder", "BeamBasedBuilder"}

// frameworkFunctions are called by name: the SageMaker toolkit, Azure score.py,
// torch.hub, Hugging Face handlers, pytest.
var frameworkFunctions = []string{
	"model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn", "handler", "handle", "initialize", "load_model", "load_dataset", "_load_pyfunc", "generate", "pytest_configure", "pytest_sessionstart",
}

// frameworkObjects are classes that are found by their own name.
var frameworkObjects = []string{"EndpointHandler", "InferenceHandler", "TritonPythonModel", "Predictor", "ModelHandler"}

// classHooks are called for a class, without any object of it.
var classHooks = []string{"__init_subclass__", "__set_name__", "__prepare__", "__class_getitem__", "__mro_entries__", "__instancecheck__", "__subclasscheck__", "__subclasshook__"}

// spread marks who makes each scope run, and follows the calls from there.
func (f *flow) spread() {
	f.mark(f.module, atImport)
	for _, c := range f.classes {
		f.spreadClass(c)
	}
	for st, s := range f.ofStmt {
		switch {
		case s.main && f.renamed:
			f.mark(s, atImport)
		case s.main:
			f.mark(s, asMain)
		case s.parent == f.module && slices.Contains(frameworkFunctions, st.Name):
			f.mark(s, atEntry)
		case s.parent == f.module && (st.Name == "__getattr__" || st.Name == "__dir__"):
			f.mark(s, atImport)
		}
	}
}

func (f *flow) spreadClass(c *class) {
	how := idle
	if frameworkFiles.MatchString(f.file) || slices.ContainsFunc(loaders, func(name string) bool { return c.methods[name] != nil }) {
		how = atEntry
	}
	if slices.Contains(frameworkObjects, c.name) {
		how = atEntry
	}
	for _, base := range c.bases {
		_, last, ok := cutLast(base)
		if !ok {
			last = base
		}
		switch {
		case strings.HasPrefix(base, "setuptools.") || strings.HasPrefix(base, "distutils."):
			how = atImport // installing the package runs it
		case slices.Contains(frameworkClasses, last), slices.ContainsFunc(frameworkModules, func(m string) bool { return strings.HasPrefix(base, m) }):
			how = max(how, atEntry)
		}
	}
	for name, m := range c.methods {
		switch {
		case slices.Contains(classHooks, name):
			f.mark(m, atImport)
		case how > idle:
			f.mark(m, how)
		case name == "__del__" || name == "__reduce__" || name == "__reduce_ex__":
			f.mark(m, atEntry)
		}
	}
}

// mark sets how a scope is reached, and all that it calls.
func (f *flow) mark(s *scope, how reach) {
	todo := []*scope{s}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s.reach >= how {
			continue
		}
		s.reach = how
		for g := range s.calls {
			todo = append(todo, g)
		}
	}
}

// isDatasetScript reports a class that the datasets library would build.
func (f *flow) isDatasetScript() bool {
	for _, c := range f.classes {
		for _, base := range c.bases {
			if _, last, _ := cutLast(base); slices.Contains(datasetBuilders, last) {
				return true
			}
		}
	}
	return false
}
