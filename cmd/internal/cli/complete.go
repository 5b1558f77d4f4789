package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/cmd/internal/console"
	"assay/sbom"
	"assay/sbom/profile"
	"assay/sbom/read"
	"assay/verify"
	"assay/verify/attest"
	"assay/verify/report"
	"assay/verify/trust"
)

// bomFormats are name and version of each format of a bill.
var bomFormats = map[string][2]string{
	"spdx3-json": {"SPDX", "3.0.1"}, "spdx3-json@3.0.1": {"SPDX", "3.0.1"}, "spdx2-json": {"SPDX", "2.3"}, "spdx2-json@2.3": {"SPDX", "2.3"},
	"cyclonedx-json": {"CycloneDX", "1.6"}, "cyclonedx-json@1.6": {"CycloneDX", "1.6"}, "cyclonedx-json@1.7": {"CycloneDX", "1.7"},
}

const defaultBOM = "spdx3-json"

// bomJob is what bom does with a document: where it writes it, and what it
// demands of it.
type bomJob struct {
	app      *app
	flags    bomFlags
	required profile.Requirement // no profile: nothing is demanded
	measured profile.Profile     // no profile: nothing is printed
	other    *read.Bill          // the bill of --from; nil without
	parts    []sbom.Document     // the bills of --merge
}

// bomJob checks the flags before the work begins.
func (a *app) bomJob(f bomFlags) (bomJob, error) {
	job := bomJob{app: a, flags: f}
	if f.graph && f.complete != "" {
		return job, usageError("--graph and --complete both print to standard output; choose one")
	}
	if f.graph && a.format != "" && a.format != "html" {
		return job, usageError("--graph prints DOT, or with --format html a picture, not %s; write the bill with -o %s=PATH", a.format, a.format)
	}
	if f.complete != "" {
		p, ok := profile.Find(f.complete)
		if !ok {
			return job, usageError("--complete: unknown profile %q: one of %s", f.complete, strings.Join(profile.IDs(), ", "))
		}
		job.measured = p
		if a.format != "" && a.format != "text" && a.format != "json" {
			return job, usageError("--complete prints text or json, not %s; write the bill with -o %s=PATH", a.format, a.format)
		}
	}
	for _, class := range f.denyLicense {
		if !slices.Contains(licenseClasses, class) {
			return job, usageError("--deny-license: unknown class %q: one of %s", class, strings.Join(licenseClasses, ", "))
		}
	}
	if f.require != "" {
		var err error
		if job.required, err = profile.ParseRequirement(f.require); err != nil {
			return job, usageError("--require-complete: %w", err)
		}
	}
	if f.asWritten && f.from == "" {
		return job, usageError("--as-written says how to read the bill of --from")
	}
	if f.from != "" {
		bill, signed, err := a.readBill(f)
		if err != nil {
			return job, err
		}
		job.other = &bill
		if signed { // with a reference, it is compared with the files too
			job.flags.signers.attested.files = append(job.flags.signers.attested.files, f.from)
		}
	}
	for _, path := range f.merge {
		bill, _, err := a.readBill(bomFlags{from: path, signers: f.signers})
		if err != nil {
			return job, err
		}
		job.parts = append(job.parts, bill.Document)
	}
	_, err := a.chosen(job.renderers(sbom.Document{}), defaultBOM)
	return job, err
}

// renderers are those of the report, and those of the bill, which is made once.
func (j bomJob) renderers(doc sbom.Document) map[string]report.Renderer {
	all := report.Formats()
	for name, write := range j.app.bomWriters(j.author(), j.created()) {
		all[name] = func(w io.Writer, _ verify.Report, _ report.Options) error { return write(w, doc) }
	}
	return all
}

// created is the time of the bill: its own when it is written again as it was.
func (j bomJob) created() time.Time {
	if j.flags.asWritten && j.app.Getenv("SOURCE_DATE_EPOCH") == "" {
		if t, err := time.Parse(time.RFC3339, j.other.Making.Created.Text); err == nil {
			return t
		}
	}
	return j.app.created()
}

// author is who answers for the bill: whoever did, when it is written again as it
// was. A bill that nobody signed for names the program in that place.
func (j bomJob) author() string {
	if j.flags.asWritten && j.flags.author == "" && j.other.Making.Author.Text != "assay" {
		return j.other.Making.Author.Text
	}
	return j.flags.author
}

// document is the bill: of the report, of --from, or of both.
func (j bomJob) document(r verify.Report) sbom.Document {
	doc := sbom.FromReport(r)
	switch {
	case j.other != nil && len(r.Files) == 0:
		doc = j.other.Document
	case j.other != nil:
		doc = doc.Complement(j.other.Document)
	}
	for _, part := range j.parts {
		doc = doc.Merge(part)
	}
	if j.flags.noFindings {
		doc = doc.WithoutFindings()
	}
	return doc
}

// finish writes what was asked for and gives the exit code.
func (j bomJob) finish(r verify.Report) error {
	doc := j.document(r)
	targets, err := j.app.chosen(j.renderers(doc), defaultBOM)
	if err != nil {
		return err
	}
	making := j.app.making(bomFormat(targets), j.flags.author)
	if j.other != nil && len(r.Files) == 0 {
		making = j.other.Making
		if name := targets[0].format; j.measured.ID == "" && !j.flags.graph && bomFormats[name][0] == "" {
			return usageError("%s describes a report, and --from without a reference makes none; choose a format of bills", name)
		}
	}
	if j.flags.graph {
		write := doc.WriteDOT
		if j.app.format == "html" {
			write = doc.WriteHTML
		}
		if err := write(j.app.Stdout); err != nil {
			return fmt.Errorf("write the graph: %w", err)
		}
		targets = targets[1:]
	}
	if j.measured.ID != "" {
		if err := j.print(profile.Check(j.measured, doc, making)); err != nil {
			return err
		}
		targets = targets[1:] // standard output has the completeness
	}
	if err := j.app.writeTo(r, targets); err != nil {
		return err
	}
	if code := j.contradictions(r, doc); code != nil {
		return code
	}
	if code := j.denied(doc.License); code != nil {
		return code
	}
	return j.demand(profile.Check(j.required.Profile, doc, making))
}

// denied looks for the classes of --deny-license.
func (j bomJob) denied(l sbom.License) error {
	classes := l.AllClasses()
	if len(classes) == 0 {
		classes = []string{"unknown"}
	}
	for _, class := range classes {
		if slices.Contains(j.flags.denyLicense, class) {
			j.app.note("the license %s is %s", cmp.Or(l.Expression.Text, "(none declared)"), class)
			return exit(console.ExitFail)
		}
	}
	return nil
}

// contradictions names the files in which the bill of --from and the artifact
// differ, and gives the exit code: such a bill is not one of this artifact.
func (j bomJob) contradictions(r verify.Report, doc sbom.Document) error {
	if j.other == nil || len(r.Files) == 0 {
		return nil
	}
	n := 0
	for _, c := range r.Claims {
		if c.Document == j.flags.from && c.Standing == verify.Failed {
			for _, p := range c.Problems {
				j.app.note("%s: %s", j.flags.from, p.What)
			}
			n++
		}
	}
	for _, c := range doc.Conflicts {
		if strings.HasPrefix(c.Field, sbom.FieldFile) {
			j.app.note("%s: %s", c.Field, c.Why)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return exit(console.ExitFail)
}

// readBill reads the bill of --from, as a declaration or believing it. A signed one
// is read only when its signer counts.
func (a *app) readBill(f bomFlags) (bill read.Bill, signed bool, err error) {
	data, err := trust.ReadFile(f.from, read.MaxBytes)
	if err != nil {
		return bill, false, &exitError{console.ExitUsage, err}
	}
	name := filepath.Base(f.from)
	var signer sbom.Value
	if signed = attest.IsSigned(data); signed {
		opened, err := a.openBill(f, data)
		if err != nil {
			return bill, true, err
		}
		data = opened.Predicate
		signer = sbom.Value{Text: cmp.Or(opened.Signer.Subject, opened.Signer.KeyID), Standing: sbom.Verified, Source: name}
	}
	parse := read.Parse
	if f.asWritten {
		parse = read.AsWritten
	}
	if bill, err = parse(data, name); err != nil {
		return bill, signed, fmt.Errorf("%s: %w", f.from, err)
	}
	bill.Making.Signature = signer
	return bill, signed, nil
}

// openBill verifies the signature of a bill.
func (a *app) openBill(f bomFlags, data []byte) (attest.Opened, error) {
	s := f.signers
	if t := s.attested; len(t.keys) == 0 && t.identity == "" {
		return attest.Opened{}, usageError("%s is signed: say whose signature counts, with --attestation-key FILE or --attestation-identity", f.from)
	}
	c, err := a.omsConfig(s, "")
	if err != nil {
		return attest.Opened{}, err
	}
	v, err := a.attestVerifier(s, c)
	if err != nil {
		return attest.Opened{}, err
	}
	opened, err := v.Open(attest.Document{Name: f.from, Data: data})
	if err != nil {
		return opened, &exitError{console.ExitFail, err}
	}
	a.note("%s: signed by %s", f.from, cmp.Or(opened.Signer.Subject, opened.Signer.KeyID))
	return opened, nil
}

// bomFormat is the format in which the bill is written: profiles ask for it.
func bomFormat(targets []target) string {
	for _, t := range targets {
		if _, ok := bomFormats[t.format]; ok {
			return t.format
		}
	}
	return defaultBOM
}

func (j bomJob) print(r profile.Report) error {
	if j.app.format != "json" {
		return r.WriteText(j.app.Stdout)
	}
	enc := json.NewEncoder(j.app.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the completeness: %w", err)
	}
	return nil
}

// demand names what is missing and gives the exit code.
func (j bomJob) demand(r profile.Report) error {
	if j.required.Profile.ID == "" || j.required.Met(r) {
		return nil
	}
	for _, e := range r.Elements {
		if e.State == profile.Missing && !e.Optional {
			j.app.note("missing for %s: %s %s: %s", r.Profile, e.ID, e.Name, e.Note)
		}
	}
	j.app.note("%s: %d%% present", r.Title, r.Present)
	return exit(console.ExitFail)
}

// contactOf is the author where it can be written to.
func contactOf(author sbom.Value) sbom.Value {
	if strings.Contains(author.Text, "@") || strings.HasPrefix(author.Text, "https://") {
		return author
	}
	return sbom.Value{}
}
