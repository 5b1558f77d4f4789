package oci

import (
	"strings"
	"testing"

	"assay/registry"
)

// A manifest gives files with safe, distinct names and usable digests, or an error.
func FuzzManifest(f *testing.F) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for _, doc := range []string{
		`{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.model.config.v1+json","digest":"` + digest + `","size":2},"layers":[` +
			`{"mediaType":"application/vnd.cncf.model.weight.v1.tar","digest":"` + digest + `","size":3,"annotations":{"org.cncf.model.filepath":"a/"}}]}`,
		`{"schemaVersion":2,"layers":[{"digest":"` + digest + `","annotations":{"org.opencontainers.image.title":"../x"}}]}`,
		`{"schemaVersion":2,"layers":[{"digest":"` + digest + `"},{"digest":"` + digest + `"}]}`,
		`{"schemaVersion":2,"manifests":[]}`, `{"schemaVersion":2,"layers":null}`, `[]`,
	} {
		f.Add(doc, "application/vnd.oci.image.manifest.v1+json")
		f.Add(doc, "")
	}
	f.Fuzz(func(t *testing.T, body, kind string) {
		m, index, err := (&document{body: []byte(body), kind: kind}).parse()
		if err != nil || index {
			return
		}
		l := listing{artifact: &registry.Artifact{}, listed: make(map[string]bool)}
		if l.addImage(m, "") != nil {
			return
		}
		for _, file := range l.artifact.Files {
			d := file.Declared[0].Digest
			if _, err := registry.ParseDigest(d.String()); err != nil || registry.CheckName(file.Name) != nil || file.Size < 0 {
				t.Errorf("%s: %+v", body, file)
			}
		}
	})
}

// Whatever the reference, the URL built from it names that repository.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"host.example/a/b:tag", "localhost:5000/a@sha256:" + strings.Repeat("a", 64), "h.x/../a", "[::1]:80/a", "a.b/c:d@e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := parse(registry.Reference{Scheme: "oci", Rest: s})
		if err != nil {
			return
		}
		p := &pull{repo: target.Context()}
		u := p.url("manifests", target.Identifier())
		if again := u.String(); strings.Contains(again, "..") || strings.ContainsAny(again, "?#\\ %") || strings.Count(again, "@") > 0 {
			t.Errorf("%q gave %s", s, again)
		}
	})
}
