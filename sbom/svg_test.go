package sbom_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

// The picture names what the graph names, and is the same each time.
func TestWriteHTML(t *testing.T) {
	d := sbomtest.Merged()
	var first, second bytes.Buffer
	if err := d.WriteHTML(&first); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteHTML(&second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("another picture of the same document")
	}
	for _, want := range []string{">example/tiny<", ">example/large<", ">example/rows<", ">trained on<", "revision not named"} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}

// A name is text, whatever it looks like: the picture stays well-formed and has no
// element but its own.
func TestPictureOfHostileNames(t *testing.T) {
	for name, text := range sbomtest.HostileTexts {
		var page bytes.Buffer
		if err := sbom.FromReport(sbomtest.HostileReport(text)).WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		_, svg, _ := strings.Cut(page.String(), "<svg")
		svg, _, _ = strings.Cut(svg, "</svg>")
		decoder := xml.NewDecoder(strings.NewReader("<svg" + svg + "</svg>"))
		for {
			token, err := decoder.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e, ok := token.(xml.StartElement); ok && !strings.Contains("svg g title rect text path", e.Name.Local) {
				t.Errorf("%s: element %s", name, e.Name.Local)
			}
		}
	}
}
