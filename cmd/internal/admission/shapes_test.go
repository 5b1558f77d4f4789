package admission

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func testLog(b *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// podSpecs are the ways in which a Pod names models: what is found and whether
// it is admitted. want lists "path raw" of every reference, and warnings begin
// with "!".
var podSpecs = []struct {
	name, spec string
	allowed    bool
	want       []string
}{
	// Image volumes.
	{"image volume by digest", `{"volumes":[{"name":"m","image":{"reference":"registry.test/good@` + digest + `","pullPolicy":"Always"}}]}`, true,
		[]string{"spec.volumes[0].image.reference registry.test/good@" + digest}},
	{"image volume by tag", `{"volumes":[{"name":"m","image":{"reference":"registry.test/good:v1"}}]}`, false,
		[]string{"spec.volumes[0].image.reference registry.test/good:v1"}},
	{"image volume of the default registry", `{"volumes":[{"name":"m","image":{"reference":"org/good@` + digest + `"}}]}`, true,
		[]string{"spec.volumes[0].image.reference org/good@" + digest}},
	{"image volume of the default registry, spelled out", `{"volumes":[{"name":"m","image":{"reference":"docker.io/org/good@` + digest + `"}}]}`, true,
		[]string{"spec.volumes[0].image.reference docker.io/org/good@" + digest}},
	{"image volume that names nothing", `{"volumes":[{"name":"m","image":{}}]}`, false, []string{"spec.volumes[0].image.reference "}},
	{"image volume of an unknown digest", `{"volumes":[{"name":"m","image":{"reference":"registry.test/good@sha256:` + strings.Repeat("b", 64) + `"}}]}`, false,
		[]string{"spec.volumes[0].image.reference registry.test/good@sha256:" + strings.Repeat("b", 64)}},
	{"ModelPack CSI volume", `{"volumes":[{"name":"m","csi":{"driver":"model.csi.modelpack.org","volumeAttributes":{"model.csi.modelpack.org/reference":"registry.test/good:v1"}}}]}`, false,
		[]string{"spec.volumes[0].csi.volumeAttributes[model.csi.modelpack.org/reference] registry.test/good:v1"}},
	{"other volumes", `{"volumes":[{"name":"m","emptyDir":{}},{"name":"c","csi":{"driver":"x","volumeAttributes":{"reference":"y"}}},{"name":"p","persistentVolumeClaim":{"claimName":"models"}}]}`, true, nil},

	// Flags.
	{"--model X --revision", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `"]}]}`, true, []string{"spec.containers[0].args[1] org/good"}},
	{"--model=X --revision=", `{"containers":[{"args":["--model=org/good","--revision=` + commit + `"]}]}`, true, []string{"spec.containers[0].args[0] org/good"}},
	{"--model without revision", `{"containers":[{"args":["--model","org/good"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"--model with a branch", `{"containers":[{"args":["--model","org/good","--revision","main"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"--model of one part", `{"containers":[{"args":["--model","gpt2"]}]}`, false, []string{"spec.containers[0].args[1] gpt2"}},
	{"two revisions", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `","--revision","` + other + `"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"code from another revision", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `","--code-revision","main"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"code from the same revision", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `","--code_revision=` + commit + `"]}]}`, true, []string{"spec.containers[0].args[1] org/good"}},
	{"tokenizer from another revision", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `","--tokenizer-revision","main"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"shortened revision", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `","--rev","main"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"shortened model flag", `{"containers":[{"args":["--model-pat","org/good"]}]}`, false, []string{"spec.containers[0].args[0] --model-pat"}},
	{"shortened, with underscores", `{"containers":[{"args":["--model_i=org/good"]}]}`, false, []string{"spec.containers[0].args[0] --model_i=org/good"}},
	{"shortened adapter flag", `{"containers":[{"args":["--lora-mod","a=org/bad"]}]}`, false, []string{"spec.containers[0].args[0] --lora-mod"}},
	{"a flag that only begins alike", `{"containers":[{"args":["--token","x","--model-name","y"]}]}`, true, nil},
	{"dotted JSON flag", `{"containers":[{"args":["--speculative-config.model","org/good"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"short JSON flag", `{"containers":[{"args":["-sc.model=org/good"]}]}`, false, []string{"spec.containers[0].args[0] org/good"}},
	{"code by override", `{"containers":[{"args":["--hf-overrides","{\"auto_map\":{\"AutoConfig\":\"org/bad--c.C\"}}"]}]}`, false,
		[]string{"spec.containers[0].args[1] {\"auto_map\":{\"AutoConfig\":\"org/bad--c.C\"}}"}},
	{"other override", `{"containers":[{"args":["--hf-overrides","{\"rope_theta\":1}"]}]}`, true, nil},
	{"generation configuration from elsewhere", `{"containers":[{"args":["--generation-config","org/bad"]}]}`, false, []string{"spec.containers[0].args[1] org/bad"}},
	{"generation configuration of the server", `{"containers":[{"args":["--generation-config","vllm"]}]}`, true, nil},
	{"draft model by variable", `{"containers":[{"env":[{"name":"LLAMA_ARG_HF_REPO_DRAFT","value":"org/bad"}]}]}`, false, []string{"spec.containers[0].env[0] org/bad"}},
	{"sglang serve", `{"containers":[{"command":["sglang","serve","org/good"]}]}`, false, []string{"spec.containers[0].command[2] org/good"}},
	{"two models", `{"containers":[{"args":["--model","org/good","--model","org/bad","--revision","` + commit + `"]}]}`, false,
		[]string{"spec.containers[0].args[1] org/good", "spec.containers[0].args[3] org/bad"}},
	{"tokenizer from elsewhere", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `","--tokenizer","org/good"]}]}`, false,
		[]string{"spec.containers[0].args[1] org/good", "spec.containers[0].args[5] org/good"}},
	{"tokenizer with its revision", `{"containers":[{"args":["--model","org/good","--revision","` + commit + `","--tokenizer","org/good","--tokenizer-revision","` + commit + `"]}]}`, true,
		[]string{"spec.containers[0].args[1] org/good", "spec.containers[0].args[5] org/good"}},
	{"KServe's underscores", `{"containers":[{"args":["--model_id=org/good","--model_revision=` + commit + `","--model_name=x"]}]}`, true, []string{"spec.containers[0].args[0] org/good"}},
	{"flag without value", `{"containers":[{"args":["--model","--port"]}]}`, false, []string{"spec.containers[0].args[0] --model"}},
	{"flag at the end", `{"containers":[{"args":["--model"]}]}`, false, []string{"spec.containers[0].args[0] --model"}},
	{"a path", `{"containers":[{"args":["--model","/mnt/models"]}]}`, true, []string{"! spec.containers[0].args[1]: /mnt/models is a path"}},
	{"a path in an image volume", `{"containers":[{"args":["--model","/models/llm"],"volumeMounts":[{"name":"m","mountPath":"/models/"}]}],
		"volumes":[{"name":"m","image":{"reference":"registry.test/good@` + digest + `"}}]}`, true, []string{"spec.volumes[0].image.reference registry.test/good@" + digest}},
	{"a path out of an image volume", `{"containers":[{"args":["--model","/models/../tmp"],"volumeMounts":[{"name":"m","mountPath":"/models"}]}],
		"volumes":[{"name":"m","image":{"reference":"registry.test/good@` + digest + `"}}]}`, true,
		[]string{"spec.volumes[0].image.reference registry.test/good@" + digest, "! spec.containers[0].args[1]: /models/../tmp is a path"}},
	{"object store", `{"containers":[{"args":["--model","s3://bucket/m"]}]}`, false, []string{"spec.containers[0].args[1] s3://bucket/m"}},
	{"not a name", `{"containers":[{"args":["--model","a/b/c"]}]}`, false, []string{"spec.containers[0].args[1] a/b/c"}},
	{"other flags", `{"containers":[{"args":["--mode","prod","--models","all","--model-name","x","--modelfile=a","-m","x"]}]}`, true, nil},
	{"adapters", `{"containers":[{"args":["--lora-modules","a=org/one","{\"name\":\"b\",\"path\":\"org/two\"}","c=/adapters/c","--port","1"]}]}`, false,
		[]string{"spec.containers[0].args[1] org/one", "spec.containers[0].args[2] org/two"}},
	{"speculative model", `{"containers":[{"args":["--speculative-config","{\"model\":\"org/good\",\"revision\":\"` + commit + `\",\"num_speculative_tokens\":3}"]}]}`, true,
		[]string{"spec.containers[0].args[1] org/good"}},
	{"speculation without model", `{"containers":[{"args":["--speculative-config","{\"method\":\"ngram\"}"]}]}`, true, nil},
	{"llama.cpp -hf", `{"containers":[{"args":["-hf","org/good:Q4_K_M"]}]}`, false, []string{"spec.containers[0].args[1] org/good:Q4_K_M"}},
	{"another -hf", `{"containers":[{"command":["df","-hf","/"]}]}`, true, nil},
	{"Triton", `{"containers":[{"args":["--model-repository=s3://bucket/repo"]}]}`, false, []string{"spec.containers[0].args[0] s3://bucket/repo"}},
	{"Triton with a folder", `{"containers":[{"args":["--model-repository=models"]}]}`, true, nil},

	// Positional.
	{"vllm serve", `{"containers":[{"command":["vllm","serve"],"args":["org/good","--revision","` + commit + `"]}]}`, true, []string{"spec.containers[0].args[0] org/good"}},
	{"vllm serve after flags", `{"containers":[{"command":["/usr/bin/vllm","serve","--port","8000","--enable-lora","org/good"]}]}`, false, []string{"spec.containers[0].command[5] org/good"}},
	{"vllm serve --model", `{"containers":[{"command":["vllm","serve","--model","org/good","--revision","` + commit + `"]}]}`, true, []string{"spec.containers[0].command[3] org/good"}},
	{"the image serves", `{"containers":[{"image":"mirror.test/vllm/vllm-openai:v1@` + digest + `","args":["org/good","--port","8000"]}]}`, false, []string{"spec.containers[0].args[0] org/good"}},
	{"vllm serve with a file", `{"containers":[{"command":["vllm","serve","--config","/c.yaml"]}]}`, false, []string{"spec.containers[0].command[0] vllm"}},
	{"vllm serve of what comes later", `{"containers":[{"command":["sh","-c","cat /m | xargs vllm serve"]}]}`, false, []string{"spec.containers[0].command[2] vllm"}},
	{"the image serves a default", `{"containers":[{"image":"vllm/vllm-openai","args":["--port","8000"]}]}`, false, []string{"spec.containers[0].image vllm-openai"}},
	{"the image serves a path", `{"containers":[{"image":"vllm/vllm-openai","args":["--model","/m","--port","8000"]}]}`, true, []string{"! spec.containers[0].args[1]: /m is a path"}},
	{"the command replaces the image's", `{"containers":[{"image":"vllm/vllm-openai","command":["sleep","1"]}]}`, true, nil},
	{"TensorRT-LLM", `{"containers":[{"command":["trtllm-serve","serve","org/good"]}]}`, false, []string{"spec.containers[0].command[2] org/good"}},
	{"the image does not serve", `{"containers":[{"image":"busybox","args":["org/good"]}]}`, true, nil},
	{"hf download", `{"initContainers":[{"command":["hf","download","org/good","--revision","` + commit + `","--local-dir","/m"]}]}`, true, []string{"spec.initContainers[0].command[2] org/good"}},
	{"download of a data set", `{"initContainers":[{"command":["huggingface-cli","download","--repo-type","dataset","org/good","--revision","` + commit + `"]}]}`, true,
		[]string{"spec.initContainers[0].command[4] hf://datasets/org/good"}},
	{"ollama", `{"containers":[{"command":["ollama","run","llama3.2"]}]}`, false, []string{"spec.containers[0].command[2] ollama://llama3.2"}},
	{"KitOps", `{"initContainers":[{"command":["kit","unpack","registry.test/good:v1","-d","/m"]}]}`, false, []string{"spec.initContainers[0].command[2] registry.test/good:v1"}},

	// Scripts.
	{"script", `{"containers":[{"command":["sh","-c","exec vllm serve org/good --revision ` + commit + ` | tee /log"]}]}`, true, []string{"spec.containers[0].command[2] org/good"}},
	{"script in args", `{"containers":[{"command":["/bin/bash"],"args":["-lc","pip install x && python3 -m vllm.entrypoints.openai.api_server \\\n --model 'org/bad' --revision ` + commit + `"]}]}`, false,
		[]string{"spec.containers[0].args[1] org/bad"}},
	{"script for the image's entry point", `{"containers":[{"args":["vllm serve org/good"]}]}`, false, []string{"spec.containers[0].args[0] org/good"}},
	{"script with assignments", `{"containers":[{"command":["sh","-c","M=org/good; export REV=` + commit + `\nvllm serve \"$M\" --revision ${REV}"]}]}`, true, []string{"spec.containers[0].command[2] org/good"}},
	{"script with a command", `{"containers":[{"command":["sh","-c","vllm serve $(cat /m)"]}]}`, false, []string{"spec.containers[0].command[2] "}},
	{"script with a variable of the image", `{"containers":[{"command":["sh","-c","vllm serve $MODEL_DIR"]}]}`, false, []string{"spec.containers[0].command[2] "}},
	{"script with a default", `{"containers":[{"command":["sh","-c","vllm serve ${M:-org/good}"]}]}`, false, []string{"spec.containers[0].command[2] "}},
	{"script in a script", `{"containers":[{"command":["sh","-c","bash -c 'vllm serve org/good'"]}]}`, false, []string{"spec.containers[0].command[2] org/good"}},
	{"script with a comment", `{"containers":[{"command":["sh","-c","# vllm serve org/bad\nsleep 1 # --model org/bad"]}]}`, true, nil},
	{"script that names no model", `{"containers":[{"command":["sh","-c","echo \"it's $HOME\" > /tmp/x; for i in 1 2; do sleep $i; done"]}]}`, true, nil},
	{"Python in a script", `{"containers":[{"command":["python","-c","from x import y\ny(\"hf://org/good@` + commit + `\")"]}]}`, true, []string{"spec.containers[0].command[2] hf://org/good@" + commit}},

	// Variables.
	{"MODEL_ID with REVISION", `{"containers":[{"env":[{"name":"MODEL_ID","value":"org/good"},{"name":"REVISION","value":"` + commit + `"}]}]}`, true, []string{"spec.containers[0].env[0] org/good"}},
	{"MODEL_ID alone", `{"containers":[{"env":[{"name":"MODEL_ID","value":"org/good"}]}]}`, false, []string{"spec.containers[0].env[0] org/good"}},
	{"HF_MODEL_ID", `{"ephemeralContainers":[{"env":[{"name":"HF_MODEL_ID","value":"org/bad"},{"name":"HF_MODEL_REVISION","value":"` + commit + `"}]}]}`, false, []string{"spec.ephemeralContainers[0].env[0] org/bad"}},
	{"MODEL_ID from elsewhere", `{"containers":[{"env":[{"name":"MODEL_ID","valueFrom":{"configMapKeyRef":{"name":"c","key":"k"}}}]}]}`, false, []string{"spec.containers[0].env[0] "}},
	{"revision from elsewhere", `{"containers":[{"env":[{"name":"MODEL_ID","value":"org/good"},{"name":"REVISION","valueFrom":{"configMapKeyRef":{"name":"c","key":"k"}}}]}]}`, false, []string{"spec.containers[0].env[0] org/good"}},
	{"MODEL_NAME as a label", `{"containers":[{"env":[{"name":"MODEL_NAME","value":"bert"},{"name":"MODEL","value":"gpt-4o"}]}]}`, true, nil},
	{"MODEL_NAME as a reference", `{"containers":[{"env":[{"name":"MODEL_NAME","value":"org/bad"}]}]}`, false, []string{"spec.containers[0].env[0] org/bad"}},
	{"MODEL_NAME from elsewhere", `{"containers":[{"env":[{"name":"MODEL_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}]}`, true, []string{"! spec.containers[0].env[0]: MODEL_NAME is not told"}},
	{"MODEL_PATH", `{"containers":[{"env":[{"name":"MODEL_PATH","value":"/models"}]}]}`, true, []string{"! spec.containers[0].env[0]: /models is a path"}},
	{"kubelet's expansion", `{"containers":[{"env":[{"name":"M","value":"org/good"},{"name":"R","value":"` + commit + `"}],"args":["--model=$(M)","--revision","$(R)"]}]}`, true, []string{"spec.containers[0].args[0] org/good"}},
	{"expansion of what is not known", `{"containers":[{"env":[{"name":"M","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}],"args":["--model=$(M)"]}]}`, false, []string{"spec.containers[0].args[0] "}},
	{"expansion of nothing", `{"containers":[{"args":["--model=$(M)"]}]}`, false, []string{"spec.containers[0].args[0] $(M)"}},
	{"expansion through envFrom", `{"containers":[{"envFrom":[{"configMapRef":{"name":"c"}}],"args":["--model=$(M)"]}]}`, false,
		[]string{"spec.containers[0].args[0] $(M)", "! spec.containers[0].envFrom"}},
	{"no expansion", `{"containers":[{"env":[{"name":"M","value":"org/good"}],"args":["--model=$$(M)"]}]}`, false, []string{"spec.containers[0].args[0] $(M)"}},

	// Anywhere.
	{"hf:// in a flag nobody knows", `{"containers":[{"args":["--weights=hf://org/good@` + commit + `"]}]}`, true, []string{"spec.containers[0].args[0] hf://org/good@" + commit}},
	{"hf:// with KServe's colon", `{"containers":[{"args":["hf://org/good:` + commit + `"]}]}`, true, []string{"spec.containers[0].args[0] hf://org/good:" + commit}},
	{"hf:// with a path", `{"containers":[{"args":["hf://org/good@` + commit + `/onnx/model.onnx"]}]}`, true, []string{"spec.containers[0].args[0] hf://org/good@" + commit + "/onnx/model.onnx"}},
	{"hf:// with --revision", `{"containers":[{"args":["--model","hf://org/good","--revision","` + commit + `"]}]}`, true, []string{"spec.containers[0].args[1] hf://org/good"}},
	{"hf:// with another --revision", `{"containers":[{"args":["--model","hf://org/good@` + commit + `","--revision","` + other + `"]}]}`, false, []string{"spec.containers[0].args[1] hf://org/good@" + commit}},
	{"hf:// data set", `{"containers":[{"args":["hf://datasets/org/good@` + commit + `"]}]}`, true, []string{"spec.containers[0].args[0] hf://datasets/org/good@" + commit}},
	{"hf:// in JSON in a variable", `{"containers":[{"env":[{"name":"CONFIG","value":"{\"a\": [\"hf://org/good@` + commit + `\", \"hf://org/bad@` + commit + `\"]}"}]}]}`, false,
		[]string{"spec.containers[0].env[0] hf://org/good@" + commit, "spec.containers[0].env[0] hf://org/bad@" + commit}},
	{"oci:// by digest", `{"containers":[{"args":["oci://registry.test/good@` + digest + `"]}]}`, true, []string{"spec.containers[0].args[0] oci://registry.test/good@" + digest}},
	{"words that only look alike", `{"containers":[{"args":["xhf://a/b","https://huggingface.co/org/good"],"env":[{"name":"HF_HOME","value":"/c"}]}]}`, true, nil},
	{"KServe's storage initializer", `{"initContainers":[{"name":"storage-initializer","args":["s3://bucket/m","/mnt/models","hf://org/good:` + commit + `","/mnt/x"]}]}`, false,
		[]string{"spec.initContainers[0].args[0] s3://bucket/m", "spec.initContainers[0].args[2] hf://org/good:" + commit}},

	// Another hub.
	{"HF_ENDPOINT", `{"containers":[{"env":[{"name":"HF_ENDPOINT","value":"https://mirror.test"}],"args":["hf://org/good@` + commit + `"]}]}`, false, []string{"spec.containers[0].args[0] hf://org/good@" + commit}},
	{"HF_ENDPOINT as it is", `{"containers":[{"env":[{"name":"HF_ENDPOINT","value":"https://huggingface.co/"}],"args":["hf://org/good@` + commit + `"]}]}`, true, []string{"spec.containers[0].args[0] hf://org/good@" + commit}},
	{"HF_ENDPOINT in a script", `{"containers":[{"command":["sh","-c","HF_ENDPOINT=https://mirror.test vllm serve org/good --revision ` + commit + `"]}]}`, false, []string{"spec.containers[0].command[2] org/good"}},
	{"HF_ENDPOINT without a model", `{"containers":[{"env":[{"name":"HF_ENDPOINT","value":"https://mirror.test"}]}]}`, true, nil},
	{"HF_ENDPOINT of another container", `{"containers":[{"env":[{"name":"HF_ENDPOINT","value":"https://mirror.test"}]},{"args":["hf://org/good@` + commit + `"]}]}`, true, []string{"spec.containers[1].args[0] hf://org/good@" + commit}},
	{"ModelScope", `{"containers":[{"env":[{"name":"VLLM_USE_MODELSCOPE","value":"True"}],"args":["--model","org/good","--revision","` + commit + `"]}]}`, false, []string{"spec.containers[0].args[1] org/good"}},
	{"adapters at run time", `{"containers":[{"env":[{"name":"VLLM_ALLOW_RUNTIME_LORA_UPDATING","value":"1"}]}]}`, true, []string{"! VLLM_ALLOW_RUNTIME_LORA_UPDATING is set"}},

	// Nothing.
	{"no model", `{"initContainers":[{"name":"i","image":"busybox","command":["sh","-c","true"]}],"containers":[{"name":"web","image":"nginx","args":["-g","daemon off;"],"env":[{"name":"A","value":"b"}],"envFrom":[{"secretRef":{"name":"s"}}]}],"volumes":[{"name":"v","configMap":{"name":"c"}}]}`, true, nil},
	{"nulls", `{"initContainers":null,"containers":[{"args":null,"env":null,"command":null}],"volumes":null}`, true, nil},
}

func TestPodShapes(t *testing.T) {
	c := start(t, Config{})
	for _, tc := range podSpecs {
		t.Run(tc.name, func(t *testing.T) {
			a := c.review(t, "CREATE", "v1 Pod", pod(tc.spec), "null")
			if a.Allowed != tc.allowed {
				t.Errorf("allowed=%v: %s", a.Allowed, a.Message)
			}
			k, _ := findKind(groupKind{"", "v1", "Pod"})
			x, err := extract(k, []byte(pod(tc.spec)), "https://huggingface.co")
			if err != nil {
				t.Fatal(err)
			}
			compare(t, x, tc.want)
			if len(a.Warnings) != len(x.warnings) {
				t.Errorf("warnings %q, want %q", a.Warnings, x.warnings)
			}
			// The same spec in every workload that runs Pods.
			for _, workload := range []string{"apps/v1 Deployment", "apps/v1 ReplicaSet", "apps/v1 StatefulSet", "apps/v1 DaemonSet", "batch/v1 Job", "v1 ReplicationController"} {
				if b := c.review(t, "CREATE", workload, object(workload, `"spec":{"template":{"spec":`+tc.spec+`}}`), "null"); b.Allowed != tc.allowed {
					t.Errorf("%s: allowed=%v: %s", workload, b.Allowed, b.Message)
				}
			}
			if b := c.review(t, "UPDATE", "batch/v1 CronJob", object("batch/v1 CronJob", `"spec":{"jobTemplate":{"spec":{"template":{"spec":`+tc.spec+`}}}}`), "null"); b.Allowed != tc.allowed {
				t.Errorf("CronJob: allowed=%v: %s", b.Allowed, b.Message)
			}
		})
	}
}

// compare checks references, and that every wanted warning is there.
func compare(t *testing.T, x *extraction, want []string) {
	t.Helper()
	var got []string
	for _, r := range x.references {
		got = append(got, r.Path+" "+r.Raw)
		if (r.Pinned == "") == (r.Problem == "") {
			t.Errorf("neither pinned nor a problem, or both: %+v", r)
		}
	}
	var wantRefs []string
	for _, w := range want {
		text, isWarning := strings.CutPrefix(w, "! ")
		if !isWarning {
			wantRefs = append(wantRefs, w)
		} else if !strings.Contains(strings.Join(x.warnings, "\n"), text) {
			t.Errorf("no warning %q in %q", text, x.warnings)
		}
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", wantRefs) {
		t.Errorf("references\n%q\nwant\n%q", got, wantRefs)
	}
}

// customs are the kinds of others.
var customs = []struct {
	kind, body string
	want       []string
}{
	{"serving.kserve.io/v1beta1 InferenceService", `"spec":{"predictor":{"minReplicas":1,"nodeSelector":{"a":"b"},"model":{"modelFormat":{"name":"huggingface"},"storageUri":"hf://org/good:` + commit + `",
		"args":["--model_id=org/other"],"resources":{}},"containers":[{"name":"c","args":["--model=org/third"]}]}}`,
		[]string{"spec.predictor.model.storageUri hf://org/good:" + commit, "spec.predictor.containers[0].args[0] org/third", "spec.predictor.model.args[0] org/other"}},
	{"serving.kserve.io/v1beta1 InferenceService", `"spec":{"predictor":{"sklearn":{"storageUri":"gs://bucket/m"}},"transformer":{"containers":[{"env":[{"name":"STORAGE_URI","value":"pvc://claim/m"}]}]}}`,
		[]string{"spec.predictor.sklearn.storageUri gs://bucket/m", "spec.transformer.containers[0].env[0] pvc://claim/m"}},
	{"serving.kserve.io/v1beta1 InferenceService", `"spec":{"predictor":{"storageUris":[{"uri":"s3://b/a","mountPath":"/a"},{"uri":"hf://org/good:` + commit + `"}]}}`,
		[]string{"spec.predictor.storageUris[0].uri s3://b/a", "spec.predictor.storageUris[1].uri hf://org/good:" + commit}},
	{"serving.kserve.io/v1alpha1 LLMInferenceService", `"spec":{"model":{"uri":"hf://org/good","lora":{"adapters":[{"uri":"hf://org/a"}]}},"template":{"containers":[{"args":["--tokenizer","org/t"]}]}}`,
		[]string{"spec.model.uri hf://org/good", "spec.model.lora.adapters[0].uri hf://org/a", "spec.template.containers[0].args[1] org/t"}},
	{"serving.kserve.io/v1alpha1 LocalModelCache", `"spec":{"sourceModelUri":"hf://org/good"}`, []string{"spec.sourceModelUri hf://org/good"}},
	{"kubeai.org/v1 Model", `"spec":{"url":"hf://org/good","engine":"VLLM","args":["--tokenizer=org/t"],"env":{"HF_MODEL_ID":"org/e"},"adapters":[{"name":"a","url":"hf://org/a"}]}`,
		[]string{"spec.url hf://org/good", "spec.adapters[0].url hf://org/a", "spec.args[0] org/t", "spec.env[0] org/e"}},
	{"leaderworkerset.x-k8s.io/v1 LeaderWorkerSet", `"spec":{"leaderWorkerTemplate":{"workerTemplate":{"spec":{"containers":[{"command":["vllm","serve","org/good"]}]}}}}`,
		[]string{"spec.leaderWorkerTemplate.workerTemplate.spec.containers[0].command[2] org/good"}},
	{"trainer.kubeflow.org/v1alpha1 TrainJob", `"spec":{"initializer":{"model":{"storageUri":"hf://org/good"},"dataset":{"storageUri":"hf://datasets/org/d"}},"trainer":{"args":["--model","org/x"]}}`,
		[]string{"spec.initializer.model.storageUri hf://org/good", "spec.initializer.dataset.storageUri hf://datasets/org/d", "spec.trainer.args[1] org/x"}},
	{"mlops.seldon.io/v1alpha1 Model", `"spec":{"storageUri":"gs://b/m"}`, []string{"spec.storageUri gs://b/m"}},
	{"nvidia.com/v1beta1 DynamoModel", `"spec":{"source":{"uri":"hf://org/good@` + commit + `"}}`, []string{"spec.source.uri hf://org/good@" + commit}},
	{"v1 PodTemplate", `"template":{"spec":{"containers":[{"args":["hf://org/good"]}]}}`, []string{"template.spec.containers[0].args[0] hf://org/good"}},
}

func TestCustomKinds(t *testing.T) {
	for _, tc := range customs {
		apiVersion, name, _ := strings.Cut(tc.kind, " ")
		group, version, ok := strings.Cut(apiVersion, "/")
		if !ok {
			group, version = "", apiVersion
		}
		k, found := findKind(groupKind{group, version, name})
		if !found {
			t.Errorf("%s is not known", tc.kind)
			continue
		}
		x, err := extract(k, []byte(object(tc.kind, tc.body)), "https://huggingface.co")
		if err != nil {
			t.Errorf("%s: %v", tc.kind, err)
			continue
		}
		compare(t, x, tc.want)
	}
	kserve := object("v1 Pod", `"x":0,"spec":{}`)
	kserve = strings.Replace(kserve, `"name":"x"`, `"annotations":{"internal.serving.kserve.io/storage-initializer-sourceuri":"hf://org/good"}`, 1)
	k, _ := findKind(groupKind{"", "v1", "Pod"})
	x, err := extract(k, []byte(kserve), "")
	if err != nil || len(x.references) != 1 {
		t.Errorf("KServe's annotation: %+v, %v", x, err)
	}
}

func TestTables(t *testing.T) {
	for _, k := range kinds {
		if k.source == "" || len(k.pods)+len(k.uris)+len(k.boxes) == 0 {
			t.Errorf("%s has no source or no pointer", k.kind)
		}
		for _, p := range append(append(append([]string{}, k.pods...), k.uris...), k.boxes...) {
			if !strings.HasPrefix(p, "/") {
				t.Errorf("%s: pointer %q", k.kind, p)
			}
		}
	}
	for name, n := range flags {
		if n.source == "" || name[0] != '-' || strings.Contains(name, "_") {
			t.Errorf("flag %s", name)
		}
	}
	for name, n := range variables {
		if n.source == "" {
			t.Errorf("variable %s", name)
		}
	}
}

// Objects that are small and cost much.
func TestBounds(t *testing.T) {
	c := start(t, Config{})
	doubling := `{"name":"A0","value":"org/good-and-some-more-text"}`
	for i := range 60 {
		doubling += fmt.Sprintf(`,{"name":"A%d","value":"$(A%d)$(A%d)"}`, i+1, i, i)
	}
	for name, spec := range map[string]string{
		"doubling variables":  `{"containers":[{"env":[` + doubling + `],"args":["--model=$(A60)"]}]}`,
		"doubling in a shell": `{"containers":[{"command":["sh","-c","A=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` + strings.Repeat(`;A=$A$A`, 100) + `;vllm serve $A"]}]}`,
		"many flags":          `{"containers":[{"args":[` + strings.Repeat(`"--model","org/x",`, 200_000) + `"x"]}]}`,
		"many references":     `{"containers":[{"args":["` + many("hf://org/m%d ", 5000) + `"]}]}`,
		"many assignments":    `{"containers":[{"command":["sh","-c","` + many("MODEL_ID=org/m%d;", 100_000) + `"]}]}`,
		"deep scripts":        `{"containers":[{"args":["` + strings.Repeat("'a ", 50_000) + ` --model org/x"]}]}`,
		"backslashes":         `{"containers":[{"command":["sh","-c","a ` + strings.Repeat(`\\`, 500_000) + ` --model b/c"]}]}`,
		"expanding arguments": `{"containers":[{"env":[{"name":"A","value":"` + strings.Repeat("x ", 2000) + `"}],"args":[` + strings.Repeat(`"$(A)",`, 3000) + `"--model=a/b"]}]}`,
	} {
		a := c.review(t, "CREATE", "v1 Pod", pod(spec), "null")
		if a.Allowed {
			t.Errorf("%s: admitted", name)
		}
		if len(a.Message) > 16<<10 || len(a.Warnings) > maxWarnings {
			t.Errorf("%s: a message of %d bytes, %d warnings", name, len(a.Message), len(a.Warnings))
		}
	}
}

func TestDeepJSON(t *testing.T) {
	c := start(t, Config{})
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	if a := c.review(t, "CREATE", "v1 Pod", pod(`{"containers":[{"envFrom":`+deep+`}]}`), "null"); a.Allowed {
		t.Error("envFrom of another type was admitted")
	}
	if a := c.review(t, "CREATE", "v1 Pod", pod(`{"containers":[],"x":`+deep+`}`), "null"); !a.Allowed {
		t.Errorf("%+v", a)
	}
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
