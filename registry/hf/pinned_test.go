package hf

import (
	"errors"
	"net/url"
	"testing"

	"assay/registry"
)

func TestPinnedAt(t *testing.T) {
	const pin = "hf://org/name@0123"
	for _, c := range []struct{ endpoint, pinned, want string }{
		{"", pin, pin},
		{DefaultEndpoint, pin, pin},
		{"HTTPS://HuggingFace.co/", pin, pin},
		{"https://hub.example/", pin, pin + "?endpoint=https://hub.example"},
		{"https://hub.example/mirror", pin, pin + "?endpoint=https://hub.example/mirror"},
		{"https://hub.example", "oci://host/a@sha256:0", "oci://host/a@sha256:0"},
	} {
		if got := PinnedAt(c.endpoint, c.pinned); got != c.want {
			t.Errorf("%q: %q, want %q", c.endpoint, got, c.want)
		}
	}
}

func TestAtThisHub(t *testing.T) {
	endpoint, err := url.Parse("https://hub.example")
	if err != nil {
		t.Fatal(err)
	}
	s := &Source{endpoint: endpoint}
	ref := func(rest string) registry.Reference { return registry.Reference{Scheme: "hf", Rest: rest} }
	for _, rest := range []string{"org/name@0123", "org/name@0123?endpoint=https://hub.example", "org/name@0123?endpoint=https://HUB.example/"} {
		if got, err := s.atThisHub(ref(rest)); err != nil || got.Rest != "org/name@0123" {
			t.Errorf("%s: %v, %v", rest, got, err)
		}
	}
	if _, err := s.atThisHub(ref("org/name@0123?endpoint=https://other.example")); !errors.Is(err, registry.ErrReference) {
		t.Errorf("another Hub: %v", err)
	}
}
