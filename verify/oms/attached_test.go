package oms

import (
	"context"
	"testing"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
)

// A bundle that a registry keeps beside the files is found. One by a stranger says
// nothing there, where anybody may put it; documents of other schemes are left
// alone.
func TestAttached(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *fixture)
		want   verify.Standing
	}{
		"good":         {func(*fixture) {}, verify.Verified},
		"a stranger's": {func(f *fixture) { f.config.PublicKeys = keyFixture(t).config.PublicKeys }, verify.Unchecked},
		"another file": {func(f *fixture) { f.files["config.json"] += "x" }, verify.Failed},
	} {
		f := keyFixture(t)
		bundle := []byte(f.signed())
		c.change(f)
		f.config.Bundles = nil
		v, err := New(f.config)
		if err != nil {
			t.Fatal(err)
		}
		a := f.files.artifact()
		a.Attached = func(context.Context) ([]registry.Attachment, error) {
			return []registry.Attachment{
				{Name: "a bill", MediaType: envelope.MediaType, Data: []byte("{}")},
				{Name: "referrer", MediaType: envelope.MediaType, Data: bundle},
				{Name: "another", MediaType: "application/json", Data: bundle},
			}, nil
		}
		e, err := verify.Pipeline{Verifiers: []verify.Verifier{v}}.Gather(t.Context(), a)
		if err != nil || len(e.Claims) != 1 || e.Claims[0].Standing != c.want || e.Claims[0].Document != "referrer" {
			t.Errorf("%s: %+v, %v", name, e.Claims, err)
		}
	}
}
