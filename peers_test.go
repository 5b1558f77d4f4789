package assay_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/all"
	"assay/scanners/scannertest"
)

// called is a pickle of protocol 4 that calls os.system with an inert marker, old the
// same under protocol 0, plain one that does nothing.
const (
	called = "\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x16echo assay-test-marker\x85R."
	old    = "cos\nsystem\n(S'echo assay-test-marker'\ntR."
	plain  = "\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s."
)

type member struct{ name, content string }

func zipOf(t *testing.T, members ...member) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t *testing.T, members ...member) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o600, Size: int64(len(m.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipOf(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zlibOf(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// npy is an array file of objects.
func npy(pickle string) string {
	header := "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
	header += strings.Repeat(" ", 117-len(header)) + "\n"
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), 0}) + header + pickle
}

func constant(content string) string {
	return "\x80\x04}\x8c\x01aB" + string([]byte{byte(len(content)), byte(len(content) >> 8), 0, 0}) + content + "s."
}

// TestPeersMiss: what other scanners passed in silence (pickle.md 8 and 11) is
// reported here, in each container that hides it.
func TestPeersMiss(t *testing.T) {
	torch := func(pickle string) string {
		return zipOf(t, member{"archive/data.pkl", pickle}, member{"archive/version", "3\n"})
	}
	safetensors := "\x02\x00\x00\x00\x00\x00\x00\x00{}"
	cases := map[string]member{
		"plain pickle as .bin (CVE-2025-10155)":       {"pytorch_model.bin", called},
		"protocol 0 under another name":               {"weights.dat", old},
		"no extension":                                {"model", called},
		"torch zip":                                   {"model.pt", torch(called)},
		"torch zip, protocol 0":                       {"model.pt", torch(old)},
		"payload in another member (CVE-2025-1889)":   {"model.pt", zipOf(t, member{"archive/data.pkl", plain}, member{"archive/config.p", called})},
		"member with an odd extension":                {"model.zip", zipOf(t, member{"notes.txt.bak", old})},
		"nested zip":                                  {"model.zip", zipOf(t, member{"inner.bin", torch(called)})},
		"tar":                                         {"model.pt", tarOf(t, member{"pickle", called}, member{"storages", plain}, member{"tensors", plain})},
		"tar in gzip":                                 {"model.tar.gz", gzipOf(t, tarOf(t, member{"m.bin", old}))},
		"gzip":                                        {"model.pkl", gzipOf(t, called)},
		"gzip of gzip":                                {"model.pkl.gz", gzipOf(t, gzipOf(t, old))},
		"compressed joblib":                           {"model.joblib", zlibOf(t, called)},
		"pickle with a zip behind":                    {"model.pt", called + torch(plain)},
		"pickle of protocol 0 with a zip behind":      {"model.pt", old + torch(plain)},
		"harmless pickle, harmful zip behind":         {"model.pkl", plain + torch(called)},
		"second pickle of a stream":                   {"model.pkl", plain + called},
		"object array":                                {"data.npy", npy(called)},
		"object array in npz":                         {"data.npz", zipOf(t, member{"a.npy", npy(called)})},
		"raw pickle in npz":                           {"data.npz", zipOf(t, member{"a", called})},
		"pickle that is named as an array":            {"data.npy", called},
		"base64 in a text":                            {"model.pkl", constant(base64.StdEncoding.EncodeToString([]byte(called)))},
		"torch archive in a constant":                 {"model.pkl", constant(torch(called))},
		"array file in a constant":                    {"model.pkl", constant(npy(called))},
		"Stable-Baselines3":                           {"model.zip", zipOf(t, member{"data", `{"policy_class": {":type:": "x", ":serialized:": "` + base64.StdEncoding.EncodeToString([]byte(old)) + `"}}`})},
		"dotted name in a torch zip":                  {"model.pt", torch("\x80\x04\x8c\x06random\x8c\x0a_os.system\x93\x8c\x01x\x85R.")},
		"import alone (_posixsubprocess)":             {"model.pkl", "\x80\x02c_posixsubprocess\nfork_exec\n."},
		"in-stream extension":                         {"model.pkl", "\x80\x02ccopyreg\nadd_extension\n(X\x02\x00\x00\x00osX\x06\x00\x00\x00systemK\x01tR0\x82\x01X\x01\x00\x00\x00x\x85R."},
		"integer in base 16":                          {"model.pkl", "I0x10\n0" + old},
		"higher-order function":                       {"model.pkl", "\x80\x02c__builtin__\nlist\nc__builtin__\nmap\ncos\nsystem\n]X\x01\x00\x00\x00xa\x86R\x85R."},
		"second file":                                 {"model.pkl", "\x80\x02cjoblib\nload\nX\x05\x00\x00\x00x.pkl\x85R."},
		"file effect":                                 {"model.pkl", "\x80\x04\x8c\x07pathlib\x8c\x0aPath.touch\x93cpathlib\nPosixPath\n\x8c\x01x\x85R\x85R."},
		"importlib and marshal":                       {"model.pkl", "\x80\x04cimportlib\nimport_module\n\x8c\x02os\x85R."},
		"code":                                        {"model.pkl", "\x80\x04ccodeop\ncompile_command\n\x8c\x01x\x85R."},
		"torch.package with a pickle":                 {"model.pt", zipOf(t, member{"pkg/.data/version", "6\n"}, member{"pkg/model/model.pkl", called})},
		".pt2 with a pickled constant":                {"model.pt2", zipOf(t, member{"m/archive_format", "pt2"}, member{"m/data/constants/custom_obj_0", old})},
		".pt2 with a pickled weight":                  {"model.pt2", zipOf(t, member{"m/archive_format", "pt2"}, member{"m/data/weights/weight_0", torch(called)})},
		".pt2 that evaluates text":                    {"model.pt2", zipOf(t, member{"m/archive_format", "pt2"}, member{"m/models/model.json", `{"graph_module": {}, "range_constraints": {"open('x')": {}}}`})},
		".mar with a handler":                         {"model.mar", zipOf(t, member{"MAR-INF/MANIFEST.json", `{"model": {"handler": "handler.py"}}`}, member{"handler.py", "import os\n"})},
		"TorchScript constants":                       {"model.pt", zipOf(t, member{"m/constants.pkl", called}, member{"m/data.pkl", plain}, member{"m/version", "3\n"})},
		"MLflow model":                                {"python_model.pkl", "\x80\x04ccloudpickle.cloudpickle\n_builtin_type\n\x8c\x08CodeType\x85R."},
		"safetensors that is a pickle":                {"model.safetensors", called},
		"pickle behind a safetensors file":            {"model.safetensors", safetensors + called},
		"stream that breaks after the payload":        {"model.pkl", called[:len(called)-1] + "\xff"},
		"sidecar of a trainer":                        {"rng_state_0.pth", torch(called)},
		"wheel around a model (pickle in zip in zip)": {"x-1.0-py3-none-any.whl", zipOf(t, member{"x/model.pt", torch(called)})},
	}
	for name, c := range cases {
		r := scannertest.Scan(all.Scanners(), c.name, []byte(c.content))
		denied := false
		for _, f := range r.Findings {
			denied = denied || f.Severity.AtLeast(scanners.High)
		}
		if !denied {
			t.Errorf("%s: findings %+v, gaps %+v", name, r.Findings, r.Gaps)
		}
	}
}

// TestPeersCry: what other scanners reported without reason (pickle.md 10) passes.
// The rest of that list is in the corpus.
func TestPeersCry(t *testing.T) {
	storage := func(content string) string {
		id := fmt.Sprintf("(X\x07\x00\x00\x00storagectorch\nByteStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK%ctQ", byte(len(content)))
		tensor := fmt.Sprintf("ctorch._utils\n_rebuild_tensor_v2\n(%sK\x00K%c\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR", id, byte(len(content)))
		return zipOf(t, member{"archive/data.pkl", "\x80\x02" + tensor + "."}, member{"archive/data/0", content}, member{"archive/version", "3\n"})
	}
	flood := "\x80\x02(" + strings.Repeat("K\x01", 500_000) + "l."
	for name, c := range map[string]member{
		"training arguments (transformers#28580)":     {"training_args.bin", "\x80\x02c__builtin__\ngetattr\nctransformers.trainer_utils\nIntervalStrategy\nX\x05\x00\x00\x00STEPS\x86R."},
		"script bytes in a tensor (modelaudit#164)":   {"model.pt", storage("#!/bin/sh\nrm -rf x\n")},
		"zip signature in a tensor":                   {"model.pt", storage("PK\x03\x04\x00\x00and so on")},
		"many objects (fickling: expansion attack)":   {"table.pkl", flood},
		"partial (picklescan)":                        {"model.pkl", "\x80\x02cfunctools\npartial\nc__builtin__\nint\n\x85R(c__builtin__\nint\n)}X\x04\x00\x00\x00baseK\x02sNtb."},
		"uuid (picklescan)":                           {"model.pkl", "\x80\x04cuuid\nUUID\n)\x81}\x8c\x03intK\x01sb."},
		"compressed joblib (picklescan: not scanned)": {"model.joblib", zlibOf(t, plain)},
		"YOLO method (adetailer#532)": {"model.pkl", "\x80\x02cultralytics.nn.modules.conv\nConv\n)\x81}b" +
			"q\x000c__builtin__\ngetattr\nh\x00X\x0c\x00\x00\x00forward_fuse\x86R."},
		"object array": {"labels.npy", npy("\x80\x04]\x8c\x01aa.")},
	} {
		r := scannertest.Scan(all.Scanners(), c.name, []byte(c.content))
		for _, f := range r.Findings {
			if f.Severity.AtLeast(scanners.Low) {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if len(r.Gaps) > 0 {
			t.Errorf("%s: %+v", name, r.Gaps)
		}
	}
}
