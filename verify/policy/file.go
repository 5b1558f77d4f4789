package policy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"assay/verify/trust"
)

// Bounds of a policy file.
const (
	// MaxFile is its size, and that of a waiver file, in bytes.
	MaxFile = 1 << 20
	// maxNamed is the size of a trust root that a policy names, in bytes.
	maxNamed = 1 << 20
)

// Version is the apiVersion of every file that this package reads.
const Version = "assay.dev/v1"

// Schema is the JSON Schema (draft 2020-12) of policy files, waiver files and
// policy tests.
//
//go:embed schema.json
var Schema []byte

// Load reads a policy file and the keys and certificates that it names, relative
// to its folder.
func Load(path string) (Rules, error) {
	data, err := trust.ReadFile(path, MaxFile)
	if err != nil {
		return Rules{}, err
	}
	return parse(path, data, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		return trust.ReadFile(name, maxNamed)
	})
}

// Parse reads a policy that names no other file: strict YAML, one document, no
// unknown key, no key without a value. It can only be stricter or more lenient
// where it says so in words.
func Parse(name string, data []byte) (Rules, error) {
	return parse(name, data, func(file string) ([]byte, error) {
		return nil, fmt.Errorf("%s: a policy from memory cannot name files", file)
	})
}

func parse(name string, data []byte, read readFunc) (Rules, error) {
	digest := sha256.New()
	fmt.Fprintf(digest, "%d:%s", len(data), data)
	var d document
	if err := decode(data, &d, "Policy", func() (string, string) { return d.APIVersion, d.Kind }); err != nil {
		return Rules{}, fmt.Errorf("policy %s: %w", name, err)
	}
	rules, err := d.rules(func(file string) ([]byte, error) {
		content, err := read(file)
		fmt.Fprintf(digest, "%d:%s", len(content), content)
		return content, err
	})
	if err != nil {
		return Rules{}, fmt.Errorf("policy %s: %w", name, err)
	}
	rules.Name, rules.Digest = name, hex.EncodeToString(digest.Sum(nil))
	return rules, nil
}

// decode reads one strict YAML document.
func decode(data []byte, into any, kind string, head func() (version, kind string)) error {
	if len(data) > MaxFile {
		return fmt.Errorf("larger than %d bytes", MaxFile)
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(data, &tree); err != nil {
		return err
	}
	if err := checkKind(&tree, kind); err != nil {
		return err
	}
	if err := plain(&tree); err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("it is empty")
		}
		return inWords(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	if version, got := head(); version != Version || got != kind {
		return fmt.Errorf("apiVersion must be %s and kind %s", Version, kind)
	}
	return nil
}

// plain refuses what makes YAML read otherwise than it looks: anchors and
// aliases, tags, and keys without a value, of which nobody can say whether they
// were meant.
func plain(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return fmt.Errorf("line %d: anchors and aliases are not allowed", n.Line)
	case n.Style&yaml.TaggedStyle != 0:
		return fmt.Errorf("line %d: tags are not allowed", n.Line)
	case n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!null" || n.Value == ""):
		return fmt.Errorf("line %d: a key without a value: give it one, or leave it out", n.Line)
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.ShortTag() == "!!merge" {
			return fmt.Errorf("line %d: merge keys are not allowed", child.Line)
		}
		if err := plain(child); err != nil {
			return err
		}
	}
	return nil
}

// oneOf checks a word against those that are allowed; "" is the default.
func oneOf(key, value string, allowed ...string) error {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s: unknown %q: one of %s", key, value, strings.Join(allowed, ", "))
}
