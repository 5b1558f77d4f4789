package serialized

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// pickled is protocol 4 of {"learning_rate": 0.25}; called calls os.system.
const (
	pickled = "\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00}\x8c\rlearning_rate\x94G?\xd0\x00\x00\x00\x00\x00\x00s."
	called  = "\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x16echo assay-test-marker\x85R."
	old     = "cos\nsystem\n(S'echo assay-test-marker'\ntR."
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// archiveData is the member "data" as Stable-Baselines3 writes it.
func archiveData(value string) []byte {
	return []byte("{\n    \"policy_class\": {\n        \":type:\": \"<class 'abc.ABCMeta'>\",\n        \":serialized:\": \"" +
		value + "\"\n    },\n    \"verbose\": 1,\n    \"n_envs\": 4\n}")
}

func contents(t *testing.T, name string, data []byte) (list []string) {
	t.Helper()
	r, err := scannertest.Run(Scanner{}, name, data)
	if err != nil && !errors.Is(err, scanners.ErrNotRecognised) {
		t.Fatal(err)
	}
	for _, m := range r.Members {
		src, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(src)
		if err != nil {
			t.Error(err)
		}
		list = append(list, string(b))
	}
	return list
}

// TestContents: what a loader would unpickle is handed on, byte for byte.
func TestContents(t *testing.T) {
	wrapped := b64(strings.Repeat(called, 4))
	wrapped = wrapped[:76] + "\n  " + wrapped[76:152] + "\n  " + wrapped[152:]
	for _, c := range []struct{ name, file, text, want string }{
		{"Stable-Baselines3", "data", string(archiveData(b64(called))), called},
		{"protocol 0", "data", string(archiveData(b64(old))), old},
		{"escaped value", "data", string(archiveData(`\u0067` + b64(called)[1:])), called},
		{"escaped key", "data", strings.Replace(string(archiveData(b64(old))), ":serialized:", `\u003aserialized:`, 1), old},
		{"foreign characters, which Python drops", "data", string(archiveData("!" + b64(called)[:5] + " *" + b64(called)[5:])), called},
		{"protocol 0 in a file of its own", "data.json", string(archiveData(b64(old))), old},
		{"escaped value in a file of its own", "data.json", string(archiveData(`\u0067` + b64(called)[1:])), called},
		{"escaped key in a file of its own", "data.json", strings.Replace(string(archiveData(b64(old))), ":serialized:", `:\u0073erialized:`, 1), old},
		{"foreign characters in a file of its own", "policy.json", string(archiveData("!" + b64(called)[:5] + " *" + b64(called)[5:])), called},
		{"Keras configuration", "config.json", `{"class_name": "TorchModuleWrapper", "config": {"module": "` + b64(called) + `"}}`, called},
		{"column of a table", "train.csv", "id,blob\n1," + b64(called) + "\n", called},
		{"file names' alphabet", "a.txt", "the object: " + base64.URLEncoding.EncodeToString([]byte(called)), called},
		{"broken into lines", "a.yaml", "object: !!binary |\n  " + wrapped + "\nother: 1", strings.Repeat(called, 4)},
		{"after much text", "a.txt", strings.Repeat("a line of text\n", 50000) + b64(called), called},
	} {
		if got := contents(t, c.file, []byte(c.text)); len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestDeclined: ordinary text has no pickle in it.
func TestDeclined(t *testing.T) {
	for name, text := range map[string]string{
		"config.json": `{"a": "gAME", "image": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", "zlib": "eJzLSM3JyQcABiwCFQeJzLSM3JyQ"}`,
		"notes.md":    "The word gAAgAAgAAgAAgAAgAAgAA is no pickle, and neither is " + b64("any other text of some length"),
		"data":        `{"policy_class": {":type:": "<class 'str'>"}}`,
		"data.json":   `{"note": "caf\u00e9 :serialized:", "values": ["gAAB", {"a": "b\u0041"}]}`,
		"README.md":   "The key \":serialized:\": \"gAAB\" is in `data`.",
		"weights":     strings.Repeat("\x00", 100),
	} {
		if got := contents(t, name, []byte(text)); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestMany: each line of a table is a value of its own.
func TestMany(t *testing.T) {
	text := strings.Repeat(b64(called)+"\n", 3) + strings.Repeat(b64(strings.Repeat("N0", 2)+called)+"\n", 3) + b64(pickled)
	if got := contents(t, "a.txt", []byte(text)); len(got) != 4 {
		t.Errorf("%q", got)
	}
}

func TestLimits(t *testing.T) {
	var text strings.Builder
	for i := range maxValues + 1 {
		fmt.Fprintf(&text, "%d %s\n", i, b64(pickled))
	}
	r, err := scannertest.Run(Scanner{}, "a.txt", []byte(text.String()))
	if err == nil || len(r.Members) != maxValues {
		t.Errorf("%d members, %v", len(r.Members), err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add("data", archiveData(b64(called)))
	f.Add("a.csv", []byte("1,"+b64(called)))
	f.Add("data", []byte(`{":serialized:": "====", "b": {":serialized:": ""}}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
