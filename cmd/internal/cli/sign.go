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
	"assay/verify/attest"
	"assay/verify/cosign"
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

	keyless     bool
	token       string // file
	config      string // file
	authority   string
	log         string
	stampers    []string
	trustedRoot string
}

func (k *signingKey) flags(f *pflag.FlagSet) {
	f.StringVar(&k.privateKey, "private-key", "", "sign with this key: ECDSA P-256, P-384 or P-521 in a PEM `FILE` (PKCS #8 or SEC 1); "+
		"its password is taken from "+unlockVariable)
	f.StringVar(&k.certificate, "certificate", "", "certificate of the key, a PEM `FILE`: verifiers then need its root and not the key")
	f.StringArrayVar(&k.chain, "certificate-chain", nil, "intermediate certificates above --certificate, a PEM `FILE`; repeatable")
	f.BoolVar(&k.keyless, "keyless", false, "sign through Sigstore in place of a key: who you are, and that you signed, is published in its log")
	f.StringVar(&k.token, "identity-token", "", "OpenID Connect token for --keyless, a `FILE` (default: the variable "+tokenVariable+", or the GitHub workflow that this runs in)")
	f.StringVar(&k.config, "signing-config", "", "Sigstore signing config `FILE` that names the services for --keyless (default: the public ones)")
	f.StringVar(&k.authority, "fulcio-url", "", "certificate authority `URL` for --keyless")
	f.StringVar(&k.log, "rekor-url", "", "transparency log `URL` for --keyless; \"none\" for an instance without one")
	f.StringArrayVar(&k.stampers, "timestamp-url", nil, "timestamp authority `URL` with its path for --keyless; repeatable")
	f.StringVar(&k.trustedRoot, "trusted-root", "", "Sigstore trusted root `FILE` that the new signature is verified against before it is written")
}

// signer is what to sign with.
func (k *signingKey) signer(ctx context.Context, a *app) (attest.Signer, error) {
	if k.keyless {
		return k.sigstore(ctx, a)
	}
	if used := k.token + k.config + k.authority + k.log + strings.Join(k.stampers, "") + k.trustedRoot; used != "" {
		return nil, usageError("the flags about Sigstore need --keyless")
	}
	key, chain, err := k.load(a.Getenv)
	if err != nil {
		return nil, err
	}
	return attest.KeySigner{Key: key, Chain: chain, Now: a.Now()}, nil
}

// sigstore puts the services together: the public ones, those of a signing config,
// or those that are named one by one.
func (k *signingKey) sigstore(ctx context.Context, a *app) (attest.Signer, error) {
	switch {
	case k.privateKey != "" || k.certificate != "":
		return nil, usageError("--keyless makes a key of its own: leave out --private-key and --certificate")
	case a.offline:
		return nil, usageError("--keyless asks the services of Sigstore, and --offline forbids it")
	}
	services := attest.PublicServices()
	if k.config != "" {
		data, err := trust.ReadFile(k.config, trust.MaxFile)
		if err != nil {
			return nil, usageError("--signing-config: %w", err)
		}
		if services, err = attest.ServicesFrom(data, a.Now()); err != nil {
			return nil, usageError("--signing-config: %w", err)
		}
	}
	if k.authority != "" { // another instance altogether: nothing of the public one is asked
		services = attest.Services{Authority: k.authority}
	}
	if k.log != "" {
		services.Log = strings.TrimSuffix(k.log, "none")
	}
	if len(k.stampers) > 0 {
		services.Stampers = k.stampers
	}
	for _, url := range append([]string{services.Authority, services.Log}, services.Stampers...) {
		if url != "" && !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://127.0.0.1:") && !strings.HasPrefix(url, "http://localhost:") {
			return nil, usageError("%s: the identity token and what vouches for it need https://", url)
		}
	}
	token, err := a.identityToken(ctx, k.token)
	if err != nil {
		return nil, err
	}
	out := attest.Keyless{Services: services, Token: token}
	if k.trustedRoot != "" {
		if out.TrustedRoot, err = trust.ReadFile(k.trustedRoot, trust.MaxFile); err != nil {
			return nil, usageError("--trusted-root: %w", err)
		}
	}
	return out, nil
}

// load reads the key, and the certificates, leaf first, when there are any.
func (k *signingKey) load(getenv func(string) string) (crypto.Signer, []*x509.Certificate, error) {
	if k.privateKey == "" {
		return nil, nil, usageError("say with what to sign: --private-key FILE, or --keyless")
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
		Use:   "sign MODEL (--private-key FILE | --keyless)",
		Short: "sign a model's files, as publisher",
		Long: `sign hashes every file of a folder, or one file, and writes an OpenSSF Model
Signing bundle: MODEL/model.sig for a folder, MODEL.sig for a file. Verifiers
need your public key, with --certificate the root above it, with --keyless your
identity and who vouches for it. Of oci://HOST/NAME it signs the manifest, as
cosign does, and keeps the signature in the registry.

It refuses what verifiers would: symbolic links, names that are not safe on every
system, an empty model, a certificate that is expired or not for signing. An
earlier bundle is replaced in one step and never signed itself.

Exit codes: 0 signed, 2 usage, 3 a file could not be read or signed.`,
		Example: `  assay sign ./model --private-key signer.key
  ASSAY_KEY_PASSWORD=... assay sign ./model --private-key signer.key --certificate signer.pem --certificate-chain intermediate.pem
  assay sign ./model.safetensors --private-key signer.key -o model.safetensors.sig
  SIGSTORE_ID_TOKEN=... assay sign ./model --keyless
  assay sign oci://registry.example.com/models/x:1.0 --private-key signer.key`,
		Args: needs("a model", "MODEL --private-key FILE"),
	}
	key.flags(cmd.Flags())
	cmd.Flags().StringVarP(&out, "output", "o", "", "bundle `FILE` to write (default: model.sig inside the folder, or FILE.sig)")
	cmd.Flags().StringArrayVar(&ignore, "ignore-paths", nil, "`PATH` in the model to leave out of the signature, which says so; repeatable")
	cmd.Flags().BoolVar(&ignoreGit, "ignore-git-paths", true, "leave out "+strings.Join(oms.GitPaths(), ", ")+", as the specification does")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		signer, err := key.signer(cmd.Context(), a)
		if err != nil {
			return err
		}
		if out, err = a.bundleOut(cmd, out); err != nil {
			return err
		}
		if strings.HasPrefix(args[0], "oci://") {
			return a.signManifest(cmd.Context(), args[0], out, signer)
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
		bundle, err := oms.Sign(cmd.Context(), manifest, signer)
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

// signManifest signs what a reference of a registry is pinned to. The signature is
// kept there beside it, or written to a file.
func (a *app) signManifest(ctx context.Context, ref, out string, signer attest.Signer) error {
	artifact, err := a.resolve(ctx, ref)
	if err != nil {
		return err
	}
	document, err := cosign.Sign(ctx, artifact.Pinned, signer)
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeFile(out, document.Data); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "signed %s in %s\n", artifact.Pinned, out)
		return err
	}
	at, err := a.attach(ctx, artifact.Pinned, document)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Stdout, "signed %s at %s\n", artifact.Pinned, at)
	return err
}

// attach keeps a document beside an artifact in its registry.
func (a *app) attach(ctx context.Context, pinned string, document registry.Attachment) (string, error) {
	ref, err := registry.ParseReference(pinned)
	if err != nil {
		return "", err
	}
	list, err := a.sources()
	if err != nil {
		return "", err
	}
	for _, s := range list {
		if keeper, ok := s.(registry.Attacher); ok && s.Scheme() == ref.Scheme {
			return keeper.Attach(ctx, pinned, document)
		}
	}
	return "", usageError("%s: only registries (oci://) keep signatures beside an artifact: write it to a file with -o FILE", pinned)
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
