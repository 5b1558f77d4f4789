package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/verify"
	"assay/verify/attest"
	"assay/verify/cosign"
	"assay/verify/report"
)

// predicateTypes are those of what can be attested.
var predicateTypes = map[string]string{
	attest.KindVSA:   attest.TypeVSA,
	attest.KindSVR:   attest.TypeSVR,
	"spdx3-json":     attest.TypeSPDX + "/v3",
	"spdx2-json":     attest.TypeSPDX + "/v2.3",
	"cyclonedx-json": attest.TypeCycloneDX,
}

// defaultVerifier names this program in summaries until it is told who runs it.
const defaultVerifier = "urn:assay:verifier"

func (a *app) attestCommand() *cobra.Command {
	var key signingKey
	var kind, out string
	var push bool
	s := attest.Summary{}
	cmd := &cobra.Command{
		Use:   "attest REPORT --type TYPE (--private-key FILE | --keyless)",
		Short: "sign what a report says, as in-toto attestation",
		Long: `attest reads a report that 'gate' wrote with --format json and signs a statement
about its artifact: about the whole with the names of its files, and about each
file by its SHA-256. It touches no model.

Types: vsa, a SLSA verification summary with the verdict and the policy's digest;
svr, a simple verification result, of a report that passes; spdx3-json,
spdx2-json or cyclonedx-json, the bill of materials.

Verifiers accept a summary by key and verifier id together: give --verifier-id a
URI that is yours. Keep the bundle beside the model: inside, a signature over the
folder that was made before does not cover it. Exit codes: 0 signed, 2 usage,
3 cannot be attested.`,
		Example: `  assay gate ./model --format json > report.json
  assay attest report.json --type vsa --private-key verifier.key --verifier-id https://example.com/verifier -o model.vsa.sigstore.json
  assay gate ./model --attestation model.vsa.sigstore.json --attestation-key verifier.pub --verifier-id https://example.com/verifier`,
		Args: needs("a saved report", "REPORT --type TYPE --private-key FILE"),
	}
	key.flags(cmd.Flags())
	cmd.Flags().StringVar(&kind, "type", "vsa", "`TYPE` of the attestation: vsa, svr, spdx3-json, spdx2-json, cyclonedx-json")
	cmd.Flags().StringVar(&s.Verifier, "verifier-id", defaultVerifier, "`URI` of who verified")
	cmd.Flags().StringVar(&s.Resource, "resource-uri", "", "`URI` of what was verified (default: the report's reference)")
	cmd.Flags().BoolVar(&push, "push", false, "keep the bundle in the registry, beside the artifact that the report is about (oci://)")
	cmd.Flags().StringVarP(&out, "output", "o", "", "bundle `FILE` to write (default: standard output)")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		out, err := a.bundleOut(cmd, out)
		if err != nil {
			return err
		}
		signer, err := key.signer(cmd.Context(), a)
		if err != nil {
			return err
		}
		s.Time = a.Now()
		r, statement, err := a.statement(args[0], kind, s)
		if err != nil {
			return err
		}
		bundle, err := signer.Sign(cmd.Context(), statement)
		if err != nil {
			return err
		}
		if push {
			at, err := a.attach(cmd.Context(), r.Artifact.Pinned, cosign.Attachment(bundle, predicateTypes[kind]))
			if err != nil {
				return err
			}
			if out == "" {
				_, err = fmt.Fprintf(a.Stdout, "attested %s at %s\n", r.Artifact.Pinned, at)
				return err
			}
		}
		bundle = append(bundle, '\n')
		if out != "" {
			return writeFile(out, bundle)
		}
		_, err = a.Stdout.Write(bundle)
		return err
	})
	return cmd
}

// statement is what will be signed about a saved report.
func (a *app) statement(path, kind string, s attest.Summary) (r verify.Report, statement []byte, err error) {
	if _, known := predicateTypes[kind]; !known {
		return r, nil, usageError("--type %s: one of %s", kind, strings.Join(sortedKeys(predicateTypes), ", "))
	}
	if r, err = readReport(path); err != nil {
		return r, nil, err
	}
	switch kind {
	case attest.KindVSA:
		statement, err = attest.MakeVSA(r, s)
		return r, statement, err
	case attest.KindSVR:
		statement, err = attest.MakeSVR(r, s)
		return r, statement, err
	}
	var bill bytes.Buffer
	if err := a.renderers()[kind](&bill, r, report.Options{}); err != nil {
		return r, nil, fmt.Errorf("render %s: %w", kind, err)
	}
	statement, err = attest.MakeStatement(r.Evidence, predicateTypes[kind], bill.Bytes())
	return r, statement, err
}

func readReport(path string) (verify.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return verify.Report{}, &exitError{console.ExitUsage, err}
	}
	defer f.Close()
	return report.Read(f)
}
