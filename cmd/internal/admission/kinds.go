package admission

import "slices"

// kind says where one kind of object keeps the names of models. Pointers are
// JSON Pointers (RFC 6901) with "*" for every member or element.
type kind struct {
	group    string
	versions []string
	kind     string
	pods     []string // PodSpecs
	mustPod  bool     // an object without a PodSpec is malformed
	boxes    []string // objects with the command, args and env of a container
	uris     []string // strings that name a model
	source   string
}

// kinds is everything the webhook understands. Any other kind is refused: a
// webhook that is sent a kind it cannot read would be a gate without a wall.
var kinds = []kind{
	{"", []string{"v1"}, "Pod", []string{"/spec"}, true, nil,
		// What KServe downloads before the containers start.
		[]string{"/metadata/annotations/internal.serving.kserve.io~1storage-initializer-sourceuri"},
		"k8s.io/api core/v1; kserve storage_initializer_injector.go"},
	{"", []string{"v1"}, "PodTemplate", []string{"/template/spec"}, false, nil, nil, "k8s.io/api core/v1"},
	{"", []string{"v1"}, "ReplicationController", []string{"/spec/template/spec"}, false, nil, nil, "k8s.io/api core/v1"},
	{"apps", []string{"v1"}, "Deployment", []string{"/spec/template/spec"}, true, nil, nil, "k8s.io/api apps/v1"},
	{"apps", []string{"v1"}, "ReplicaSet", []string{"/spec/template/spec"}, true, nil, nil, "k8s.io/api apps/v1"},
	{"apps", []string{"v1"}, "StatefulSet", []string{"/spec/template/spec"}, true, nil, nil, "k8s.io/api apps/v1"},
	{"apps", []string{"v1"}, "DaemonSet", []string{"/spec/template/spec"}, true, nil, nil, "k8s.io/api apps/v1"},
	{"batch", []string{"v1"}, "Job", []string{"/spec/template/spec"}, true, nil, nil, "k8s.io/api batch/v1"},
	{"batch", []string{"v1"}, "CronJob", []string{"/spec/jobTemplate/spec/template/spec"}, true, nil, nil, "k8s.io/api batch/v1"},

	{"serving.kserve.io", []string{"v1beta1"}, "InferenceService",
		[]string{"/spec/predictor", "/spec/transformer", "/spec/explainer", "/spec/predictor/workerSpec"}, false,
		[]string{"/spec/predictor/*", "/spec/explainer/*"},
		[]string{"/spec/predictor/*/storageUri", "/spec/explainer/*/storageUri", "/spec/predictor/storageUris/*/uri"},
		"kserve pkg/apis/serving/v1beta1/predictor.go"},
	{"serving.kserve.io", []string{"v1alpha1", "v1alpha2"}, "LLMInferenceService",
		[]string{"/spec/template", "/spec/worker", "/spec/prefill/template", "/spec/prefill/worker"}, false, nil,
		[]string{"/spec/model/uri", "/spec/model/lora/adapters/*/uri"},
		"kserve llm_inference_service_types.go"},
	{"serving.kserve.io", []string{"v1alpha1"}, "LocalModelCache", nil, false, nil,
		[]string{"/spec/sourceModelUri"}, "kserve local_model_cache_types.go"},
	{"serving.kserve.io", []string{"v1alpha1"}, "LocalModelNamespaceCache", nil, false, nil,
		[]string{"/spec/sourceModelUri"}, "kserve local_model_cache_types.go"},
	{"kubeai.org", []string{"v1"}, "Model", nil, false, []string{"/spec"},
		[]string{"/spec/url", "/spec/adapters/*/url"}, "kubeai api/k8s/v1/model_types.go"},
	{"leaderworkerset.x-k8s.io", []string{"v1"}, "LeaderWorkerSet",
		[]string{"/spec/leaderWorkerTemplate/leaderTemplate/spec", "/spec/leaderWorkerTemplate/workerTemplate/spec"}, true, nil, nil,
		"leaderworkerset_types.go"},
	{"trainer.kubeflow.org", []string{"v1alpha1"}, "TrainJob", []string{"/spec/podSpecOverrides/*"}, false, []string{"/spec/trainer"},
		[]string{"/spec/initializer/model/storageUri", "/spec/initializer/dataset/storageUri"},
		"kubeflow trainer v2 trainjob_types.go"},
	{"mlops.seldon.io", []string{"v1alpha1"}, "Model", nil, false, nil,
		[]string{"/spec/storageUri"}, "seldon-core v2 model_types.go"},
	{"nvidia.com", []string{"v1beta1"}, "DynamoModel", nil, false, nil,
		[]string{"/spec/source/uri"}, "dynamo dynamo_model_types.go"},
}

func findKind(k groupKind) (kind, bool) {
	for _, known := range kinds {
		if known.group == k.Group && known.kind == k.Kind && slices.Contains(known.versions, k.Version) {
			return known, true
		}
	}
	return kind{}, false
}

// csiReferences are the volume attributes by which CSI drivers name a model in
// an OCI registry. Source: modelpack/model-csi-driver docs/getting-started.md.
var csiReferences = map[string]string{
	"model.csi.modelpack.org": "model.csi.modelpack.org/reference",
}
