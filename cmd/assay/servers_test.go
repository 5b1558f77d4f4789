package main

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"assay/registry/registrytest"
)

// startHub NAME DIR starts a Hub-compatible server with the files of DIR as the
// model NAME on its branch main, or as a dataset when NAME starts with
// "datasets/". It sets HF_ENDPOINT and COMMIT.
func startHub(ts *testscript.TestScript, _ bool, args []string) {
	hub := registrytest.NewHub(nil)
	ts.Defer(hub.Close)
	var files []registrytest.File
	for _, f := range readDir(ts, args[1]) {
		files = append(files, registrytest.File{Name: f.name, Content: f.data, LFS: strings.HasSuffix(f.name, ".safetensors")})
	}
	add := hub.AddModel
	repo, dataset := strings.CutPrefix(args[0], "datasets/")
	if dataset {
		add = hub.AddDataset
	}
	commit := add(repo).Commit("main", files...)
	ts.Setenv("HF_ENDPOINT", hub.URL())
	ts.Setenv("COMMIT", commit)
}

// startOCI REPOSITORY:TAG DIR starts a registry and pushes the files of DIR, one
// for each layer, titled by annotation. It sets OCI, the reference without its
// scheme, and OCI_DIGEST.
func startOCI(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	ts.Defer(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.oci.empty.v1+json")
	for _, f := range readDir(ts, args[1]) {
		var err error
		image, err = mutate.Append(image, mutate.Addendum{
			Layer:       static.NewLayer(f.data, "application/octet-stream"),
			Annotations: map[string]string{"org.opencontainers.image.title": f.name},
		})
		ts.Check(err)
	}
	ref, err := name.ParseReference(host + "/" + args[0])
	ts.Check(err)
	ts.Check(remote.Write(ref, image))
	digest, err := v1.Image.Digest(image)
	ts.Check(err)
	ts.Setenv("OCI", ref.String())
	ts.Setenv("OCI_HOST", host)
	ts.Setenv("OCI_DIGEST", ref.Context().String()+"@"+digest.String())
}

type dirFile struct {
	name string
	data []byte
}

func readDir(ts *testscript.TestScript, dir string) (files []dirFile) {
	root := ts.MkAbs(dir)
	ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		files = append(files, dirFile{filepath.ToSlash(rel), data})
		return err
	}))
	return files
}
