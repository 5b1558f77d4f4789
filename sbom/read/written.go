package read

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/sbom"
)

// ErrNoRecord says that a bill has no record of a document of ours in it.
var ErrNoRecord = errors.New("the bill was not written by this program, or by a version that kept no record: read it as a declaration")

// AsWritten restores the document that one of our own writers wrote, with the
// standings that the bill states: writing it again gives the same bytes. It
// believes the bill: whoever may have changed it since can have made anything
// "verified". It fails with ErrFormat or ErrNoRecord.
func AsWritten(data []byte, name string) (Bill, error) {
	bill, err := Parse(data, name) // for its making
	if err != nil {
		return bill, err
	}
	bill.Document = sbom.Document{} // a large one is not needed twice
	r := &restorer{index: make(map[string]int)}
	switch format := bill.Making.Format.Text; {
	case format == "CycloneDX":
		err = r.cyclonedx(data)
	case strings.HasPrefix(bill.Making.FormatVersion.Text, "2."):
		err = r.spdx2(data)
	default:
		err = r.spdx3(data)
	}
	if err == nil {
		bill.Document, err = r.finish()
	}
	if err != nil && !errors.Is(err, ErrNoRecord) {
		err = fmt.Errorf("%w: %w", ErrFormat, err)
	}
	bill.Skipped = 0
	return bill, err
}

// restorer collects a document from its notes and from what the format says of
// plain files.
type restorer struct {
	doc      sbom.Document
	recorded bool
	index    map[string]int // of files by local id
	files    []restored
}

type restored struct {
	sbom.File
	summary  string // "" where the format has properties instead
	recorded bool
}

// file begins a file. Its notes follow.
func (r *restorer) file(id string, f sbom.File, summary string) error {
	if _, twice := r.index[id]; twice || len(r.files) >= maxItems {
		return fmt.Errorf("the file %q is listed twice, or is one of more than %d", id, maxItems)
	}
	r.index[id] = len(r.files)
	r.files = append(r.files, restored{File: f, summary: summary})
	return nil
}

// statement checks that no text of a note deceives, and returns its kind and
// what it says.
func statement(text string) (kind sbom.NoteKind, said jsontext.Value, err error) {
	d := jsontext.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, err
		}
		if token.Kind() == '"' && !sbom.Fit(token.String()) {
			return "", nil, fmt.Errorf("a text before byte %d of a note has characters that no bill has", d.InputOffset())
		}
	}
	var members map[sbom.NoteKind]jsontext.Value
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return "", nil, err
	}
	if len(members) != 1 {
		return "", nil, fmt.Errorf("a note says %d things", len(members))
	}
	for only := range members {
		kind = only
	}
	return kind, members[kind], nil
}

// note takes over one note on the element with the local id.
func (r *restorer) note(id, text string) error {
	kind, said, err := statement(text)
	if err != nil {
		return err
	}
	if i, ok := r.index[id]; ok {
		return r.files[i].note(kind, said)
	}
	d := &r.doc
	switch kind {
	case sbom.NoteClaim:
		return add(&d.Claims, said)
	case sbom.NoteConflict:
		return add(&d.Conflicts, said)
	case sbom.NoteGap:
		return add(&d.Gaps, said)
	case sbom.NoteRecord:
		r.recorded = true
		return whole(d, said, func(now *sbom.Document, before sbom.Document) {
			now.Files, now.Claims, now.Conflicts, now.Gaps = nil, before.Claims, before.Conflicts, before.Gaps
		})
	}
	return nil
}

func (f *restored) note(kind sbom.NoteKind, said jsontext.Value) error {
	switch kind {
	case sbom.NoteFinding:
		return add(&f.Findings, said)
	case sbom.NoteGap:
		return add(&f.Gaps, said)
	case sbom.NoteFacts:
		return json.Unmarshal(said, &f.Facts)
	case sbom.NoteRecord:
		f.recorded = true
		return whole(&f.File, said, func(now *sbom.File, before sbom.File) {
			now.Findings, now.Gaps, now.Facts = before.Findings, before.Gaps, before.Facts
		})
	}
	return nil
}

// whole replaces a value by a record of it, except what keep takes over.
func whole[T any](to *T, said jsontext.Value, keep func(now *T, before T)) error {
	var now T
	if err := json.Unmarshal(said, &now); err != nil {
		return err
	}
	keep(&now, *to)
	*to = now
	return nil
}

func add[T any](to *[]T, said jsontext.Value) error {
	var item T
	if err := json.Unmarshal(said, &item); err != nil {
		return err
	}
	*to = append(*to, item)
	return nil
}

func (r *restorer) finish() (sbom.Document, error) {
	if !r.recorded {
		return sbom.Document{}, ErrNoRecord
	}
	for _, f := range r.files {
		if !f.recorded && f.summary != "" && !f.ParseSummary(f.summary) {
			return sbom.Document{}, fmt.Errorf("what the bill says of %q is not what this program writes", f.Name)
		}
		if !sbom.Fit(f.Name) {
			return sbom.Document{}, errors.New("a file has a name that no bill has")
		}
		r.doc.Files = append(r.doc.Files, f.File)
	}
	if !r.doc.Told() {
		return sbom.Document{}, errors.New("the record has standings, digests, addresses or times that are none")
	}
	return r.doc, nil
}

// computed is a digest that the bill says was computed.
func computed(algorithm, hex text) sbom.Digest {
	name := algorithms[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(string(algorithm)))]
	return sbom.Digest{Algorithm: name, Hex: string(hex), Standing: sbom.Verified}
}

func gitoid(id text) (sbom.Digest, bool) {
	hex, ok := strings.CutPrefix(string(id), "gitoid:blob:sha1:")
	return sbom.Digest{Algorithm: "sha1-git", Hex: hex, Standing: sbom.Verified}, ok
}
