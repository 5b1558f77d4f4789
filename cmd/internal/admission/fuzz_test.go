package admission

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzReview sends any body to the webhook. It answers, in time, with a status
// of HTTP or with a review that repeats the uid; the same body gets the same
// answer; and an object that names a bad model is never admitted, whatever else
// it holds.
func FuzzReview(f *testing.F) {
	for _, tc := range podSpecs {
		f.Add([]byte(reviewOf("CREATE", "v1 Pod", pod(tc.spec), "null")))
	}
	for _, tc := range customs {
		f.Add([]byte(reviewOf("CREATE", tc.kind, object(tc.kind, tc.body), "null")))
	}
	f.Add([]byte(reviewOf("UPDATE", "apps/v1 Deployment", object("apps/v1 Deployment", `"spec":{}`), object("apps/v1 Deployment", `"spec":{}`))))
	h := Handler(Config{Lookup: lookup})
	send := func(body []byte) (int, []byte) {
		r := httptest.NewRequest(http.MethodPost, "/validate", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.Bytes()
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		code, text := send(body)
		if code2, text2 := send(body); code2 != code || !bytes.Equal(text2, text) {
			t.Fatalf("two answers: %d %s and %d %s", code, text, code2, text2)
		}
		if code != http.StatusOK {
			if code != http.StatusBadRequest {
				t.Fatalf("status %d: %s", code, text)
			}
			return
		}
		req, err := decodeReview(body)
		if err != nil {
			t.Fatalf("a review that cannot be read was answered: %v", err)
		}
		var out review
		if err := json.Unmarshal(text, &out); err != nil || out.Response == nil || out.Response.UID != req.UID || !utf8.Valid(text) {
			t.Fatalf("answer %s: %v", text, err)
		}
		if out.Response.Allowed != (out.Response.Status == nil) {
			t.Fatalf("answer %s", text)
		}
		if !out.Response.Allowed {
			return
		}
		if req.Kind == (groupKind{"", "v1", "Pod"}) && req.Operation == "CREATE" && req.SubResource == "" {
			notAdmittedWithBadContainer(t, req.Object, send)
		}
	})
}

func notAdmittedWithBadContainer(t *testing.T, pod []byte, send func([]byte) (int, []byte)) {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(pod, &object); err != nil {
		t.Fatal(err)
	}
	spec, ok := object["spec"].(map[string]any)
	if !ok {
		return
	}
	list, _ := spec["containers"].([]any)
	spec["containers"] = append(list, map[string]any{"args": []string{"--model=org/bad", "--revision", commit}})
	spoiled, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if code, text := send([]byte(reviewOf("CREATE", "v1 Pod", string(spoiled), "null"))); code != http.StatusOK || bytes.Contains(text, []byte(`"allowed":true`)) {
		t.Fatalf("status %d: %s: %s", code, text, spoiled)
	}
}

// FuzzScript reads any script. It ends, gives the same words twice, and finds a
// model in a command that is appended on a line of its own, unless a quote or a
// comment swallows it.
func FuzzScript(f *testing.F) {
	for _, s := range []string{
		"vllm serve org/m", `a "b $C ${D} ${E:-f} $(g) \" \$" 'h i' \j # k`, "A=1;export B=$A$A|c&&d||e&(f)\n\n>g<h", "x \\\n y", `"`, `'`, "`", `$`, `\`, "${", "$(",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) [][]word {
			return script(word{text: text, path: "p", known: true}, newEnvironment("c", container{}))
		}
		lines := read(text)
		again := read(text)
		if !slices.EqualFunc(lines, again, slices.Equal[[]word]) {
			t.Fatal("two readings")
		}
		size := 0
		for _, line := range lines {
			if len(line) == 0 {
				t.Fatal("an empty command")
			}
			for _, w := range line {
				size += len(w.text)
			}
		}
		if size > len(text)+maxExpanded {
			t.Fatalf("%d bytes of words from %d bytes", size, len(text))
		}
		if strings.ContainsAny(text, "'\"\\#${`") {
			return
		}
		more := read(text + "\nvllm serve org/m")
		last := more[len(more)-1]
		if len(last) != 3 || last[2].text != "org/m" {
			t.Fatalf("the last line is lost: %v", last)
		}
	})
}
