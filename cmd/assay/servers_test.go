package main

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

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

// startHub NAME DIR... starts a Hub-compatible server with the files of each DIR as
// the model NAME on its branch main, or as a dataset when NAME starts with
// "datasets/". A NAME that ends with "!ID" gets that id of a repository, and one that
// ends with "@AGE" was created that long ago. It sets HF_ENDPOINT and, of the first,
// COMMIT.
func startHub(ts *testscript.TestScript, _ bool, args []string) {
	hub := registrytest.NewHub(nil)
	ts.Defer(hub.Close)
	for ; len(args) > 1; args = args[2:] {
		var files []registrytest.File
		for _, f := range readDir(ts, args[1]) {
			files = append(files, registrytest.File{Name: f.name, Content: f.data, LFS: strings.HasSuffix(f.name, ".safetensors")})
		}
		add := hub.AddModel
		name, age, hasAge := strings.Cut(args[0], "@")
		name, id, hasID := strings.Cut(name, "!")
		repo, dataset := strings.CutPrefix(name, "datasets/")
		if dataset {
			add = hub.AddDataset
		}
		r := add(repo)
		if hasID {
			r.ID = id
			hubRepos.Store(hub.URL(), r)
		}
		if hasAge {
			d, err := time.ParseDuration(age)
			ts.Check(err)
			r.CreatedAt = time.Now().Add(-d).UTC().Format(time.RFC3339)
		}
		commit := r.Commit("main", files...)
		if ts.Getenv("HF_ENDPOINT") != hub.URL() {
			ts.Setenv("COMMIT", commit)
		}
		ts.Setenv("HF_ENDPOINT", hub.URL())
	}
}

// hubRepos are the repositories with an id, by the URL of their Hub.
var hubRepos sync.Map

// setHubID ID gives the name of the repository to another one, with the same files.
func setHubID(ts *testscript.TestScript, _ bool, args []string) {
	r, _ := hubRepos.Load(ts.Getenv("HF_ENDPOINT"))
	r.(*registrytest.Repo).SetID(args[0])
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
