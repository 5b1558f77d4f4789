package gitcommit

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"assay/registry"
	"assay/verify"
	"assay/verify/trust"
)

// run runs a program of the system in a folder.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// commit has git and ssh-keygen sign a commit, and returns its object.
func commit(t *testing.T, keyType string) (object []byte, id string, key trust.PublicKey) {
	t.Helper()
	for _, program := range []string{"git", "ssh-keygen"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: no commit was signed by it", program)
		}
	}
	dir := t.TempDir()
	run(t, dir, "ssh-keygen", "-q", "-t", keyType, "-N", "", "-f", filepath.Join(dir, "id"))
	run(t, dir, "git", "init", "-q", ".")
	run(t, dir, "git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "gpg.format=ssh", "-c", "user.signingkey="+filepath.Join(dir, "id"),
		"commit", "-q", "--allow-empty", "-S", "-m", "release\n\ngpgsig is no header here\n more")
	id = strings.TrimSpace(run(t, dir, "git", "rev-parse", "HEAD"))
	text, err := os.ReadFile(filepath.Join(dir, "id.pub"))
	if err != nil {
		t.Fatal(err)
	}
	blob, err := base64.StdEncoding.DecodeString(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = trust.NewPublicKey(parsed.(ssh.CryptoPublicKey).CryptoPublicKey()); err != nil {
		t.Fatal(err)
	}
	return []byte(run(t, dir, "git", "cat-file", "commit", "HEAD")), id, key
}

func judge(t testing.TB, c Config, pinned string, object []byte) string {
	t.Helper()
	a := &registry.Artifact{Pinned: pinned, Attached: func(context.Context) ([]registry.Attachment, error) {
		return []registry.Attachment{{Name: "commit", MediaType: MediaType, Data: object}}, nil
	}}
	check, err := New(c).Prepare(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if check == nil {
		return "none"
	}
	claim := check.Claims(verify.DigestsOf(verify.Evidence{Files: []verify.FileEvidence{{Name: "a"}}}))[0]
	if len(claim.Covers) > 0 || claim.Attestation == nil || claim.Attestation.Kind != Kind {
		t.Errorf("a commit makes no model signed: %+v", claim)
	}
	text := string(claim.Standing)
	for _, p := range claim.Problems {
		text += " " + p.Code
	}
	return text
}

func TestSSH(t *testing.T) {
	for _, keyType := range []string{"ed25519", "ecdsa", "rsa"} {
		object, id, key := commit(t, keyType)
		trusted := Config{PublicKeys: []trust.PublicKey{key}}
		pinned := "git+https://host/m@" + id
		if got := judge(t, trusted, pinned, object); got != "verified" {
			t.Errorf("%s: %q", keyType, got)
		}
		if got := judge(t, Config{}, pinned, object); got != "" {
			t.Errorf("%s, nobody is named: %q", keyType, got)
		}
		denied, err := trust.ParseDenyList([]byte("key:" + key.ID))
		if err != nil {
			t.Fatal(err)
		}
		if got := judge(t, Config{PublicKeys: trusted.PublicKeys, Denied: denied}, pinned, object); got != "failed denied" {
			t.Errorf("%s, denied: %q", keyType, got)
		}
		for name, pinned := range map[string]string{"another commit": "git+https://host/m@" + strings.Repeat("0", 40), "unpinned": "git+https://host/m"} {
			if got := judge(t, trusted, pinned, object); got != "failed other-subject" {
				t.Errorf("%s, %s: %q", keyType, name, got)
			}
		}
		// Changed, and with an id that fits again.
		changed := []byte(strings.Replace(string(object), "release", "releasE", 1))
		other, err := idOf(changed)
		if err != nil {
			t.Fatal(err)
		}
		if got := judge(t, trusted, "x@"+other, changed); got != "failed bad-signature" {
			t.Errorf("%s, changed: %q", keyType, got)
		}
	}
}

// Forms that are named and not verified, and commits without any.
func TestOthers(t *testing.T) {
	const head = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n"
	for name, c := range map[string]struct{ text, want string }{
		"unsigned":       {head + "\nx\n", "none"},
		"in the message": {head + "\ngpgsig -----BEGIN SSH SIGNATURE-----\n", "none"},
		"OpenPGP":        {head + "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nx\n", ""},
		"X.509":          {head + "gpgsig -----BEGIN SIGNED MESSAGE-----\n x\n -----END SIGNED MESSAGE-----\n\nx\n", ""},
		"broken":         {head + "gpgsig -----BEGIN SSH SIGNATURE-----\n x\n -----END SSH SIGNATURE-----\n\nx\n", ""},
		"two":            {head + "gpgsig a\ngpgsig b\n\nx\n", "none"},
		"no body":        {"gpgsig a", "none"},
	} {
		id, err := idOf([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := judge(t, Config{}, "x@"+id, []byte(c.text)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	failing := &registry.Artifact{Attached: func(context.Context) ([]registry.Attachment, error) { return nil, errors.New("x") }}
	if _, err := New(Config{}).Prepare(t.Context(), failing); err == nil {
		t.Error("no answer is no absence")
	}
}

func FuzzCommit(f *testing.F) {
	f.Add([]byte("tree x\ngpgsig -----BEGIN SSH SIGNATURE-----\n U1NIU0lHAAAAAQ==\n -----END SSH SIGNATURE-----\n\nx"))
	f.Add([]byte("gpgsig-sha256 x\n y\ngpgsig z\n\n"))
	f.Fuzz(func(t *testing.T, object []byte) {
		id, err := idOf(object)
		if err != nil {
			return
		}
		if got := judge(t, Config{}, "x@"+id, object); got == "verified" {
			t.Error("verified, and nobody is trusted")
		}
		signed, _, ok := split(object)
		if ok && len(signed) >= len(object) {
			t.Errorf("%d bytes of %d are signed", len(signed), len(object))
		}
	})
}
