package splice_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"assay/sbom/internal/splice"
)

type item struct {
	ID   string `json:"id"`
	Text string `json:"text,omitempty"`
}

func list(marker string, items ...item) splice.List {
	return splice.List{Marker: item{ID: marker}, Items: func(yield func(any) bool) {
		for _, x := range items {
			if !yield(x) {
				return
			}
		}
	}}
}

// The markers become the items, and no text is taken for a marker.
func TestWrite(t *testing.T) {
	frame := `{"a":[{"id":"x","text":"{\"id\":\"files\"}"},{"id":"files"}],"b":[{"id":"more"}]}` + "\n"
	var out bytes.Buffer
	err := splice.Write(&out, []byte(frame), list("files", item{ID: "1", Text: `{"id":"more"}`}, item{ID: "2", Text: "<&>"}), list("more", item{ID: "3"}))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ A, B []item }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	if len(got.A) != 3 || got.A[2].ID != "2" || len(got.B) != 1 || got.B[0].ID != "3" || !strings.Contains(out.String(), "<&>") {
		t.Errorf("%s", out.Bytes())
	}
}

// A list whose place is missing is an error, and so is an item that is no JSON.
func TestRefused(t *testing.T) {
	if err := splice.Write(&bytes.Buffer{}, []byte(`{}`), list("files", item{})); err == nil {
		t.Error("no marker: accepted")
	}
	bad := splice.List{Marker: item{ID: "files"}, Items: func(yield func(any) bool) { yield(make(chan int)) }}
	if err := splice.Write(&bytes.Buffer{}, []byte(`[{"id":"files"}]`), bad); err == nil {
		t.Error("no JSON: accepted")
	}
}
