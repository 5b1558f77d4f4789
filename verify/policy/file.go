package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"assay/scanners"
)

// MaxFile bounds a policy file, in bytes.
const MaxFile = 1 << 20

// document is the form of a policy file. Every field is optional but the first
// two; what is left out keeps the built-in value.
type document struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	FailOn     string `yaml:"failOn"`
	Require    struct {
		Signature bool `yaml:"signature"`
		Pinned    bool `yaml:"pinned"`
	} `yaml:"require"`
}

// Parse reads a policy file: strict YAML, one document, no unknown key. It can
// only be stricter or more lenient where it says so in words.
func Parse(name string, data []byte) (Rules, error) {
	if len(data) > MaxFile {
		return Rules{}, fmt.Errorf("policy %s: larger than %d bytes", name, MaxFile)
	}
	var d document
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&d); err != nil {
		return Rules{}, fmt.Errorf("policy %s: %w", name, err)
	}
	if err := decoder.Decode(new(document)); !errors.Is(err, io.EOF) {
		return Rules{}, fmt.Errorf("policy %s: more than one document", name)
	}
	if d.APIVersion != "assay.dev/v1" || d.Kind != "Policy" {
		return Rules{}, fmt.Errorf("policy %s: apiVersion must be assay.dev/v1 and kind Policy", name)
	}
	rules := Rules{Name: name, RequireSignature: d.Require.Signature, RequirePinned: d.Require.Pinned}
	if d.FailOn != "" {
		rules.FailOn = new(scanners.Severity)
		if err := rules.FailOn.UnmarshalText([]byte(d.FailOn)); err != nil {
			return Rules{}, fmt.Errorf("policy %s: failOn: %w", name, err)
		}
	}
	return rules, nil
}
