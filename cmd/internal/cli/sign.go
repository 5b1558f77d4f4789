package cli

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"assay/cmd/internal/console"
	"assay/registry"
	"assay/registry/local"
	"assay/verify"
	"assay/verify/oms"
	"assay/verify/trust"
)

// unlockVariable is where the password of an encrypted private key comes
// from: a flag would show it to every user of the machine.
const unlockVariable = "ASSAY_KEY_PASSWORD"

// signingKey are the flags that say with what to sign.
type signingKey struct {
	privateKey  string
	certificate string
	chain       []string
}

func (k *signingKey) flags(f *pflag.FlagSet) {
	f.StringVar(&k.privateKey, "private-key", "", "sign with this key: ECDSA P-256, P-384 or P-521 in a PEM `FILE` (PKCS #8 or SEC 1); "+
		"its password is taken from "+unlockVariable)
	f.StringVar(&k.certificate, "certificate", "", "certificate of the key, a PEM `FILE`: verifiers then need its root and not the key")
	f.StringArrayVar(&k.chain, "certificate-chain", nil, "intermediate certificates above --certificate, a PEM `FILE`; repeatable")
}

// load reads the key, and the certificates, leaf first, when there are any.
func (k *signingKey) load(getenv func(string) string) (crypto.Signer, []*x509.Certificate, error) {
	if k.privateKey == "" {
		return nil, nil, usageError("say with what to sign: --private-key FILE")
	}
	if k.certificate == "" && len(k.chain) > 0 {
		return nil, nil, usageError("--certificate-chain needs the signer's own certificate: --certificate FILE")
	}
	signer, err := trust.LoadPrivateKey(k.privateKey, []byte(getenv(unlockVariable)))
	if errors.Is(err, trust.ErrPassword) {
		return nil, nil, usageError("--private-key: %w (in %s)", err, unlockVariable)
	} else if err != nil {
		return nil, nil, usageError("--private-key: %w", err)
	}
	if !canSign(signer.Public()) {
		return nil, nil, usageError("--private-key %s: a key of type %s: use ECDSA P-256, P-384 or P-521", k.privateKey, trust.Algorithm(signer.Public()))
	}
	var chain []*x509.Certificate
	for _, path := range append([]string{k.certificate}, k.chain...) {
		if path == "" {
			continue
		}
		certificates, err := trust.LoadCertificates(path)
		if err != nil {
			return nil, nil, usageError("--certificate: %w", err)
		}
		chain = append(chain, certificates...)
	}
	return signer, chain, nil
}

// canSign: the model signing specification has these curves and no other key.
func canSign(public crypto.PublicKey) bool {
	key, ok := public.(*ecdsa.PublicKey)
	return ok && slices.Contains([]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}, key.Curve)
}

// bundleOut is -o of the commands that write one bundle. Elsewhere -o is
// FORMAT=PATH, and whoever writes that here does not want a file of this name.
func (a *app) bundleOut(cmd *cobra.Command, out string) (string, error) {
	if !cmd.Flags().Changed("output") {
		return "", nil // ASSAY_OUTPUT is for reports: it names a format too
	}
	format, path, ok := strings.Cut(out, "=")
	if _, known := a.renderers()[format]; ok && known {
		return "", usageError("-o %s: %s writes one bundle, and -o is its FILE: write -o %s, or -o ./%s for a file of that name", out, cmd.Name(), path, out)
	}
	return out, nil
}

func (a *app) signCommand() *cobra.Command {
	var key signingKey
	var out string
	var ignore []string
	var ignoreGit bool
	cmd := &cobra.Command{
		Use:   "sign MODEL --private-key FILE",
		Short: "sign a model's files, as publisher",
		Long: `sign hashes every file of a folder, or one file, and writes an OpenSSF Model
Signing bundle: MODEL/model.sig for a folder, MODEL.sig for a file. Verifiers
need your public key, or with --certificate the root above it.

It refuses what verifiers would: symbolic links, names that are not safe on every
system, an empty model, a certificate that is expired or not for signing. An
earlier bundle is replaced in one step and never signed itself.

Exit codes: 0 signed, 2 usage, 3 a file could not be read or signed.`,
		Example: `  assay sign ./model --private-key signer.key
  ASSAY_KEY_PASSWORD=... assay sign ./model --private-key signer.key --certificate signer.pem --certificate-chain intermediate.pem
  assay sign ./model.safetensors --private-key signer.key -o model.safetensors.sig`,
		Args: needs("a model", "MODEL --private-key FILE"),
	}
	key.flags(cmd.Flags())
	cmd.Flags().StringVarP(&out, "output", "o", "", "bundle `FILE` to write (default: model.sig inside the folder, or FILE.sig)")
	cmd.Flags().StringArrayVar(&ignore, "ignore-paths", nil, "`PATH` in the model to leave out of the signature, which says so; repeatable")
	cmd.Flags().BoolVar(&ignoreGit, "ignore-git-paths", true, "leave out "+strings.Join(oms.GitPaths(), ", ")+", as the specification does")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		signer, chain, err := key.load(a.Getenv)
		if err != nil {
			return err
		}
		if out, err = a.bundleOut(cmd, out); err != nil {
			return err
		}
		for _, path := range ignore {
			if err := oms.CheckIgnorePath(path); err != nil {
				return &exitError{console.ExitUsage, err}
			}
		}
		if ignoreGit {
			ignore = append(ignore, oms.GitPaths()...)
		}
		out, own, err := bundlePath(args[0], out)
		if err != nil {
			return err
		}
		manifest, err := a.manifest(cmd.Context(), args[0], own, ignore)
		if err != nil {
			return err
		}
		bundle, err := a.signManifest(manifest, signer, chain)
		if err != nil {
			return err
		}
		if err := writeFile(out, bundle); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "signed %d files in %s\n", len(manifest.Resources), out)
		return err
	})
	return cmd
}

func (a *app) signManifest(m *oms.Manifest, signer crypto.Signer, chain []*x509.Certificate) ([]byte, error) {
	if len(chain) == 0 {
		return oms.SignWithKey(m, signer)
	}
	return oms.SignWithCertificate(m, signer, chain, a.Now())
}

// bundlePath is where to write, and the bundle's name inside the model, "" when
// it lies elsewhere.
func bundlePath(model, out string) (path, own string, err error) {
	info, err := os.Stat(model)
	switch {
	case err != nil:
		return "", "", &exitError{console.ExitUsage, fmt.Errorf("sign files on this machine: %w", err)}
	case !info.IsDir() && out == "":
		return model + ".sig", "", nil
	case !info.IsDir():
		return out, "", nil
	case out == "":
		return filepath.Join(model, "model.sig"), "model.sig", nil
	}
	folder, err := filepath.EvalSymlinks(model)
	if err != nil {
		return "", "", err
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(out))
	if err != nil {
		return "", "", &exitError{console.ExitUsage, fmt.Errorf("-o: %w", err)}
	}
	return out, inside(folder, filepath.Join(parent, filepath.Base(out))), nil
}

// inside is the name of a path below a folder, "" when it is not below it.
func inside(folder, path string) string {
	folder, err := filepath.Abs(folder)
	path, err2 := filepath.Abs(path)
	if err != nil || err2 != nil {
		return ""
	}
	name, err := filepath.Rel(folder, path)
	if err != nil || !filepath.IsLocal(name) {
		return ""
	}
	return filepath.ToSlash(name)
}

// manifest hashes the model's files. Whatever could not be taken as a file
// refuses the whole: a signature must not be silent about it.
func (a *app) manifest(ctx context.Context, model, own string, ignore []string) (*oms.Manifest, error) {
	path, err := filepath.Abs(model)
	if err != nil {
		return nil, err
	}
	artifact, err := local.Source{LeaveOutGit: true}.Resolve(ctx, registry.Reference{Scheme: "file", Rest: path})
	if err != nil {
		return nil, err
	}
	if own != "" {
		ignore = append(ignore, own)
	}
	p := a.pipeline()
	p.Scanners = nil
	evidence, err := p.Gather(ctx, artifact)
	if err != nil {
		return nil, err
	}
	for _, g := range evidence.Gaps {
		if !oms.Ignores(ignore, g.File) {
			return nil, fmt.Errorf("cannot sign: %s: %s", g.File, g.Reason)
		}
	}
	return oms.NewManifest(filepath.Base(path), verify.DigestsOf(evidence), ignore)
}
