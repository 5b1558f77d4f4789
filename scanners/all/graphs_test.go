package all

import (
	"archive/tar"
	"bytes"
	"testing"

	"assay/scanners"
	. "assay/scanners/internal/protobuf/prototest"
	"assay/scanners/scannertest"
)

// tensor lies in another file; it takes four floats of it.
func tensor(location string) []byte {
	graph := append(Msg(1, Msg(1, "w"), Msg(2, "y"), Msg(4, "Identity")), Msg(5, Packed(1, 4), Num(2, 1), Msg(8, "w"), Msg(13, Msg(1, "location"), Msg(2, location)), Num(14, 1))...)
	return append(append(Num(1, 8), Msg(7, graph)...), Msg(8, Num(2, 17))...)
}

// inHub is an archive as onnx.hub fetches one: a model, and a second entry.
func inHub(model []byte, second tar.Header) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(0, w.WriteHeader(&tar.Header{Name: "model/model.onnx", Size: int64(len(model)), Mode: 0o644}))
	must(w.Write(model))
	must(0, w.WriteHeader(&second))
	must(w.Write(make([]byte, second.Size)))
	must(0, w.Close())
	return b.Bytes()
}

// Each known way for an ONNX model to reach a file that is not its own is found. In
// a folder, links are the registry's to refuse.
func TestWaysOutOfAnONNXModel(t *testing.T) {
	weights := tar.Header{Name: "model/w.bin", Size: 16, Mode: 0o644}
	for cve, c := range map[string]struct {
		model  []byte
		second tar.Header
		rule   string
	}{
		"CVE-2022-25882": {tensor("../../../etc/passwd"), weights, "onnx/external-path"},
		"CVE-2024-27318": {tensor("a/../../b"), weights, "onnx/external-path"},
		"CVE-2025-51480": {tensor("/root/.bashrc"), weights, "onnx/external-path"},
		"CVE-2024-5187":  {tensor("w.bin"), tar.Header{Name: "../../.ssh/authorized_keys", Size: 16, Mode: 0o600}, "tar/path-escape"},
		"CVE-2026-27489": {tensor("sub/w.bin"), tar.Header{Name: "model/sub", Typeflag: tar.TypeSymlink, Linkname: "../../secrets"}, "tar/path-escape"},
		"CVE-2026-34446": {tensor("w.bin"), tar.Header{Name: "model/w.bin", Typeflag: tar.TypeLink, Linkname: "../../etc/shadow"}, "tar/path-escape"},
		"CVE-2026-34447": {tensor("w.bin"), tar.Header{Name: "model/w.bin", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"}, "tar/path-escape"},
	} {
		report := scannertest.Scan(Scanners(), "model.tar", inHub(c.model, c.second))
		if !scannertest.HasRule(report.Findings, c.rule) || report.Class != scanners.Malicious {
			t.Errorf("%s: %v, %+v, %v", cve, report.Class, report.Findings, report.Gaps)
		}
	}
	scannertest.Harmless(t, Scanners(), "model.tar", inHub(tensor("w.bin"), weights))
}
