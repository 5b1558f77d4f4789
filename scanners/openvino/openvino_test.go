package openvino

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

const (
	parameter = `<layer id="0" name="x" type="Parameter" version="opset1"><data shape="1,2" element_type="f32"/><output><port id="0" precision="FP32"><dim>1</dim></port></output></layer>`
	weights   = `<layer id="1" name="w" type="Const" version="opset1"><data element_type="f32" shape="2, 2" offset="0" size="16"/></layer>`
)

func net(layers ...string) []byte {
	return []byte(`<?xml version="1.0"?>` + "\n" + `<net name="Model0" version="11"><layers>` + parameter + strings.Join(layers, "") + `</layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/></edges><rt_info><conversion_parameters><is_python_object value="False"/></conversion_parameters></rt_info></net>` + "\n")
}

func with(data string) []byte { return net(strings.Replace(weights, `offset="0" size="16"`, data, 1)) }

func TestRules(t *testing.T) {
	good := net(weights)
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "openvino/document-type", Hit: slices.Concat([]byte(`<!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]>`), good[22:]), Miss: good},
		{Rule: "openvino/document-type", Hit: slices.Concat([]byte(`<?xml-stylesheet href="x"?>`), good[22:])},
		{Rule: "openvino/custom-layer", Hit: net(`<layer id="2" name="e" type="Evil" version="extension"/>`), Miss: good},
		{Rule: "openvino/custom-layer", Hit: net(`<layer id="2" name="l" type="Loop" version="opset5"><body><layers><layer id="0" name="e" type="Evil" version="extension"/></layers></body></layer>`),
			Miss: net(`<layer id="2" name="l" type="Loop" version="opset5"><body><layers>` + parameter + `</layers></body></layer>`)},
		{Rule: "openvino/custom-layer", Hit: net(`<layer id="2" name="e" type="MatMul" version="evil"/>`), Miss: net(`<layer id="2" name="e" type="MatMul" version="opset16"/>`)},
		{Rule: "openvino/tokenizer-layer", Hit: net(`<layer id="2" name="t" type="BPETokenizer" version="extension"/>`), Miss: good},
		{Rule: "openvino/constant", Hit: with(`offset="0" size="12"`), Miss: with(`offset="64" size="16"`)},
		{Rule: "openvino/constant", Hit: with(`offset="-1" size="16"`)},
		{Rule: "openvino/constant", Hit: with(`size="16"`)},
		{Rule: "openvino/constant", Hit: net(strings.Replace(weights, "2, 2", "1000000000000,1000000000000", 1)), Miss: net(strings.Replace(weights, `"f32" shape="2, 2" offset="0" size="16"`, `"u4" shape="3" offset="0" size="2"`, 1))},
		{Rule: "openvino/duplicate-attribute", Hit: with(`offset="0" size="16" offset="8"`), Miss: good},
	})
}

func TestHarmless(t *testing.T) {
	report := scannertest.Harmless(t, list, "openvino_model.xml", net(weights))
	want := []scanners.Ref{{Kind: scanners.RefData, Name: "openvino_model.bin", Key: "w", Span: scanners.Span{Len: 16}}}
	if !slices.Equal(report.Outline.Refs, want) {
		t.Errorf("%+v", report.Outline.Refs)
	}
	f := scannertest.File("a/m.xml", net(weights))
	f.Sibling = func(name string) (int64, bool) { return 16, name == "a/m.bin" }
	result, err := scannertest.RunFile(Scanner{}, f, scannertest.Head("a/m.xml", net(weights)))
	if err != nil || !slices.Equal(result.Uses, []scanners.Use{{Name: "a/m.bin", Size: 16}}) {
		t.Errorf("%v, %v", result.Uses, err)
	}
}

func TestDeclines(t *testing.T) {
	for _, text := range []string{`<html><body>a <net version="1"></body>`[:20], `<PMML version="4.4"></PMML>`, "net version=1", `{"net": "<net version="}`} {
		if _, err := scannertest.Run(Scanner{}, "m.xml", []byte(text)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	data := net(weights)
	for i := 3; i < 12; i++ {
		report := scannertest.Scan(list, "m.xml", data[:len(data)*i/12])
		if len(report.Findings) > 0 || len(report.Gaps) == 0 {
			t.Errorf("%d of 12: findings %v, gaps %v", i, report.Findings, report.Gaps)
		}
	}
}

func TestAfterTheGraph(t *testing.T) {
	data := net(weights)
	for _, tail := range []string{"<net/>", "text", "PK\x03\x04", "\x00\x00"} {
		if report := scannertest.Scan(list, "m.xml", append(data[:len(data):len(data)], tail...)); len(report.Gaps) == 0 {
			t.Errorf("%q behind the graph counts as read", tail)
		}
	}
	scannertest.Harmless(t, list, "m.xml", append(data[:len(data):len(data)], "\n<!-- x -->\n"...))
	include := strings.Replace(string(data), "<layers>", `<q:include xmlns:q="http://www.w3.org/2001/XInclude" href="x"/><layers>`, 1)
	if report := scannertest.Scan(list, "m.xml", []byte(include)); !scannertest.HasRule(report.Findings, "openvino/document-type") {
		t.Errorf("%+v", report.Findings)
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m.xml", net(weights))
	f.Add("m.xml", []byte(`<!DOCTYPE net [<!ENTITY x "y">]><net version="11"><layers><layer type="&x;"/></layers></net>`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
