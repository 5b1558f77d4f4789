package trust

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "assay")
	s, err := ReadStore(dir)
	if err != nil || len(s.Keys) > 0 {
		t.Fatal(s, err)
	}
	key := newKey(t)
	text := string(block("PUBLIC KEY", must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public()))))
	for name, c := range map[string]struct{ name, data, kind string }{
		"key":     {"publisher", text, KindKey},
		"denied":  {"bad", "identity:me@example.com stolen\nkey:" + strings.Repeat("ab", 32) + "\n", KindDenied},
		"nothing": {"x", "hello", ""},
		"path":    {"../x", text, ""},
		"empty":   {"e", "", ""},
	} {
		kind, err := s.Add(c.name, []byte(c.data))
		if kind != c.kind || (err == nil) != (kind != "") {
			t.Errorf("%s: %q, %v", name, kind, err)
		}
	}
	if _, err := s.Add("publisher", []byte(text)); !errors.Is(err, ErrStore) {
		t.Errorf("twice: %v", err)
	}
	if err := s.Write(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, storeName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	again, err := ReadStore(dir)
	keys, _ := again.Signers()
	if err != nil || len(keys) != 1 || again.Denied != s.Denied {
		t.Fatalf("%+v, %v", again, err)
	}
	denied, err := ParseDenyList([]byte(again.Denied))
	if err != nil || denied.Len() != 2 || denied.Join(denied).Len() != 2 || (DenyList{}).Join(denied).Len() != 2 {
		t.Error(denied, err)
	}
	if !again.Remove("publisher") || !again.Remove("identity:me@example.com") || again.Remove("nobody") || again.Remove("") {
		t.Error("remove")
	}
	if denied, _ := ParseDenyList([]byte(again.Denied)); denied.Len() != 1 || len(again.Keys) != 0 {
		t.Errorf("%+v", again)
	}
	if again.Usable(time.Now()) != nil {
		t.Error("one's own store does not expire")
	}
	for name, text := range map[string]string{
		"not JSON": "{", "twice": `{"keys":{},"keys":{}}`, "unknown": `{"x":1}`, "a bad key": `{"keys":{"a":"x"}}`, "a bad list": `{"denied":"x"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, storeName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := ReadStore(dir); !errors.Is(err, ErrStore) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}
