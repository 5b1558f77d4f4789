package fetch

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"assay/registry"
)

// A short text must not become a large list.
func TestList(t *testing.T) {
	type entry struct{ A, B, C string }
	for n, want := range map[int]error{3: nil, MaxList: nil, MaxList + 1: registry.ErrLimit} {
		text := "[" + strings.Repeat("{},", n-1) + "{}]"
		u := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
		got, _, err := JSON[List[entry]](t.Context(), quick(), Request{URL: u}, 1<<20)
		if !errors.Is(err, want) || want == nil && len(got) != n {
			t.Errorf("%d elements: %d, %v", n, len(got), err)
		}
	}
}

// A document whose connection breaks is read again from its start, and what came
// of the first attempt is forgotten.
func TestDocumentAgain(t *testing.T) {
	var n atomic.Int32
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"a":"first",`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"b":"second"}`)
	})
	got, _, err := JSON[map[string]string](t.Context(), quick(), Request{URL: u}, 1000)
	if err != nil || len(got) != 1 || got["b"] != "second" {
		t.Errorf("%v, %v", got, err)
	}
}
