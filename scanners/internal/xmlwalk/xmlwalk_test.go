package xmlwalk

import (
	"encoding/xml"
	"strings"
	"testing"
)

func walk(t testing.TB, text string) (found []string, err error) {
	err = Walk(t.Context(), strings.NewReader(text), int64(len(text)), Options{MaxDepth: 8}, func(tok Token) error {
		switch e := tok.Token.(type) {
		case xml.StartElement:
			found = append(found, Acts(e.Name.Space))
		case xml.Directive:
			found = append(found, Doctype(e))
		}
		return nil
	})
	return found, err
}

func TestActs(t *testing.T) {
	const x = "http://www.w3.org/2001/XInclude"
	for text, want := range map[string]bool{
		`<a xmlns:xi="` + x + `"><xi:include href="b"/></a>`: true, `<a xmlns:q="` + x + `"><q:include href="b"/></a>`: true,
		`<a><include xmlns="` + x + `"/></a>`: true, `<a><b xmlns:q="` + x + `"><c><q:include/></c></b></a>`: true, `<a><xi:include/></a>`: true,
		`<!DOCTYPE r SYSTEM "http://evil.test/x.dtd"><r/>`: true, `<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>`: true, `<!DOCTYPE r PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://evil.test/x"><r/>`: true,
		`<!DOCTYPE r [<!ENTITY a "b">]><r/>`: true, `<!DOCTYPE r SYSTEM "http://www.w3.org.evil.test/x"><r/>`: true,
		`<a xmlns:xi="urn:mine"><xi:include/></a>`: false, `<a><b xmlns:q="` + x + `"/><q:include/></a>`: false, `<include/>`: false,
		`<!DOCTYPE r><r/>`: false, `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>`: false,
		`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist/>`: false,
	} {
		found, err := walk(t, text)
		if got := strings.Join(found, "") != ""; got != want || err != nil {
			t.Errorf("%s: %q, %v", text, found, err)
		}
	}
}

func TestWellFormed(t *testing.T) {
	for text, want := range map[string]bool{
		"\ufeff<?xml version=\"1.0\"?>\n<!-- x --><a><b/></a>\n<!-- y -->\n": true,
		"<a/><b/>": false, "<a/>text": false, "text<a/>": false, "<a>": false, "<a></b>": false, "</a>": false, "": false, "<a/>\x00": false,
		strings.Repeat("<a>", 9) + strings.Repeat("</a>", 9): false, "<a/><![CDATA[x]]>": false,
	} {
		if _, err := walk(t, text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(`<!DOCTYPE r SYSTEM "x"><a xmlns:q="urn:x"><q:b/></a>`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<16 {
			_, _ = walk(t, text)
		}
	})
}
