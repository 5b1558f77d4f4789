package read_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/read"
)

// roundTrips are all documents that must come back whole: ordinary ones, one that
// was completed by somebody else's bill, and hostile ones.
func roundTrips(t *testing.T) map[string]sbom.Document {
	t.Helper()
	all := sbomtest.Documents()
	for name, text := range sbomtest.HostileTexts {
		all["hostile "+name] = sbom.FromReport(sbomtest.HostileReport(text))
	}
	all["without findings"] = all["findings-model"].WithoutFindings()
	bill, err := read.Parse(writers["spdx 2.3"](t, all["findings-model"]), "theirs.json")
	if err != nil {
		t.Fatal(err)
	}
	all["declared"] = bill.Document
	all["completed"] = all["clean-model"].Complement(bill.Document)
	return all
}

// What we wrote is restored whole: written again in any format, it gives the bytes
// that the original gives there, run after run.
func TestAsWrittenGivesTheSameBytes(t *testing.T) {
	for name, doc := range roundTrips(t) {
		want := make(map[string][]byte)
		for format, write := range writers {
			want[format] = write(t, doc)
		}
		for from, data := range want {
			bill, err := read.AsWritten(data, "a.json")
			if err != nil {
				t.Errorf("%s %s: %v", name, from, err)
				continue
			}
			for to, write := range writers {
				if !bytes.Equal(write(t, bill.Document), want[to]) {
					t.Errorf("%s: from %s to %s: other bytes", name, from, to)
				}
			}
		}
	}
}

func TestAsWrittenTenRuns(t *testing.T) {
	doc := sbomtest.Documents()["findings-model"]
	for format, write := range writers {
		first := write(t, doc)
		data := first
		for run := range 10 {
			bill, err := read.AsWritten(data, "a.json")
			if err != nil {
				t.Fatal(err)
			}
			if data = write(t, bill.Document); !bytes.Equal(data, first) {
				t.Fatalf("%s: run %d gives other bytes", format, run)
			}
		}
	}
}

// Reading somebody's bill in the ordinary way makes nothing verified, whatever
// record it has.
func TestRecordIsNotBelievedUnasked(t *testing.T) {
	for format, write := range writers {
		bill, err := read.Parse(write(t, sbomtest.Documents()["clean-model"]), "a.json")
		if err != nil {
			t.Fatal(err)
		}
		d := bill.Document
		for _, f := range d.Facts {
			if f.Value.Standing != sbom.Declared {
				t.Errorf("%s: %+v", format, f)
			}
		}
		if len(d.Gaps) != 1 || len(d.Claims) != 0 || d.Subject.ContentID.Standing == sbom.Verified {
			t.Errorf("%s: %+v", format, d.Subject)
		}
	}
}

// A bill of others has no record, and one that was tampered with so that it says
// what no bill says is refused.
func TestAsWrittenRefuses(t *testing.T) {
	other := `{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"machine-learning-model","name":"m"}}}`
	if _, err := read.AsWritten([]byte(other), "x"); !errors.Is(err, read.ErrNoRecord) {
		t.Errorf("no record: %v", err)
	}
	doc := sbomtest.Documents()["findings-model"]
	for format, write := range writers {
		data := string(write(t, doc))
		for what, edit := range map[string][2]string{
			"no standing":   {`\"standing\":\"declared\"`, `\"standing\":\"trust me\"`},
			"no digest":     {`\"algorithm\":\"sha256\",\"hex\":\"`, `\"algorithm\":\"sha256\",\"hex\":\"x`},
			"bidi":          {`\"document\":\"model.sig\"`, `\"document\":\"model\u202e.sig\"`},
			"control":       {`\"document\":\"model.sig\"`, `\"document\":\"model\\u001b.sig\"`},
			"no text":       {`\"document\":\"model.sig\"`, `\"document\":1`},
			"no JSON":       {`{\"record\":{\"subject\"`, `{\"record\":{\"subject`},
			"no address":    {`\"location\":{\"text\":\"`, `\"location\":{\"text\":\"not a URI`},
			"two statments": {`{\"gap\":`, `{\"a\":1,\"gap\":`},
		} {
			bad := strings.ReplaceAll(data, edit[0], edit[1])
			if bad == data {
				t.Fatalf("%s: %s: nothing to replace", format, what)
			}
			if _, err := read.AsWritten([]byte(bad), "x"); !errors.Is(err, read.ErrFormat) {
				t.Errorf("%s: %s: %v", format, what, err)
			}
		}
	}
}

func FuzzAsWritten(f *testing.F) {
	for _, write := range writers {
		f.Add(write(f, sbomtest.Documents()["empty"]))
	}
	f.Add(writers["cyclonedx 1.6"](f, sbomtest.Documents()["findings-model"]))
	f.Fuzz(func(t *testing.T, data []byte) {
		bill, err := read.AsWritten(data, "x")
		if err != nil {
			return
		}
		write := writers["cyclonedx 1.6"] // the fastest
		first := write(t, bill.Document)
		again, err := read.AsWritten(first, "x")
		if err != nil {
			t.Fatalf("what was restored cannot be restored again: %v", err)
		}
		if !bytes.Equal(write(t, again.Document), first) {
			t.Fatal("other bytes")
		}
	})
}
