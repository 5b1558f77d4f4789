// Package read reads bills of materials that others wrote: SPDX 2.2 and 2.3
// JSON, SPDX 3.0.1 JSON-LD, and CycloneDX JSON from 1.2. What it reads is a claim
// of whoever wrote the bill: every value is Declared, with the name of the bill
// as its source.
//
//	[]byte -> Read -> Bill{Making, Document}
//
// It is tolerant in what it does not need: fields of a wrong type, references to
// other documents and unknown elements are left out and counted. It is strict in
// JSON itself: a document with equal keys means two things to two readers.
//
// # Security
//
// The input is hostile. It is bounded in bytes (MaxBytes), elements (maxItems)
// and nesting; nothing is fetched, no context of JSON-LD is followed, and every
// text passes through sbom.Clean.
package read

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"assay/sbom"
)

const (
	// MaxBytes bounds a bill: one of a million files is half as large.
	MaxBytes = 512 << 20
	// maxItems bounds the elements of each kind that are taken over.
	maxItems = 1 << 20
	// maxNesting bounds components inside components.
	maxNesting = 8
)

// ErrFormat says that the input is no bill of a known format.
var ErrFormat = errors.New("no SPDX or CycloneDX document in JSON")

// Bill is a bill of materials in our terms.
type Bill struct {
	Making   sbom.Making
	Document sbom.Document
	// Skipped counts elements that were not understood.
	Skipped int
}

// Read reads a bill from r. name is what its values have as their source. It
// fails with ErrFormat, with a syntax error, or with an error of r.
func Read(r io.Reader, name string) (Bill, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Bill{}, fmt.Errorf("read the bill: %w", err)
	}
	if len(data) > MaxBytes {
		return Bill{}, fmt.Errorf("read the bill: more than %d bytes", MaxBytes)
	}
	return Parse(data, name)
}

// Parse is Read of a bill that is in memory already; data of more than MaxBytes is
// the caller's own decision.
func Parse(data []byte, name string) (Bill, error) {
	var head struct {
		Context     any  `json:"@context"`
		SPDXVersion text `json:"spdxVersion"`
		BOMFormat   text `json:"bomFormat"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Bill{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	b := &builder{source: name, files: make(map[string]int)}
	var err error
	switch {
	case strings.HasPrefix(string(head.SPDXVersion), "SPDX-2."):
		err = b.spdx2(data)
	case head.BOMFormat == "CycloneDX":
		err = b.cyclonedx(data)
	case head.Context != nil:
		err = b.spdx3(data)
	default:
		return Bill{}, ErrFormat
	}
	if err != nil {
		return Bill{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return b.finish(), nil
}

// builder collects what a bill says.
type builder struct {
	source  string
	bill    Bill
	files   map[string]int // index by name
	skipped int
}

// said is a value that the bill declares.
func (b *builder) said(s text) sbom.Value { return sbom.DeclaredBy(string(s), b.source) }

func (b *builder) uri(s text) sbom.Value { return sbom.DeclaredURI(string(s), b.source) }

func (b *builder) time(s text) sbom.Value { return sbom.DeclaredTime(string(s), b.source) }

func (b *builder) version(s text) sbom.Value { return sbom.DeclaredVersion(string(s), b.source) }

// fact adds what the bill says about the subject, under the key of the fact that
// our own readers have for it.
func (b *builder) fact(key string, value text) {
	if v := b.said(value); v.Known() && len(b.bill.Document.Facts) < maxFacts {
		b.bill.Document.Facts = append(b.bill.Document.Facts, sbom.Fact{Key: key, Value: v})
	}
}

// maxFacts is that of package sbom.
const maxFacts = 1024

// file adds a file with its promised digests. A file that is listed twice keeps
// every digest: what contradicts itself must not be hidden.
func (b *builder) file(name text, digests []sbom.Digest) {
	clean := sbom.Clean(strings.TrimPrefix(string(name), "./"))
	if clean == "" || len(b.bill.Document.Files) >= maxItems {
		b.skipped++
		return
	}
	i, ok := b.files[clean]
	if !ok {
		i = len(b.bill.Document.Files)
		b.files[clean] = i
		b.bill.Document.Files = append(b.bill.Document.Files, sbom.File{Name: clean, Formats: []string{}, Classification: "unknown"})
	}
	f := &b.bill.Document.Files[i]
	for _, d := range digests {
		if !slices.Contains(f.Digests, d) && len(f.Digests) < 16 {
			f.Digests = append(f.Digests, d)
		}
	}
}

// algorithms are the names that the formats have, in lower case without dashes
// and underscores.
var algorithms = map[string]string{
	"sha256": "sha256", "sha384": "sha384", "sha512": "sha512", "blake2b512": "blake2b", "blake3": "blake3",
}

// digest makes a promised digest; ok is false for one that is not understood.
func (b *builder) digest(algorithm, hex text) (sbom.Digest, bool) {
	name := algorithms[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(string(algorithm)))]
	d := sbom.Digest{Algorithm: name, Hex: strings.ToLower(string(hex)), Standing: sbom.Declared, Source: b.source}
	return d, name != "" && d.Valid()
}

func (b *builder) license(expression text) {
	v := b.said(expression)
	if v.Known() && v.Text != "NOASSERTION" && v.Text != "NONE" && !b.bill.Document.License.Expression.Known() {
		b.bill.Document.License = sbom.LicenseOf(v)
	}
}

func (b *builder) base(name, revision text, relation sbom.Relation, needed bool) {
	v := b.said(name)
	if !v.Known() || len(b.bill.Document.Bases) >= maxFacts {
		return
	}
	for i, known := range b.bill.Document.Bases {
		if known.Name.Text == v.Text {
			b.bill.Document.Bases[i].Needed = known.Needed || needed
			return
		}
	}
	b.bill.Document.Bases = append(b.bill.Document.Bases, sbom.Base{Name: v, Revision: b.version(revision), Relation: relation, Needed: needed})
}

func (b *builder) dataset(name text) {
	v := b.said(name)
	same := func(d sbom.Value) bool { return d.Text == v.Text }
	if v.Known() && len(b.bill.Document.Datasets) < maxFacts && !slices.ContainsFunc(b.bill.Document.Datasets, same) {
		b.bill.Document.Datasets = append(b.bill.Document.Datasets, v)
	}
}

// finish brings everything into the order that documents have, and says that
// nothing was looked at.
func (b *builder) finish() Bill {
	d := &b.bill.Document
	slices.SortFunc(d.Files, func(x, y sbom.File) int { return strings.Compare(x.Name, y.Name) })
	slices.SortStableFunc(d.Facts, func(x, y sbom.Fact) int { return strings.Compare(x.Key, y.Key) })
	slices.SortFunc(d.Bases, func(x, y sbom.Base) int { return strings.Compare(x.Name.Text, y.Name.Text) })
	slices.SortFunc(d.Datasets, func(x, y sbom.Value) int { return strings.Compare(x.Text, y.Text) })
	d.Gaps = append(d.Gaps, sbom.Gap{Code: "unread", Reason: "taken over from a bill of materials; no file was looked at"})
	b.bill.Skipped = b.skipped
	return b.bill
}
