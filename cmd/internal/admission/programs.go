package admission

// form says how a value names a model.
type form int

const (
	formName      form = iota // a Hub name, a URI or a path
	formURI                   // a URI; anything else names no model
	formLoose                 // a URI or a Hub name with a slash; anything else names no model
	formAdapters              // NAME=VALUE or JSON with "path", several words (vLLM --lora-modules)
	formList                  // VALUE or NAME=VALUE, separated by commas
	formJSON                  // JSON with "model" and "revision"
	formOverrides             // JSON that replaces keys of the model's configuration
	formGGUF                  // org/name[:quantisation], always of the main branch
	formImage                 // an OCI reference without scheme
)

// naming is a flag or a variable that names a model, with those that hold its
// revision.
type naming struct {
	form      form
	revisions []string
	source    string
}

const (
	vllm   = "vLLM engine arguments"
	sglang = "SGLang server arguments"
	tgi    = "text-generation-launcher and text-embeddings-router arguments"
	llama  = "llama.cpp tools/server/README.md"
	kserve = "KServe huggingfaceserver arguments"
	triton = "Triton tritonserver arguments"
	mlflow = "MLflow command line"
	common = "variables that serving images and charts have in common (k8s-aibom's list and ours)"
)

// revision is the usual flag, with the spelling of KServe.
var revision = []string{"--revision", "--model-revision"}

// flags are command line flags, with "-" for "_" as their parsers do.
var flags = map[string]naming{
	"--model":                        {formName, revision, vllm},
	"--tokenizer":                    {formName, []string{"--tokenizer-revision"}, vllm},
	"--hf-config-path":               {formName, revision, vllm},
	"--lora-modules":                 {formAdapters, nil, vllm},
	"--speculative-model":            {formName, []string{"--speculative-model-revision"}, vllm},
	"--speculative-config":           {formJSON, nil, vllm},
	"-sc":                            {formJSON, nil, vllm},
	"--hf-overrides":                 {formOverrides, nil, vllm},
	"--generation-config":            {formLoose, nil, vllm},
	"--model-path":                   {formName, revision, sglang},
	"--tokenizer-path":               {formName, revision, sglang},
	"--lora-paths":                   {formAdapters, nil, sglang},
	"--speculative-draft-model-path": {formName, []string{"--speculative-draft-model-revision"}, sglang},
	"--model-id":                     {formName, revision, tgi},
	"--lora-adapters":                {formList, nil, tgi},
	"--tokenizer-name":               {formName, nil, tgi},
	"-hf":                            {formGGUF, nil, llama},
	"-hfr":                           {formGGUF, nil, llama},
	"--hf-repo":                      {formGGUF, nil, llama},
	"-hfd":                           {formGGUF, nil, llama},
	"-hfrd":                          {formGGUF, nil, llama},
	"--hf-repo-draft":                {formGGUF, nil, llama},
	"-hfv":                           {formGGUF, nil, llama},
	"-hfrv":                          {formGGUF, nil, llama},
	"--hf-repo-v":                    {formGGUF, nil, llama},
	"-dr":                            {formImage, nil, llama},
	"--docker-repo":                  {formImage, nil, llama},
	"-mu":                            {formURI, nil, llama},
	"--model-url":                    {formURI, nil, llama},
	"-mmu":                           {formURI, nil, llama},
	"--mmproj-url":                   {formURI, nil, llama},
	"--model-dir":                    {formURI, nil, kserve},
	"--model-repository":             {formURI, nil, triton},
	"--model-store":                  {formURI, nil, triton},
	"--model-base-path":              {formURI, nil, "TensorFlow Serving arguments"},
	"--model-uri":                    {formURI, nil, mlflow},
}

// ownFlags begin like a flag that names a model and are flags of their own.
var ownFlags = map[string]bool{
	"--token": true, // access token of the Hub's command line and of others
	"--lora":  true, // llama.cpp: a file
	"--mode":  true, // of any program
}

// variables are environment variables. Those that servers read themselves may
// hold any name; the others are also used for names that load nothing, and count
// only when they look like a reference.
var variables = map[string]naming{
	"MODEL_ID":          {formName, []string{"REVISION", "MODEL_REVISION"}, tgi},
	"LORA_ADAPTERS":     {formList, nil, tgi},
	"HF_MODEL_ID":       {formName, []string{"HF_MODEL_REVISION", "HF_REVISION", "REVISION"}, "SageMaker Hugging Face containers"},
	"HF_MODEL":          {formName, []string{"HF_REVISION", "REVISION"}, common},
	"LLAMA_ARG_HF_REPO": {formGGUF, nil, llama},

	"LLAMA_ARG_HF_REPO_DRAFT": {formGGUF, nil, llama},
	"LLAMA_ARG_HFD_REPO":      {formGGUF, nil, llama},
	"LLAMA_ARG_HF_REPO_V":     {formGGUF, nil, llama},
	"LLAMA_ARG_DOCKER_REPO":   {formImage, nil, llama},
	"LLAMA_ARG_MODEL_URL":     {formURI, nil, llama},
	"STORAGE_URI":             {formURI, nil, kserve},
	"MODEL_NAME":              {formLoose, []string{"MODEL_REVISION", "REVISION"}, common},
	"MODEL":                   {formLoose, []string{"MODEL_REVISION", "REVISION"}, common},
	"MODEL_PATH":              {formLoose, []string{"MODEL_REVISION", "REVISION"}, common},
	"MODEL_URI":               {formURI, nil, common},
	"HF_MODEL_NAME":           {formLoose, []string{"HF_REVISION", "REVISION"}, common},
	"NIM_MODEL_NAME":          {formLoose, nil, "NVIDIA NIM configuration"},
	"TOKENIZER":               {formLoose, []string{"TOKENIZER_REVISION"}, common},
}

// program is a command whose first argument is a model. Of two that match, the
// first counts.
type program struct {
	words     []string
	form      form
	scheme    string // of formURI arguments without one
	revisions []string
}

var programs = []program{
	{[]string{"vllm", "serve"}, formName, "", revision},
	{[]string{"sglang", "serve"}, formName, "", revision},
	{[]string{"lmdeploy", "serve", "api_server"}, formName, "", revision},
	{[]string{"trtllm-serve", "serve"}, formName, "", nil},
	{[]string{"trtllm-serve"}, formName, "", nil},
	{[]string{"huggingface-cli", "download"}, formName, "", revision},
	{[]string{"hf", "download"}, formName, "", revision},
	{[]string{"ollama", "run"}, formURI, "ollama", nil},
	{[]string{"ollama", "pull"}, formURI, "ollama", nil},
	{[]string{"kit", "pull"}, formImage, "", nil},
	{[]string{"kit", "unpack"}, formImage, "", nil},
	{[]string{"modctl", "pull"}, formImage, "", nil},
	{[]string{"modctl", "fetch"}, formImage, "", nil},
}

// serveImages are images, by the last part of their name, whose entry point is
// `vllm serve`: their first argument is the model. A name can only add a check.
var serveImages = map[string]bool{"vllm-openai": true}

// storageInitializer is the init container of KServe whose arguments are pairs
// of URI and target path. Source: storage_initializer_injector.go.
const storageInitializer = "storage-initializer"

// otherHub are variables that make Hub names mean something else than the Hub.
// Sources: vLLM, SGLang and LMDeploy environment variables; huggingface_hub
// constants.py.
var otherHub = []string{
	"VLLM_USE_MODELSCOPE", "SGLANG_USE_MODELSCOPE", "LMDEPLOY_USE_MODELSCOPE", "VLLM_MODEL_REDIRECT_PATH", "HUGGINGFACE_CO_STAGING",
}

// loadsLater are variables that let a server load models that were not there
// when it was admitted. Source: vLLM environment variables.
var loadsLater = []string{"VLLM_ALLOW_RUNTIME_LORA_UPDATING"}
