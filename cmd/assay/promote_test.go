package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/registry/registrytest"
)

// TestPromoteToRealRegistry takes a model from a Hub into a registry that people
// run and out of it again: gated, the decision found beside it and believed.
func TestPromoteToRealRegistry(t *testing.T) {
	host := registrytest.Distribution(t)
	dir := t.TempDir()
	hub := registrytest.NewHub(t)
	commit := hub.AddModel("org/good").Commit("main", registrytest.File{Name: "README.md", Content: []byte("# A model\n")},
		registrytest.File{Name: "data/config.json", Content: []byte(`{"hidden_size": 8}`)})
	evil := hub.AddModel("org/evil").Commit("main", registrytest.File{Name: "model.pkl", Content: []byte("cos\nsystem\n(S'echo assay-test-marker'\ntR.")})
	env := map[string]string{"HF_ENDPOINT": hub.URL(), "ASSAY_STORE": filepath.Join(dir, "store.db"), "ASSAY_CACHE": filepath.Join(dir, "cache")}
	private, public := writeKeys(t, dir)
	run := func(want int, says string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		code, errors := command(t.Context(), env, &out, args...)
		if code != want || !strings.Contains(out.String()+errors, says) {
			t.Fatalf("%s: exit code %d, want %d with %q\n%s%s", args, code, want, says, &out, errors)
		}
	}
	believe := []string{"--require-vsa", "--attestation-key", public, "--verifier-id", "https://example.com/gate"}

	run(0, "copied to oci://", "promote", "hf://org/good@"+commit, "oci://"+host+"/models/good:1", "--private-key", private, "--sign-as", "https://example.com/gate")
	run(0, "vsa about the whole", append([]string{"gate", "oci://" + host + "/models/good:1"}, believe...)...)
	run(0, "copied to oci://", append([]string{"promote", "oci://" + host + "/models/good:1", "oci://" + host + "/prod/good:1"}, believe...)...)
	run(0, "vsa about the whole", append([]string{"gate", "oci://" + host + "/prod/good:1"}, believe...)...)
	run(0, "copied to", append([]string{"promote", "oci://" + host + "/prod/good:1", filepath.Join(dir, "back")}, believe...)...)
	if content, err := os.ReadFile(filepath.Join(dir, "back", "data", "config.json")); err != nil || string(content) != `{"hidden_size": 8}` {
		t.Errorf("came back as %q, %v", content, err)
	}
	run(1, "nothing was copied", "promote", "hf://org/evil@"+evil, "oci://"+host+"/models/evil:1", "--private-key", private)
	run(4, "", "gate", "oci://"+host+"/models/evil:1")
}

// writeKeys makes a key pair and returns the files.
func writeKeys(t *testing.T, dir string) (private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	private, public = filepath.Join(dir, "gate.key"), filepath.Join(dir, "gate.pub")
	for path, block := range map[string]*pem.Block{private: {Type: "PRIVATE KEY", Bytes: privateDER}, public: {Type: "PUBLIC KEY", Bytes: publicDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return private, public
}
