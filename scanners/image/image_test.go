package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	stdimage "image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

func picture() *stdimage.Paletted {
	p := stdimage.NewPaletted(stdimage.Rect(0, 0, 33, 17), color.Palette{color.Black, color.White, color.RGBA{R: 200, A: 255}})
	for i := range p.Pix {
		p.Pix[i] = byte(i * i % 3)
	}
	return p
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngFile(t testing.TB) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, picture()) })
}

func jpegFile(t testing.TB) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(), nil) })
}

func gifFile(t testing.TB) []byte {
	return encoded(t, func(b *bytes.Buffer) error {
		return gif.EncodeAll(b, &gif.GIF{Image: []*stdimage.Paletted{picture(), picture()}, Delay: []int{1, 1}})
	})
}

// chunk is one RIFF chunk, padded.
func chunk(id string, data string) []byte {
	out := append([]byte(id), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
	out = append(out, data...)
	if len(data)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func riff(kind string, chunks ...[]byte) []byte {
	return chunk("RIFF", kind+string(bytes.Join(chunks, nil)))
}

func bmpFile() []byte {
	b := append([]byte("BM"), make([]byte, 52)...)
	binary.LittleEndian.PutUint32(b[2:], 70)
	binary.LittleEndian.PutUint32(b[10:], 54)
	binary.LittleEndian.PutUint32(b[14:], 40)
	return append(b, make([]byte, 16)...)
}

// icoFile holds one PNG.
func icoFile(t testing.TB) []byte {
	picture := pngFile(t)
	b := []byte{0, 0, 1, 0, 1, 0, 33, 17, 0, 0, 1, 0, 32, 0}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(picture)))
	b = binary.LittleEndian.AppendUint32(b, 22)
	return append(b, picture...)
}

const svgFile = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a logo -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><style>.a{fill:red}</style>
<a href="https://example.org/"><path class="a" d="M0 0h10"/></a><text>one &amp; two</text></svg>
`

func ordinary(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"a.png": pngFile(t), "b.jpg": jpegFile(t), "c.gif": gifFile(t), "d.bmp": bmpFile(), "favicon.ico": icoFile(t), "logo.svg": []byte(svgFile),
		"e.webp":  riff("WEBP", chunk("VP8L", "pixels!"), chunk("EXIF", "x")),
		"f.wav":   riff("WAVE", chunk("fmt ", strings.Repeat("f", 16)), chunk("data", "samples")),
		"plain":   []byte("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
		"two.jpg": append(jpegFile(t), jpegFile(t)...),
	}
}

func TestOrdinary(t *testing.T) {
	for name, data := range ordinary(t) {
		scannertest.Harmless(t, list, name, data)
		scannertest.Harmless(t, list, "", data)
	}
}

func TestRules(t *testing.T) {
	svg := func(inner string) []byte { return []byte("<svg>" + inner + "</svg>") }
	samples := []scannertest.Sample{
		{Rule: "image/broken", Name: "a.png", Hit: []byte(pngMagic + "\x00\x00\x00\x00IDAT\x00\x00\x00\x00"), Miss: pngFile(t)},
		{Rule: "image/broken", Name: "a.gif", Hit: append(gifFile(t)[:13], 0x99)},
		{Rule: "image/broken", Name: "a.jpg", Hit: []byte("\xff\xd8\xff\xe0\x00\x01"), Miss: jpegFile(t)},
		{Rule: "image/broken", Name: "a.svg", Hit: svg("<a>"), Miss: svg("<a/>")},
		{Rule: "image/active-content", Name: "a.svg", Hit: svg("<script>1</script>"), Miss: []byte(svgFile)},
		{Rule: "image/active-content", Name: "a.svg", Hit: svg(`<a OnClick="1"/>`), Miss: svg(`<a icon="on"/>`)},
		{Rule: "image/active-content", Name: "a.svg", Hit: svg("<a href=\" java\nscript:1\"/>"), Miss: svg(`<image href="data:image/png;base64,AA"/>`)},
		{Rule: "image/active-content", Name: "a.svg", Hit: append([]byte(`<?xml-stylesheet href="x.xsl"?>`), svgFile[39:]...)},
		{Rule: "image/active-content", Name: "a.svg", Hit: svg("<q:include xmlns:q='http://www.w3.org/2001/XInclude' href='x'/>"), Miss: svg("<q:include xmlns:q='urn:mine'/>")},
		{Rule: "image/xml-entity", Name: "a.svg", Hit: []byte(`<!DOCTYPE svg SYSTEM "http://evil.test/x"><svg/>`), Miss: []byte(`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>`)},
		{Rule: "image/xml-entity", Name: "a.svg", Hit: []byte(`<!DOCTYPE svg [<!ENTITY x "y">]><svg/>`), Miss: []byte(svgFile)},
	}
	for name, data := range ordinary(t) {
		if !strings.HasSuffix(name, "svg") && name != "plain" {
			samples = append(samples,
				scannertest.Sample{Rule: "image/trailing-data", Name: name, Hit: append(bytes.Clone(data), "PK\x05\x06 and more"...), Miss: data},
				scannertest.Sample{Rule: "image/broken", Name: name, Hit: data[:len(data)-2], Miss: data})
		}
	}
	scannertest.CheckRules(t, New(), samples)
}

// What is behind the end, and a picture that breaks off, are not covered.
func TestNotCovered(t *testing.T) {
	for name, data := range ordinary(t) {
		for _, bad := range [][]byte{append(bytes.Clone(data), "PK\x05\x06 and more"...), data[:len(data)-3]} {
			if report := scannertest.Scan(list, name, bad); len(report.Gaps) == 0 || report.Class == scanners.Clean {
				t.Errorf("%s of %d bytes: coverage %+v, gaps %v", name, len(bad), report.Coverage, report.Gaps)
			}
		}
	}
}

func TestDeclines(t *testing.T) {
	for name, data := range map[string]string{
		"BMW.txt": "BMW makes cars and motorcycles in Munich.", "model.xml": "<?xml version=\"1.0\"?><net><svg/></net>", "x.png": "plain text",
		"y": "\x00\x00\x01\x00\x05\x00 not an icon at all", "z": "RIFF....AVI LIST", "w.svg": "not a picture",
	} {
		if _, err := scannertest.Run(New(), name, []byte(data)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	for name, data := range ordinary(f) {
		f.Add(name, data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, New(), name, data)
	})
}
