package sbomtest

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// Golden compares a JSON document, indented, with the file at path, and writes
// the file instead when update is set.
func Golden(t *testing.T, update bool, path string, document []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, bytes.TrimSuffix(document, []byte("\n")), "", " "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	if update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the document differs from %s; run the test with -update and look at the difference", path)
	}
}
