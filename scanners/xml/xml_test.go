package xml

import (
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

const annotation = "<annotation><folder>a</folder><size><width>500</width></size><object><name>dog</name></object></annotation>\n"

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "xml/entity", Name: "a.xml", Hit: []byte("<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<a>&x;</a>"), Miss: []byte("<!DOCTYPE a><a>&lt;!ENTITY</a>")},
		{Rule: "xml/active-content", Name: "a.xml", Hit: []byte("<java class=\"java.beans.XMLDecoder\"/>"), Miss: []byte(annotation)},
		{Rule: "xml/active-content", Name: "x", Hit: []byte("<?xml version=\"1.0\"?><xsl:stylesheet></xsl:stylesheet>")},
		{Rule: "xml/active-content", Name: "a.xml", Hit: []byte("<a><xi:include href=\"x\"/></a>")},
		{Rule: "xml/active-content", Name: "a.xml", Hit: []byte("<a xmlns:q='http://www.w3.org/2001/XInclude'><q:include href=\"x\"/></a>"), Miss: []byte("<a xmlns:xi='urn:mine'><xi:include/></a>")},
		{Rule: "xml/active-content", Name: "a.xml", Hit: []byte("<a><include xmlns='http://www.w3.org/2001/XInclude' href=\"x\"/></a>"), Miss: []byte("<a><include/></a>")},
		{Rule: "xml/entity", Name: "a.xml", Hit: []byte("<!DOCTYPE r SYSTEM \"http://evil.test/x.dtd\"><r/>"), Miss: []byte("<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"><plist/>")},
		{Rule: "xml/active-content", Name: "a.xml", Hit: []byte("<?xml-stylesheet href='x.xsl'?><a/>")},
	})
}

func TestCoverage(t *testing.T) {
	scannertest.Harmless(t, list, "0001.xml", []byte(annotation))
	scannertest.Harmless(t, list, "a.xml", []byte("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<a b='\xe9'/>"))
	for _, data := range []string{"<a>", "<a></a", "<a b=c/>", "<!-- x -->", "<a/><b/>", "<a/>x", "<?xml version=\"1.0\" encoding=\"none\"?><a/>"} {
		if report := scannertest.Scan(list, "a.xml", []byte(data)); report.Coverage.Complete() && len(report.Gaps) == 0 {
			t.Errorf("%q counts as covered", data)
		}
	}
	for _, data := range []string{"<net name='x' version='10'/>", "<?xml version='1.0'?><PMML/>", "<svg/>", "text"} {
		if result, err := scannertest.Run(New(), "a.xml", []byte(data)); err != scanners.ErrNotRecognised {
			t.Errorf("%q: %+v %v", data, result, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.xml", annotation)
	f.Add("a.xml", "<!DOCTYPE a [<!ENTITY x '1'>]><a>&x;</a>")
	f.Fuzz(func(t *testing.T, name, text string) {
		scannertest.Properties(t, New(), name, []byte(text))
	})
}
