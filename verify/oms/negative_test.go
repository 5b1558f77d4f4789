package oms

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/trust"
)

// negative is one reason to refuse. Each starts from a model that verifies, and
// is signed again after the change, so that it reaches the check it is about.
type negative struct {
	name   string
	change func(f *fixture)
	want   []string
}

const badStatement, badBundle = CodeBadStatement, envelope.CodeBadBundle

var badStatements = []negative{
	{"statement type", func(f *fixture) { f.edit("Statement/v1", "Statement/v0.1") }, []string{badStatement}},
	{"predicate of another kind", func(f *fixture) { f.edit(PredicateType, "https://slsa.dev/provenance/v1") }, []string{badStatement}},
	{"predicate type in other case", func(f *fixture) { f.edit(`"predicateType"`, `"PredicateType"`) }, []string{badStatement}},
	{"predicate type twice", func(f *fixture) { f.edit(`"predicateType"`, `"predicateType":"x","predicateType"`) }, []string{badStatement}},
	{"data after the statement", func(f *fixture) { f.payload += "{}" }, []string{badStatement}},
	{"not JSON", func(f *fixture) { f.payload = "config.json" }, []string{badStatement}},
	{"unfinished string", func(f *fixture) { f.payload = f.payload[:10] + `"` }, []string{badStatement}},
	{"invalid UTF-8", func(f *fixture) { f.edit("config.json", "config\xff.json") }, []string{badStatement}},
	{"two subjects", func(f *fixture) { f.edit(`"subject":[`, `"subject":[{"name":"x","digest":{}},`) }, []string{badStatement}},
	{"no subject", func(f *fixture) { f.edit(`"subject":[`, `"subject":[],"was":[`) }, []string{badStatement}},
	{"subject is no list", func(f *fixture) { f.edit(`"subject":[`, `"subject":{},"was":[`) }, []string{badStatement}},
	{"subject without name", func(f *fixture) { f.edit(`"name":"model"`, `"name":""`) }, []string{badStatement}},
	{"subject without digest", func(f *fixture) { f.edit(`"digest":{"sha256"`, `"digest":{"sha512"`) }, []string{badStatement}},
	{"root digest too short", func(f *fixture) { f.edit(`"digest":{"sha256":"`, `"digest":{"sha256":"00","was":"`) }, []string{badStatement}},
	{"predicate null", func(f *fixture) { f.edit(`"predicate":{`, `"predicate":null,"was":{`) }, []string{badStatement}},
	{"unknown member in predicate", func(f *fixture) { f.edit(`"resources":`, `"extra":1,"resources":`) }, []string{badStatement}},
	{"old member in predicate", func(f *fixture) { f.edit(`"resources":`, `"unused":"","resources":`) }, []string{badStatement}},
	{"no serialization", func(f *fixture) { f.edit(`"serialization":`, `"serialisation":`) }, []string{badStatement}},
	{"unknown member in serialization", func(f *fixture) { f.edit(`"method":`, `"extra":1,"method":`) }, []string{badStatement}},
	{"nested too deep", func(f *fixture) {
		f.edit(`"algorithm"`, `"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,"algorithm"`)
	}, []string{badStatement}},
	{"too many members", func(f *fixture) {
		var b strings.Builder
		for i := range 100 {
			fmt.Fprintf(&b, `"x%d":0,`, i)
		}
		f.edit(`"algorithm"`, b.String()+`"algorithm"`)
	}, []string{badStatement}},

	{"no resources", func(f *fixture) { m := f.manifest(); m.Resources = nil; f.setManifest(m) }, []string{badStatement}},
	{"resources missing", func(f *fixture) { f.edit(`"resources":[`, `"was":[`) }, []string{badStatement}},
	{"root digest of something else", func(f *fixture) {
		m := f.manifest()
		root := fmt.Sprintf("%x", m.RootDigest())
		f.edit(root, hexOf("0", 32))
	}, []string{CodeRootDigest}},
	{"resources in other order than the root digest", func(f *fixture) {
		a, b := f.digestOf("config.json"), f.digestOf("sub/weights.bin")
		f.edit(a, "swap")
		f.edit(b, a)
		f.edit("swap", b)
	}, []string{CodeRootDigest}},
	{"digest upper-case", func(f *fixture) {
		d := f.digestOf("sub/weights.bin")
		f.edit(d, strings.ToUpper(d))
	}, []string{badStatement}},
	{"digest too short", func(f *fixture) { f.edit(f.digestOf("config.json"), "00") }, []string{badStatement}},
	{"digest endless", func(f *fixture) { f.edit(f.digestOf("config.json"), hexOf("0", 4096)) }, []string{badStatement}},
	{"digest not hex", func(f *fixture) { f.edit(f.digestOf("config.json"), hexOf("g", 32)) }, []string{badStatement}},
	{"digest is a number", func(f *fixture) { f.edit(`"`+f.digestOf("config.json")+`"`, "1") }, []string{badStatement}},
	{"hash type md5", func(f *fixture) {
		f.edit(`"hash_type":"sha256"`, `"hash_type":"md5"`)
		f.payload = strings.ReplaceAll(f.payload, `"algorithm":"sha256"`, `"algorithm":"md5"`)
	}, []string{badStatement}},
	{"hash type sha512", func(f *fixture) { f.edit(`"hash_type":"sha256"`, `"hash_type":"sha512"`) }, []string{badStatement}},
	{"algorithm is not the hash type", func(f *fixture) { f.edit(`"algorithm":"sha256"`, `"algorithm":"blake3"`) }, []string{badStatement}},
	{"algorithm of shards for files", func(f *fixture) { f.edit(`"algorithm":"sha256"`, `"algorithm":"sha256-sharded-10"`) }, []string{badStatement}},
	{"method unknown", func(f *fixture) { f.edit(`"method":"files"`, `"method":"chunks"`) }, []string{badStatement}},
	{"method missing", func(f *fixture) { f.edit(`"method":"files",`, ``) }, []string{badStatement}},
	{"shard size for files", func(f *fixture) { f.edit(`"method":"files"`, `"method":"files","shard_size":10`) }, []string{badStatement}},
	{"shards without size", func(f *fixture) { f.edit(`"method":"files"`, `"method":"shards"`) }, []string{badStatement}},

	{"ignore everything", func(f *fixture) { f.edit(`"ignore_paths":[]`, `"ignore_paths":["."]`) }, []string{badStatement}},
	{"ignore nothing", func(f *fixture) { f.edit(`"ignore_paths":[]`, `"ignore_paths":[""]`) }, []string{badStatement}},
	{"ignore a pattern", func(f *fixture) { f.edit(`"ignore_paths":[]`, `"ignore_paths":["*.py"]`) }, []string{badStatement}},
	{"ignore an absolute path", func(f *fixture) { f.edit(`"ignore_paths":[]`, `"ignore_paths":["/sub"]`) }, []string{badStatement}},
	{"ignore a path outside", func(f *fixture) { f.edit(`"ignore_paths":[]`, `"ignore_paths":["sub/../.."]`) }, []string{badStatement}},
	{"ignore paths are no list", func(f *fixture) { f.edit(`"ignore_paths":[]`, `"ignore_paths":"sub"`) }, []string{badStatement}},
	{"ignore too many paths", func(f *fixture) {
		f.edit(`"ignore_paths":[]`, `"ignore_paths":["x"`+strings.Repeat(`,"x"`, maxIgnorePaths)+`]`)
	}, []string{badStatement}},
}

func rename(to string) func(f *fixture) {
	return func(f *fixture) {
		m := f.manifest()
		m.Resources[0].Name = to
		f.setManifest(m)
	}
}

func both(a, b string) func(f *fixture) {
	return func(f *fixture) {
		m := f.manifest()
		m.Resources[0].Name, m.Resources[1].Name = a, b
		f.setManifest(m)
	}
}

var badNames = []negative{
	{"parent folder", rename("../config.json"), []string{CodeUnsafeName}},
	{"parent folder inside", rename("sub/../config.json"), []string{CodeUnsafeName}},
	{"absolute", rename("/config.json"), []string{CodeUnsafeName}},
	{"dot folder", rename("./config.json"), []string{CodeUnsafeName}},
	{"double slash", rename("sub//config.json"), []string{CodeUnsafeName}},
	{"trailing slash", rename("config.json/"), []string{CodeUnsafeName}},
	{"backslash", rename(`sub\config.json`), []string{CodeUnsafeName}},
	{"drive letter", rename("c:config.json"), []string{CodeUnsafeName}},
	{"control character", rename("config\n.json"), []string{CodeUnsafeName}},
	{"NUL", rename("config\x00.json"), []string{CodeUnsafeName}},
	{"device", rename("NUL.txt"), []string{CodeUnsafeName}},
	{"empty", rename(""), []string{CodeUnsafeName}},
	{"dot among others", rename("."), []string{CodeUnsafeName}},
	{"twice", both("config.json", "config.json"), []string{CodeDuplicateName + " config.json"}},
	{"same but for case", both("config.json", "CONFIG.json"), []string{CodeUnsafeName}},
	{"same but for composition", both("caf\u00e9", "cafe\u0301"), []string{CodeUnsafeName}},
	{"file below a file", both("config.json", "config.json/x"), []string{CodeUnsafeName}},
}

var badTrees = []negative{
	{"byte changed", func(f *fixture) { f.files["config.json"] = "[]" }, []string{"digest-mismatch config.json"}},
	{"byte appended", func(f *fixture) { f.files["sub/weights.bin"] += "0" }, []string{"digest-mismatch sub/weights.bin"}},
	{"file truncated", func(f *fixture) { f.files["sub/weights.bin"] = "" }, []string{"digest-mismatch sub/weights.bin"}},
	{"empty file filled", func(f *fixture) { f.files["sub/empty.txt"] = "x" }, []string{"digest-mismatch sub/empty.txt"}},
	{"file added", func(f *fixture) { f.files["setup.py"] = "x" }, []string{"file-unsigned setup.py"}},
	{"empty file added", func(f *fixture) { f.files["sub/__init__.py"] = "" }, []string{"file-unsigned sub/__init__.py"}},
	{"git file added", func(f *fixture) { f.files[".gitattributes"] = "x" }, []string{"file-unsigned .gitattributes"}},
	{"file removed", func(f *fixture) { delete(f.files, "config.json") }, []string{"file-missing config.json"}},
	{"file renamed", func(f *fixture) {
		f.files["config.yaml"] = f.files["config.json"]
		delete(f.files, "config.json")
	}, []string{"file-missing config.json", "file-unsigned config.yaml"}},
	{"names swapped", func(f *fixture) { // the root digest is the same
		m := f.files
		m["config.json"], m["sub/weights.bin"] = m["sub/weights.bin"], m["config.json"]
	}, []string{"digest-mismatch config.json", "digest-mismatch sub/weights.bin"}},
	{"renamed in another case", func(f *fixture) {
		f.files["Config.json"] = f.files["config.json"]
		delete(f.files, "config.json")
	}, []string{"file-unsigned Config.json", "file-missing config.json"}},
	{"made a link", func(f *fixture) {
		delete(f.files, "config.json")
		f.omitted = []registry.Omission{{Name: "config.json", Reason: "symbolic link to \"x\", not followed"}}
	}, []string{"symlink config.json"}},
	{"made a link, allowed by the signer", func(f *fixture) {
		f.edit(`"allow_symlinks":false`, `"allow_symlinks":true`)
		delete(f.files, "config.json")
		f.omitted = []registry.Omission{{Name: "config.json", Reason: "symbolic link"}}
	}, []string{"symlink config.json"}},
	{"link added", func(f *fixture) {
		f.omitted = []registry.Omission{{Name: "x", Reason: "symbolic link"}}
	}, []string{"symlink x"}},
	{"pipe added", func(f *fixture) {
		f.omitted = []registry.Omission{{Name: "x", Reason: "named pipe, not a file"}}
	}, []string{"not-regular x"}},
	{"signed file changed and ignored by the caller", func(f *fixture) {
		f.files["config.json"] = "[]"
		f.config.IgnorePaths = []string{"config.json"}
	}, []string{"digest-mismatch config.json"}},
	{"signed file missing and ignored by the signer", func(f *fixture) {
		f.edit(`"ignore_paths":[]`, `"ignore_paths":["config.json"]`)
		delete(f.files, "config.json")
	}, []string{"file-missing config.json"}},
	{"neighbour of an ignored path", func(f *fixture) {
		f.edit(`"ignore_paths":[]`, `"ignore_paths":["lo"]`)
		f.files["log"] = "x"
	}, []string{"file-unsigned log"}},
	{"second bundle of the same name below", func(f *fixture) {
		f.files["sub/model.sig"] = "{}"
	}, []string{"file-unsigned sub/model.sig"}},
}

var badBundles = []negative{
	{"media type", func(f *fixture) { f.editBundle("v0.3+json", "v0.2+json") }, []string{badBundle}},
	{"payload type", func(f *fixture) {
		const other = "application/vnd.in-toto+xml"
		f.pae = func(p []byte) []byte { return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(other), other, len(p), p) }
		f.editBundle(envelope.PayloadType, other)
	}, []string{badBundle}},
	{"two signatures", func(f *fixture) { f.editBundle(`"signatures":[`, `"signatures":[{"sig":"AAAA"},`) }, []string{badBundle}},
	{"no signature", func(f *fixture) { setSignatures(f, `[]`) }, []string{badBundle}},
	{"signatures null", func(f *fixture) { setSignatures(f, `null`) }, []string{badBundle}},
	{"empty signature", func(f *fixture) { setSignatures(f, `[{"sig":""}]`) }, []string{badBundle}},
	{"signature is no signature", func(f *fixture) { setSignatures(f, `[{"sig":"AAAA"}]`) }, []string{envelope.CodeBadSignature}},
	{"unknown member", func(f *fixture) { f.editBundle(`"mediaType"`, `"extra":1,"mediaType"`) }, []string{badBundle}},
	{"member in other case", func(f *fixture) { f.editBundle(`"mediaType"`, `"MediaType"`) }, []string{badBundle}},
	{"member twice", func(f *fixture) { f.editBundle(`"mediaType"`, `"mediaType":"x","mediaType"`) }, []string{badBundle}},
	{"unknown member of the material", func(f *fixture) { f.editBundle(`"tlogEntries"`, `"logs"`) }, []string{badBundle}},
	{"data after the bundle", func(f *fixture) { appendBundle(f, "{}") }, []string{badBundle}},
	{"no material", func(f *fixture) { f.material = envelope.OutMaterial{} }, []string{badBundle}},
	{"two materials", func(f *fixture) {
		f.material.Chain = &envelope.OutChain{Certificates: []envelope.OutCertificate{{RawBytes: []byte("x")}}}
	}, []string{badBundle}},
	{"empty chain", func(f *fixture) { f.material = envelope.OutMaterial{Chain: &envelope.OutChain{}} }, []string{badBundle}},
	{"endless chain", func(f *fixture) {
		f.material = envelope.OutMaterial{Chain: &envelope.OutChain{Certificates: make([]envelope.OutCertificate, envelope.MaxCertificates+1)}}
	}, []string{badBundle}},
	{"no certificate in the chain", func(f *fixture) {
		f.material = envelope.OutMaterial{Chain: &envelope.OutChain{Certificates: []envelope.OutCertificate{{RawBytes: []byte("x")}}}}
	}, []string{envelope.CodeBadCertificate}},
	{"empty payload", func(f *fixture) { f.payload = "" }, []string{badBundle}},
	{"line break in base64", func(f *fixture) { f.editBundle(`"payload":"`, `"payload":"\n`) }, []string{badBundle}},
	{"base64 for addresses", func(f *fixture) {
		f.payload += " " + strings.Repeat("  >>>???", 3)
		before := f.bundle
		f.bundle = func(text string) string { return strings.NewReplacer("+", "-", "Pz8/", "Pz8_").Replace(before(text)) }
	}, []string{badBundle}},
	{"base64 with spare bits", func(f *fixture) {
		for len(f.payload)%3 != 1 {
			f.payload += " "
		}
		f.editBundle(`A==","payloadType"`, `B==","envelope.PayloadType"`)
	}, []string{badBundle}},
	{"message signature", func(f *fixture) { f.editBundle(`"dsseEnvelope"`, `"messageSignature"`) }, []string{badBundle}},
	{"an array", func(f *fixture) { f.bundle = func(text string) string { return "[" + text + "]" } }, []string{badBundle}},
	{"empty", func(f *fixture) { f.bundle = func(string) string { return "" } }, []string{badBundle}},
	{"too large", func(f *fixture) {
		f.config.MaxBundle = 100
		f.config.Bundles = []Bundle{{Name: "model.sig", Data: []byte(f.signed())}}
	}, []string{badBundle}},
	{"key in the bundle is none", func(f *fixture) { f.editBundle(`"hint":`, `"rawBytes":"AAAA","hint":`) }, []string{badBundle}},
}

// setSignatures replaces the last member of the bundle.
func setSignatures(f *fixture, value string) {
	const member = `"signatures":`
	f.bundle = func(text string) string { return text[:strings.Index(text, member)] + member + value + "}}" }
}

func appendBundle(f *fixture, more string) {
	before := f.bundle
	f.bundle = func(text string) string { return before(text) + more }
}

var badKeys = []negative{
	{"other key", func(f *fixture) { f.config.PublicKeys = []trust.PublicKey{keyOf(f.t, newKey(f.t))} }, []string{envelope.CodeWrongKey}},
	{"hint of the given key, signed by another", func(f *fixture) { f.signer = newKey(f.t) }, []string{envelope.CodeBadSignature}},
	{"key in the bundle is another", func(f *fixture) {
		f.editBundle(`"hint":`, `"rawBytes":"`+base64PEM(f, newKey(f.t))+`","hint":`)
	}, []string{envelope.CodeBadSignature}},
	{"key in the bundle is right, and not given", func(f *fixture) {
		key := newKey(f.t)
		f.signer, f.material = key, envelope.OutMaterial{PublicKey: &envelope.OutKey{}}
		f.editBundle(`"hint":""`, `"rawBytes":"`+base64PEM(f, key)+`"`)
	}, []string{envelope.CodeWrongKey}},
	{"key of another kind", func(f *fixture) {
		public, _, _ := ed25519.GenerateKey(rand.Reader)
		key, err := trust.NewPublicKey(public)
		if err != nil {
			f.t.Fatal(err)
		}
		f.config.PublicKeys = []trust.PublicKey{key}
	}, []string{envelope.CodeUnsupportedKey}},
	{"signed without encoding", func(f *fixture) { f.pae = func(p []byte) []byte { return p } }, []string{envelope.CodeBadSignature}},
	{"signed in the encoding of 0.2", func(f *fixture) { f.pae = oldPAE }, []string{envelope.CodeBadSignature}},
	{"method certificate wanted", func(f *fixture) {
		f.config.Method, f.config.CertificateRoots = MethodCertificate, newAuthority(f.t, "root").certs
	}, []string{envelope.CodeWrongMethod}},
}

func base64PEM(f *fixture, key *ecdsa.PrivateKey) string {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		f.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func expired(c *x509.Certificate)  { c.NotAfter = testNow.AddDate(0, 0, -1) }
func tooEarly(c *x509.Certificate) { c.NotBefore = testNow.AddDate(0, 0, 1) }

// chainOf issues root, intermediate and signer with changes to each.
func chainOf(root, intermediate, signer func(*x509.Certificate)) func(f *fixture) {
	return func(f *fixture) {
		top := newAuthority(f.t, "root", root)
		f.config.CertificateRoots = top.certs
		f.signBy(top.issue(f.t, "intermediate", isCA, intermediate).issue(f.t, "signer", signer))
	}
}

func same(*x509.Certificate) {}

func usage(key x509.KeyUsage, ext ...x509.ExtKeyUsage) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = key, ext }
}

var badCertificates = []negative{
	{"other root", func(f *fixture) { f.config.CertificateRoots = newAuthority(f.t, "other").certs }, []string{envelope.CodeUntrustedCertificate}},
	{"other root of the same name", func(f *fixture) { f.config.CertificateRoots = newAuthority(f.t, "root").certs }, []string{envelope.CodeUntrustedCertificate}},
	{"root in the bundle only", func(f *fixture) {
		a := newAuthority(f.t, "root").issue(f.t, "signer")
		f.signBy(a)
		f.carry(a.certs...)
	}, []string{envelope.CodeUntrustedCertificate}},
	{"issued by itself", func(f *fixture) {
		a := authority{}.issue(f.t, "signer")
		f.signer = a.key
		f.carry(a.certs...)
	}, []string{envelope.CodeUntrustedCertificate}},
	{"intermediate missing", func(f *fixture) {
		f.material.Chain.Certificates = f.material.Chain.Certificates[:1]
	}, []string{envelope.CodeUntrustedCertificate}},
	{"chain upside down", func(f *fixture) {
		c := f.material.Chain.Certificates
		c[0], c[1] = c[1], c[0]
	}, []string{envelope.CodeBadSignature}},
	{"signed by another key", func(f *fixture) { f.signer = newKey(f.t) }, []string{envelope.CodeBadSignature}},
	{"signer expired", chainOf(same, same, expired), []string{envelope.CodeExpiredCertificate}},
	{"signer not yet valid", chainOf(same, same, tooEarly), []string{envelope.CodeExpiredCertificate}},
	{"intermediate expired", chainOf(same, expired, same), []string{envelope.CodeExpiredCertificate}},
	{"root expired", chainOf(expired, same, same), []string{envelope.CodeExpiredCertificate}},
	{"intermediate is no authority", chainOf(same, func(c *x509.Certificate) { c.IsCA = false }, same), []string{envelope.CodeUntrustedCertificate}},
	{"path too long", chainOf(func(c *x509.Certificate) { c.MaxPathLenZero = true }, same, same), []string{envelope.CodeUntrustedCertificate}},
	{"intermediate for servers only", chainOf(same, func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}, same), []string{envelope.CodeUntrustedCertificate}},
	{"signer for encryption", chainOf(same, same, usage(x509.KeyUsageKeyEncipherment, x509.ExtKeyUsageCodeSigning)), []string{envelope.CodeCertificateUsage}},
	{"signer for servers", chainOf(same, same, usage(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageServerAuth)), []string{envelope.CodeCertificateUsage}},
	{"signer for nothing", chainOf(same, same, usage(0)), []string{envelope.CodeCertificateUsage}},
	{"signer with an RSA key", func(f *fixture) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			f.t.Fatal(err)
		}
		root := newAuthority(f.t, "root")
		template := root.issue(f.t, "signer").certs[0]
		der, err := x509.CreateCertificate(rand.Reader, template, root.certs[0], key.Public(), root.key)
		if err != nil {
			f.t.Fatal(err)
		}
		f.config.CertificateRoots = root.certs
		f.carry(&x509.Certificate{Raw: der})
	}, []string{envelope.CodeUnsupportedKey}},
	{"certificate of any size", func(f *fixture) {
		f.material.Chain.Certificates[1].RawBytes = make([]byte, envelope.MaxCertificate+1)
	}, []string{envelope.CodeBadCertificate}},
	{"intermediate with a huge RSA key", func(f *fixture) {
		root := newAuthority(f.t, "root")
		template := root.issue(f.t, "intermediate", isCA).certs[0]
		huge := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), envelope.MaxRSA, 1), E: 65537}
		der, err := x509.CreateCertificate(rand.Reader, template, root.certs[0], huge, root.key)
		if err != nil {
			f.t.Fatal(err)
		}
		f.material.Chain.Certificates[1].RawBytes = der
	}, []string{envelope.CodeBadCertificate}},
	{"method key wanted", func(f *fixture) {
		f.config.Method, f.config.PublicKeys = MethodKey, []trust.PublicKey{keyOf(f.t, newKey(f.t))}
	}, []string{envelope.CodeWrongMethod}},
}

func shards(size any, names ...string) func(f *fixture) {
	return func(f *fixture) {
		f.files = tree{"w": "0123456789abcdefghij01234", "x": "1"}
		f.list("sha256", 10, "w:0:10", "w:10:20", "w:20:25", "x:0:1")
		m := f.manifest()
		digests := m.Resources
		m.Resources = nil
		for i, name := range names {
			m.Resources = append(m.Resources, Resource{Name: name, Digest: digests[min(i, 3)].Digest})
		}
		f.setManifest(m)
		f.edit(`"shard_size":10`, fmt.Sprintf(`"shard_size":%v`, size))
	}
}

var badShards = []negative{
	{"gap at the start", shards(10, "w:10:20", "w:20:25", "x:0:1"), []string{badStatement}},
	{"gap in the middle", shards(10, "w:0:10", "w:20:25", "x:0:1"), []string{badStatement}},
	{"overlap", shards(10, "w:0:10", "w:5:15", "w:15:25", "x:0:1"), []string{badStatement}},
	{"twice", shards(10, "w:0:10", "w:0:10", "w:10:20", "w:20:25"), []string{"duplicate-name w:0:10"}},
	{"too large", shards(10, "w:0:20", "w:20:25", "x:0:1"), []string{badStatement}},
	{"short in the middle", shards(10, "w:0:9", "w:9:19", "w:19:25", "x:0:1"), []string{badStatement}},
	{"empty", shards(10, "w:0:10", "w:10:20", "w:20:25", "x:0:0"), []string{badStatement}},
	{"backwards", shards(10, "w:10:0", "w:10:20", "x:0:1"), []string{badStatement}},
	{"end missing", shards(10, "w:0:10", "w:10:20", "x:0:1"), []string{"size-mismatch w", "digest-mismatch x"}},
	{"beyond the end", shards(10, "w:0:10", "w:10:20", "w:20:26", "x:0:1"), []string{"size-mismatch w"}},
	{"other size in the last", shards(10, "w:0:10", "w:10:20", "w:20:24", "x:0:1"), []string{"size-mismatch w"}},
	{"no offsets", shards(10, "w", "x:0:1"), []string{badStatement}},
	{"one offset", shards(10, "w:10", "x:0:1"), []string{badStatement}},
	{"offset with a zero in front", shards(10, "w:0:010", "x:0:1"), []string{badStatement}},
	{"offset with a sign", shards(10, "w:+0:10", "x:0:1"), []string{badStatement}},
	{"offset not decimal", shards(10, "w:0:0xa", "x:0:1"), []string{badStatement}},
	{"negative offset", shards(10, "w:-10:0", "x:0:1"), []string{badStatement}},
	{"path outside", shards(10, "../w:0:10", "../w:10:20", "../w:20:25", "x:0:1"), []string{CodeUnsafeName}},
	{"size zero", shards(0, "w:0:10"), []string{badStatement}},
	{"size negative", shards(-10, "w:0:10"), []string{badStatement}},
	{"size fractional", shards(10.5, "w:0:10"), []string{badStatement}},
	{"size in a string", shards(`"10"`, "w:0:10"), []string{badStatement}},
	{"size endless", shards("1e300", "w:0:10"), []string{badStatement}},
	{"content of a shard", func(f *fixture) {
		shards(10, "w:0:10", "w:10:20", "w:20:25", "x:0:1")(f)
		f.files["w"] = replace(f.t, f.files["w"], "abc", "abd")
	}, []string{"digest-mismatch w"}},
	{"empty file added", func(f *fixture) {
		shards(10, "w:0:10", "w:10:20", "w:20:25", "x:0:1")(f)
		f.files["y"] = ""
	}, []string{"file-unsigned y"}},
	{"algorithm of another size", func(f *fixture) {
		shards(10, "w:0:10", "w:10:20", "w:20:25", "x:0:1")(f)
		f.edit(`"algorithm":"sha256"`, `"algorithm":"sha256-sharded-11"`)
	}, []string{badStatement}},
}

func TestNegatives(t *testing.T) {
	for group, negatives := range map[string][]negative{
		"statement": badStatements, "names": badNames, "tree": badTrees, "bundle": badBundles,
		"key": badKeys, "shards": badShards,
	} {
		runNegatives(t, group, negatives, keyFixture)
	}
	runNegatives(t, "certificate", badCertificates, certificateFixture)
	runNegatives(t, "statement by certificate", badStatements, certificateFixture)
}

func runNegatives(t *testing.T, group string, negatives []negative, fresh func(testing.TB) *fixture) {
	for _, n := range negatives {
		t.Run(group+"/"+n.name, func(t *testing.T) {
			f := fresh(t)
			want(t, f.claim(), verify.Verified)
			n.change(f)
			want(t, f.claim(), verify.Failed, n.want...)
		})
	}
}

// Nothing that a bundle says can be trusted when its signature is bad.
func TestBadSignatureHidesStatement(t *testing.T) {
	f := keyFixture(t)
	f.edit(`"method":"files"`, `"method":"chunks"`)
	f.files["config.json"] = "[]"
	f.pae = func(p []byte) []byte { return p }
	got := f.claim()
	want(t, got, verify.Failed, envelope.CodeBadSignature)
	if got.PredicateType != "" || len(got.Covers) > 0 || got.Identity.KeyID != "" {
		t.Errorf("claim %+v", got)
	}
}

func TestCurves(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		f := keyFixture(t)
		key := newKeyOn(t, curve)
		f.signer, f.config.PublicKeys = key, []trust.PublicKey{keyOf(t, newKey(t)), keyOf(t, key)}
		got := f.claim()
		want(t, got, verify.Verified)
		if got.Identity.KeyID != keyOf(t, key).ID || len(got.Notes) != 1 {
			t.Errorf("%s: %+v, notes %q", curve.Params().Name, got.Identity, got.Notes)
		}
	}
	if _, err := envelope.SignWithKey([]byte("x"), newKeyOn(t, elliptic.P224())); err == nil {
		t.Error("signed with P-224")
	}
}
