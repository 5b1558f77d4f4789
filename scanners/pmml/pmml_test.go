package pmml

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// model is a document as exporters write it, with something inside.
func model(inner string) string {
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" xmlns:data="http://jpmml.org/jpmml-model/InlineTable" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://www.dmg.org/PMML-4_4 http://www.dmg.org/v4-4/pmml-4-4.xsd" version="4.4">
	<Header copyright="a &amp; b"><Application name="SkLearn2PMML package" version="0.100"/><Timestamp>2024-02-29T12:00:00Z</Timestamp></Header>
	<DataDictionary><DataField name="x.1" optype="continuous" dataType="double"/><DataField name="é" optype="categorical" dataType="string"><Value value="a"/></DataField></DataDictionary>
	<TransformationDictionary>
		<DefineFunction name="logit" optype="continuous" dataType="double"><ParameterField name="value"/><Apply function="/"><Constant>1</Constant><FieldRef field="value"/></Apply></DefineFunction>
		<DerivedField name="d" optype="continuous" dataType="double"><Apply function="x-sigmoid.1"><FieldRef field="x.1"/></Apply></DerivedField>
	</TransformationDictionary>
	<TreeModel functionName="classification" missingValueStrategy="nullPrediction"><MiningSchema><MiningField name="x.1"/></MiningSchema>
		<Extension name="importance" value="0.5"/>` + inner + `
		<Node><True/><Node score="a" recordCount="3"><SimplePredicate field="x.1" operator="lessOrEqual" value="0.5"/><![CDATA[ ]]></Node></Node>
	</TreeModel>
</PMML>
`
}

func TestOrdinary(t *testing.T) {
	for _, text := range []string{head + model(""), model(""), "\xef\xbb\xbf" + head + model(""), strings.ReplaceAll(model(""), ` xmlns="http://www.dmg.org/PMML-4_4"`, "")} {
		scannertest.Harmless(t, list, "model.pmml", []byte(text))
		scannertest.Harmless(t, list, "x.xml", []byte(text))
	}
	latin := strings.ReplaceAll(strings.Replace(head, "UTF-8", "ISO-8859-1", 1)+model(""), "é", "\xe9")
	scannertest.Harmless(t, list, "model.pmml", []byte(latin))
}

func wide(text string) []byte {
	out := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func TestRules(t *testing.T) {
	good := []byte(head + model(""))
	sample := func(rule, inner string) scannertest.Sample {
		return scannertest.Sample{Rule: rule, Name: "m.pmml", Hit: []byte(head + model(inner)), Miss: good}
	}
	whole := func(rule, text string) scannertest.Sample {
		return scannertest.Sample{Rule: rule, Name: "m.pmml", Hit: []byte(text), Miss: good}
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		whole("pmml/doctype", head+`<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>`+model("")),
		whole("pmml/doctype", `<!DOCTYPE PMML SYSTEM "http://a.example/x.dtd"><PMML version="2.0"></PMML>`),
		whole("pmml/inclusion", head+`<?xml-stylesheet href="x.xsl"?>`+model("")),
		sample("pmml/inclusion", `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/>`),
		sample("pmml/inclusion", `<xsl:template xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>`),
		sample("pmml/java-class", `<Apply function="com.example.Marker"/>`),
		sample("pmml/script-extension", `<Extension name="x">function(a) { return 1 }</Extension>`),
		sample("pmml/script-extension", `<Extension name="x" value="javascript:alert(1)"/>`),
		sample("pmml/script-extension", `<Extension><script>1</script></Extension>`),
		{Rule: "pmml/encoding", Name: "m.pmml", Hit: wide(model("")), Miss: good},
		{Rule: "pmml/encoding", Name: "m.xml", Hit: wide(model(""))},
		whole("pmml/encoding", strings.Replace(head, "UTF-8", "UTF-7", 1)+model("")),
	})
}

func TestGaps(t *testing.T) {
	for what, text := range map[string]string{
		"cut off":       model("")[:300],
		"an entity":     strings.Replace(model(""), "&amp;", "&x;", 1),
		"too deep":      model(strings.Repeat("<Node>", 400) + strings.Repeat("</Node>", 400)),
		"a large token": model("<Extension>" + strings.Repeat("x", 17<<20) + "</Extension>"),
		"another end":   model("<Node></True>"),
	} {
		if report := scannertest.Scan(list, "m.pmml", []byte(text)); len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func TestNotRecognised(t *testing.T) {
	for _, text := range []string{"<net name='PMML'/>", "PMML", "<html>PMML</html>", "<?xml version='1.0'?><a/>"} {
		if report := scannertest.Scan(list, "m.xml", []byte(text)); len(report.Formats) > 0 {
			t.Errorf("%q: %+v", text, report)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m.pmml", []byte(head+model("<Extension>eval(1)</Extension>")))
	f.Add("m.pmml", wide(model("")))
	f.Add("m.pmml", []byte(`<!DOCTYPE PMML [<!ENTITY x "y">]><PMML>&x;</PMML>`))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
