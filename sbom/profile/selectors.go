package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/sbom"
)

// Making is how a bill was made.
type Making = sbom.Making

// selection looks values up in one document.
type selection struct {
	doc    sbom.Document
	making Making
}

// selectors are all places but facts, by the names that elements use.
var selectors = map[string]func(selection) sbom.Value{
	"making/author":          func(s selection) sbom.Value { return s.making.Author },
	"making/contact":         func(s selection) sbom.Value { return s.making.AuthorContact },
	"making/tool":            func(s selection) sbom.Value { return s.making.Tool },
	"making/created":         func(s selection) sbom.Value { return s.making.Created },
	"making/format":          func(s selection) sbom.Value { return s.making.Format },
	"making/format-version":  func(s selection) sbom.Value { return s.making.FormatVersion },
	"making/uri":             func(s selection) sbom.Value { return s.making.URI },
	"making/signature":       func(s selection) sbom.Value { return s.making.Signature },
	"making/accepted-format": acceptedFormat,
	"making/context":         func(s selection) sbom.Value { return s.making.Context },

	"subject/name":       func(s selection) sbom.Value { return s.doc.Subject.Name },
	"subject/version":    func(s selection) sbom.Value { return s.doc.Subject.Version },
	"subject/content-id": func(s selection) sbom.Value { return s.doc.Subject.ContentID },
	"subject/purl":       func(s selection) sbom.Value { return s.doc.Subject.PURL },
	"subject/location":   func(s selection) sbom.Value { return s.doc.Subject.Location },
	"subject/repository": func(s selection) sbom.Value { return s.doc.Subject.Repository },
	"subject/supplier":   func(s selection) sbom.Value { return s.doc.Subject.Supplier },
	"subject/created":    func(s selection) sbom.Value { return s.doc.Subject.Created },
	"subject/purpose":    purpose,
	"subject/kind":       func(s selection) sbom.Value { return kind(s.doc.Subject) },

	"license/declared":       func(s selection) sbom.Value { return s.doc.License.Expression },
	"license/found":          func(s selection) sbom.Value { return first(s.doc.License.Found) },
	"license/effective":      effectiveLicense,
	"license/use-restricted": restricted,

	"files/sha256":   func(s selection) sbom.Value { return everyFile(s.doc, "sha256", anyFile) },
	"files/sha512":   func(s selection) sbom.Value { return everyFile(s.doc, "sha512", anyFile) },
	"files/names":    fileNames,
	"files/kinds":    fileKinds,
	"files/size":     fileSizes,
	"weights/sha256": weightHash,

	"relations":   relations,
	"bases":       bases,
	"datasets":    func(s selection) sbom.Value { return first(s.doc.Datasets) },
	"findings":    scanned,
	"no-findings": withoutFindings,
}

func (s selection) value(from string) sbom.Value {
	if look, ok := selectors[from]; ok {
		return look(s)
	}
	if v, ok := s.ofDataset(from); ok {
		return v
	}
	for _, f := range s.doc.Facts {
		if f.Key == from {
			return f.Value
		}
	}
	return sbom.Value{}
}

func verified(source, format string, args ...any) sbom.Value {
	return sbom.Value{Text: fmt.Sprintf(format, args...), Standing: sbom.Verified, Source: source}
}

func first(list []sbom.Value) sbom.Value {
	if len(list) == 0 {
		return sbom.Value{}
	}
	return list[0]
}

func kind(s sbom.Subject) sbom.Value {
	if s.Kind == sbom.KindUnknown {
		return sbom.Value{}
	}
	if s.KindInferred {
		return sbom.Value{Text: string(s.Kind), Standing: sbom.Inferred, Source: "files"}
	}
	return sbom.Value{Text: string(s.Kind), Standing: sbom.Declared, Source: "store"}
}

// effectiveLicense is the declared one where its text is in the artifact.
func effectiveLicense(s selection) sbom.Value {
	if !s.doc.License.Confirmed() {
		return sbom.Value{}
	}
	return sbom.Value{Text: s.doc.License.Expression.Text, Standing: sbom.Inferred, Source: s.doc.License.Found[0].Source}
}

// restricted is the declared license where it forbids some uses.
func restricted(s selection) sbom.Value {
	if !slices.Contains(s.doc.License.Classes, "use-restricted") {
		return sbom.Value{}
	}
	return s.doc.License.Expression
}

// purpose is what an unknown kind is described as.
func purpose(s selection) sbom.Value {
	if s.doc.Subject.Kind != sbom.KindUnknown {
		return sbom.Value{}
	}
	if v := weightHash(s); v.Known() {
		return sbom.Value{Text: "model", Standing: sbom.Inferred, Source: "files"}
	}
	return sbom.Value{}
}

// acceptedFormat is known for the formats that BSI TR-03183-2, section 4, accepts.
func acceptedFormat(s selection) sbom.Value {
	format, version := s.making.Format, s.making.FormatVersion
	ok := format.Text == "SPDX" && strings.HasPrefix(version.Text, "3.") ||
		format.Text == "CycloneDX" && slices.Contains([]string{"1.6", "1.7"}, version.Text)
	if !ok {
		return sbom.Value{}
	}
	format.Text += " " + version.Text
	return format
}

func anyFile(sbom.Document, sbom.File) bool { return true }

func isWeights(d sbom.Document, f sbom.File) bool {
	role, _ := d.Role(f)
	return role == sbom.RoleWeights
}

// weightHash is over the weights where a scanner recognised them, else over all
// files.
func weightHash(s selection) sbom.Value {
	if v := everyFile(s.doc, "sha256", isWeights); v.Known() {
		return v
	}
	return everyFile(s.doc, "sha256", anyFile)
}

// everyFile is known when every file that counts has a digest of the algorithm,
// and only as good as the worst of them: one file that is not bound is enough to
// change the artifact.
func everyFile(d sbom.Document, algorithm string, counts func(sbom.Document, sbom.File) bool) sbom.Value {
	n, standing := 0, sbom.Verified
	for _, f := range d.Files {
		if !counts(d, f) {
			continue
		}
		best := sbom.Absent
		for _, x := range f.Digests {
			if x.Algorithm == algorithm && !x.Broken && (best == sbom.Absent || x.Standing == sbom.Verified) {
				best = x.Standing
			}
		}
		if best == sbom.Absent {
			return sbom.Value{}
		}
		if best != sbom.Verified {
			standing = best
		}
		n++
	}
	if n == 0 {
		return sbom.Value{}
	}
	return sbom.Value{Text: fmt.Sprintf("%s of %d files", algorithm, n), Standing: standing, Source: "files"}
}

func fileNames(s selection) sbom.Value {
	if len(s.doc.Files) == 0 {
		return sbom.Value{}
	}
	return verified("files", "%d file names", len(s.doc.Files))
}

func fileSizes(s selection) sbom.Value {
	var n int64
	for _, f := range s.doc.Files {
		n += max(0, f.Size)
	}
	if n == 0 {
		return sbom.Value{}
	}
	return verified("files", "%s bytes", strconv.FormatInt(n, 10))
}

// fileKinds is known when a scanner recognised every file.
func fileKinds(s selection) sbom.Value {
	for _, f := range s.doc.Files {
		if len(f.Formats) == 0 {
			return sbom.Value{}
		}
	}
	return fileNames(s)
}

// relations are known when the list of files is: every one of them is contained.
func relations(s selection) sbom.Value {
	if !s.doc.Complete || len(s.doc.Files) == 0 {
		return sbom.Value{}
	}
	return verified("files", "contains %d files; %d bases, %d datasets named", len(s.doc.Files), len(s.doc.Bases), len(s.doc.Datasets))
}

func bases(s selection) sbom.Value {
	if len(s.doc.Bases) == 0 {
		return sbom.Value{}
	}
	return s.doc.Bases[0].Name
}

// scanned says that the files were looked through, which is what a reference to
// vulnerabilities needs: none found is an answer only when everything was read.
func scanned(s selection) sbom.Value {
	n, complete := 0, len(s.doc.Files) > 0
	for _, f := range s.doc.Files {
		n += len(f.Findings)
		complete = complete && f.Complete()
	}
	if !complete && n == 0 {
		return sbom.Value{}
	}
	return verified("scan", "%d findings in %d files", n, len(s.doc.Files))
}

func withoutFindings(s selection) sbom.Value {
	for _, f := range s.doc.Files {
		if len(f.Findings) > 0 {
			return sbom.Value{}
		}
	}
	return verified("scan", "no vulnerability information")
}
