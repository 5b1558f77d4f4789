package hf

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/registry/internal/fetch"
)

// Whatever the reference, the URLs built from it stay below the endpoint's
// interface for that repository.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"org/name", "datasets/org/name@main", "a@refs/pr/1", "../x", "a/b@../../c", "a%2fb"} {
		f.Add(s)
	}
	endpoint, _ := url.Parse("https://hub.example/base")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parse(registry.Reference{Scheme: "hf", Rest: s})
		if err != nil {
			return
		}
		if again, err := parse(registry.Reference{Scheme: "hf", Rest: r.String()}); err != nil || again != r {
			t.Errorf("%q: %+v, then %+v (%v)", s, r, again, err)
		}
		for _, u := range []*url.URL{r.api(endpoint, "tree"), r.file(endpoint, "a b/%2e%2e/ü?#.bin")} {
			parsed, err := url.Parse(u.String())
			if err != nil || parsed.Host != "hub.example" || !strings.HasPrefix(parsed.Path, "/base/") ||
				parsed.RawQuery != "" || parsed.Fragment != "" || strings.Contains(u.EscapedPath(), "/../") {
				t.Errorf("%q gave %s", s, u)
			}
		}
	})
}

// A page of the tree gives files with safe names and usable digests, or an error.
func FuzzTree(f *testing.F) {
	f.Add([]byte(`[{"type":"file","oid":"` + strings.Repeat("a", 40) + `","size":3,"path":"a/b","lfs":{"oid":"` + strings.Repeat("b", 64) + `","size":3}}]`))
	f.Add([]byte(`[{"type":"directory","path":".."}]`))
	f.Add([]byte(`[{"type":"file","oid":"` + strings.Repeat("a", 40) + `","size":3,"path":"../../x"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var entries fetch.List[treeEntry]
		if json.Unmarshal(b, &entries) != nil {
			return
		}
		a := &registry.Artifact{}
		if (&Source{}).add(repo{kind: registry.KindModel, name: "a/b"}, a, entries) != nil {
			return
		}
		for _, file := range a.Files {
			d := file.Declared[0].Digest
			if _, err := registry.ParseDigest(d.String()); err != nil || registry.CheckName(file.Name) != nil || file.Size < 0 {
				t.Errorf("%s: %v", b, err)
			}
		}
	})
}

// A next page is on the same host and path, or there is none.
func FuzzNextPage(f *testing.F) {
	for _, s := range []string{`<?cursor=1>; rel="next"`, `<https://evil.example/x>; rel=next`, `<//evil.example>; rel="next"`, `<a>; rel="prev", <?b>; rel="next"`, `<`} {
		f.Add(s)
	}
	page, _ := url.Parse("https://hub.example/api/models/a/b/tree/c?recursive=true")
	f.Fuzz(func(t *testing.T, link string) {
		next, err := nextPage(page, http.Header{"Link": {link}})
		if err == nil && next != nil && (next.Scheme != "https" || !strings.EqualFold(next.Host, page.Host) || next.Path != page.Path || next.User != nil) {
			t.Errorf("%q leads to %s", link, next)
		}
	})
}
