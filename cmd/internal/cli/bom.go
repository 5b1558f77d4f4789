package cli

import (
	"context"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"assay/cmd/internal/console"
	"assay/registry"
	"assay/sbom"
	"assay/sbom/cyclonedx"
	"assay/sbom/profile"
	"assay/sbom/spdx"
	"assay/verify"
)

// bomFlags are the flags of bom.
type bomFlags struct {
	complete, require string
	from              string
	asWritten         bool
	author            string
	noFindings        bool
	graph             bool
	headersOnly       bool
	denyLicense       []string
	merge             []string
	signers           signers // whose attestations and signed bills count
}

func (f *bomFlags) flags(set *pflag.FlagSet) {
	set.StringVar(&f.complete, "complete", "", "print how complete the bill is against `PROFILE`")
	set.StringVar(&f.require, "require-complete", "", "exit with 1 unless the bill is complete against `PROFILE`[:PERCENT]")
	set.StringVar(&f.from, "from", "", "read the bill in `FILE`, compare it with the files of REF and complete it")
	set.BoolVar(&f.asWritten, "as-written", false, "with --from and no REF: believe FILE, a bill of this program, and keep the standings that it states")
	set.StringArrayVar(&f.merge, "merge", nil, "unite with the bill in `FILE`, of a dataset, base model or neighbour; repeatable")
	set.StringVar(&f.author, "author", "", "who answers for the bill: a `NAME`, e-mail address or URL")
	set.BoolVar(&f.graph, "graph", false, "print instead what it was made from, as a graph in the DOT language, or with --format html as a page with a picture")
	set.BoolVar(&f.headersOnly, "headers-only", false, "read what scanning needs and hash nothing: the bill then binds no bytes, and says so")
	set.StringArrayVar(&f.denyLicense, "deny-license", nil, "exit with 1 when the license is of this `CLASS`: "+strings.Join(licenseClasses, ", ")+"; repeatable")
	f.signers.attested.signerFlags(set)
	set.StringVar(&f.signers.trustedRoot, "trusted-root", "", "Sigstore trusted root `FILE`, for --attestation-identity")
	set.BoolVar(&f.noFindings, "no-findings", false, "leave findings out, for profiles that forbid vulnerability information in a bill")
}

func (a *app) bomCommand() *cobra.Command {
	var f bomFlags
	cmd := &cobra.Command{
		Use:   "bom [REF]",
		Short: "write the AI bill of materials of a model or dataset",
		Long: `bom reads and hashes every file and writes what the artifact is made of. It
describes and does not judge: findings and what was not looked at are in the
document as annotations, and the exit code is 0 when it could be written.

The creation time is SOURCE_DATE_EPOCH when that is set, else 1970-01-01: the
same artifact gives the same bytes.

Formats: spdx3-json (default), spdx2-json, cyclonedx-json, and json or text for
the report. A version can be chosen: spdx3-json@3.0.1, spdx2-json@2.3,
cyclonedx-json@1.6 (what cyclonedx-json means) and @1.7, which says field by field
who vouches for it.

--from FILE reads a bill that somebody else wrote (SPDX 2.x or 3.0.1, CycloneDX, in
JSON). With REF its digests are compared with the files, what it declares fills
what is not known, and every contradiction is in the new bill; the exit code is 1
when it lists other files or digests than are there. Without REF no file is looked
at, and it is only written in another format or measured. --as-written believes
the file: a bill that this program wrote is restored with the standings, findings
and signatures that it states, and writing it again gives the same bytes. Whoever
could change the file can have made anything "verified" in it.

FILE may be a signed bill, as 'attest' writes it: it is then read only if the
signature is by --attestation-key or --attestation-identity, and with REF what it
was signed about must be the files of REF. Signed bills and other attestations
beside the files, or that a registry keeps with them, are verified when found, and
the new bill says by whom.

--merge FILE takes the bill of a dataset, of a base model or of anything beside it
into this one; one of the same artifact completes it. 'bom merge' does so with bills
alone.

--complete PROFILE prints instead how complete the bill is against a published
list of minimum elements (--format text or json): for each element whether it is
verified, declared, inferred, not applicable or missing, and what would fill it.
--require-complete PROFILE writes the bill and exits with 1 when an element that
applies is missing; PROFILE:80 is content with 80 percent.
--deny-license CLASS exits with 1 when a license that is declared, or whose text is
with the artifact, is of the class; "unknown" denies what nobody here can classify.
Profiles: g7, ntia, cisa-2025, bsi-tr-03183-2, eu-ai-act-annex-xi, spdx-3.0.1.`,
		Example: `  assay bom ./model > model.spdx.json
  assay bom ./model --complete g7
  assay bom ./model --graph | dot -Tsvg > lineage.svg
  assay bom ./model --no-findings --require-complete bsi-tr-03183-2 -o cyclonedx-json@1.7=model.cdx.json`,
		Args: cobra.MaximumNArgs(1),
	}
	f.flags(cmd.Flags())
	a.reportFlags(cmd.Flags())
	a.judgeFlags(cmd.Flags())
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error { return a.bom(cmd.Context(), f, args) })
	cmd.AddCommand(a.bomMergeCommand())
	return cmd
}

// bom writes the bill of the artifact that args name, or that of --from.
func (a *app) bom(ctx context.Context, f bomFlags, args []string) error {
	if a.Getenv("GOGC") == "" {
		// A dataset of a hundred thousand files must fit into 512 MiB: half as much
		// garbage as usual costs little where nearly all of the heap stays in use.
		debug.SetGCPercent(50)
	}
	job, err := a.bomJob(f)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		if f.from == "" {
			return usageError("bom needs a reference, or a bill with --from")
		}
		return job.finish(verify.Report{})
	}
	if t := f.signers.attested; f.headersOnly && (len(t.keys) > 0 || t.identity != "") {
		return usageError("--headers-only hashes nothing, so that no attestation can be compared with the files: leave one out")
	}
	if f.asWritten {
		return usageError("--as-written believes a bill, and %s is there to be looked at: leave one out", args[0])
	}
	artifact, err := a.resolve(ctx, args[0])
	if err != nil {
		return err
	}
	r, err := a.describe(ctx, artifact, job.flags)
	if err != nil {
		return err
	}
	if len(r.Files) == 0 {
		a.note("%s has no files", args[0])
		return exit(console.ExitNothing)
	}
	if f.headersOnly {
		a.sayUnbound(r)
	}
	return job.finish(r)
}

func (a *app) bomMergeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "merge BILL BILL...",
		Short: "unite bills of materials: a model with its datasets and bases",
		Long: `merge reads bills (SPDX 2.x or 3.0.1, CycloneDX, in JSON) and writes one: that of the
first, with what the others say of the datasets and bases that it names, and with
whatever is in none of them as a neighbour. A bill of the same artifact completes the
first, and what the two contradict each other in is in the result. No file is looked
at. A folder of this name is described by 'bom ./merge'.

Formats: spdx3-json (default), spdx2-json, cyclonedx-json, each with @VERSION.`,
		Example: "  assay bom merge model.spdx.json dataset.spdx.json > all.spdx.json",
		Args:    cobra.MinimumNArgs(2),
	}
	a.reportFlags(cmd.Flags())
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		job, err := a.bomJob(bomFlags{from: args[0], merge: args[1:]})
		if err != nil {
			return err
		}
		return job.finish(verify.Report{})
	})
	return cmd
}

// describe gathers what a bill of materials needs. SHA-512 is computed in the
// same read as SHA-256.
func (a *app) describe(ctx context.Context, artifact *registry.Artifact, f bomFlags) (verify.Report, error) {
	rules, err := a.rules(false)
	if err != nil {
		return verify.Report{}, err
	}
	verifiers, err := a.billVerifiers(f.signers)
	if err != nil {
		return verify.Report{}, err
	}
	p := a.pipeline(verifiers...)
	p.SHA512, p.HeadersOnly = !f.headersOnly, f.headersOnly
	evidence, err := p.Gather(ctx, artifact)
	if err != nil {
		return verify.Report{}, err
	}
	return verify.NewReport(evidence, rules, a.Now()), nil
}

// sayUnbound says of which files there is no more than a promise.
func (a *app) sayUnbound(r verify.Report) {
	promised := 0
	for _, f := range r.Files {
		if len(f.Declared) > 0 {
			promised++
		}
	}
	a.note("headers only: no file was hashed; of %d files %d have a digest that the store declares, and %d have none",
		len(r.Files), promised, len(r.Files)-promised)
}

// billVerifiers are those of signatures, of which a bill says that they are there,
// and of attestations, bills among them, by signers that count.
func (a *app) billVerifiers(s signers) ([]verify.Verifier, error) {
	list, err := a.signatureVerifiers(signers{}, "")
	if err != nil {
		return nil, err
	}
	c, err := a.omsConfig(s, "")
	if err != nil {
		return nil, err
	}
	attested, err := a.attestVerifier(s, c)
	return append(list, attested), err
}

// licenseClasses are what --deny-license can name. "unknown" is a license that is
// not declared, or of which no class is known.
var licenseClasses = []string{"non-commercial", "use-restricted", "no-derivatives", "share-alike", "unknown"}

// bomWriter writes a bill of materials in one format.
type bomWriter func(io.Writer, sbom.Document) error

// bomWriters are all formats of a bill of materials. A name without a version
// means the one that most readers know.
func (a *app) bomWriters(author string, created time.Time) map[string]bomWriter {
	tool := "assay " + Version
	all := make(map[string]bomWriter)
	for name, version := range map[string]spdx.Version{
		"spdx3-json": spdx.V301, "spdx3-json@3.0.1": spdx.V301, "spdx2-json": spdx.V23, "spdx2-json@2.3": spdx.V23,
	} {
		all[name] = func(w io.Writer, doc sbom.Document) error {
			return spdx.Write(w, doc, spdx.Options{Version: version, Created: created, Tool: tool, Author: author})
		}
	}
	for name, version := range map[string]cyclonedx.Version{
		"cyclonedx-json": cyclonedx.V16, "cyclonedx-json@1.6": cyclonedx.V16, "cyclonedx-json@1.7": cyclonedx.V17,
	} {
		all[name] = func(w io.Writer, doc sbom.Document) error {
			return cyclonedx.Write(w, doc, cyclonedx.Options{Version: version, Created: created, Tool: tool, Author: author})
		}
	}
	return all
}

// created is the creation time of documents that must have one. It is no clock:
// the same input has to give the same bytes (reproducible-builds.org,
// SOURCE_DATE_EPOCH).
func (a *app) created() time.Time {
	seconds, err := strconv.ParseInt(a.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return spdx.DefaultCreated
	}
	return time.Unix(seconds, 0).UTC()
}

// making is how the bill is made, for profiles. Without SOURCE_DATE_EPOCH the
// document has a time that says nothing.
func (a *app) making(format, author string) profile.Making {
	own := func(text string) sbom.Value {
		return sbom.Value{Text: text, Standing: sbom.Verified, Source: "this program"}
	}
	m := profile.Making{Author: own("assay"), Tool: own("assay " + Version), Context: own("analyzed"), URI: own("digest of the content")}
	if author != "" {
		m.Author = sbom.Value{Text: author, Standing: sbom.Declared, Source: "--author"}
		m.AuthorContact = contactOf(m.Author)
	}
	if a.created() != spdx.DefaultCreated {
		m.Created = own(a.created().Format(time.RFC3339))
	}
	if f, ok := bomFormats[format]; ok {
		m.Format, m.FormatVersion = own(f[0]), own(f[1])
	}
	return m
}
