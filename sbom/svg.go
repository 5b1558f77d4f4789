package sbom

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"
)

// Sizes of the picture, in its own units.
const (
	boxWidth, boxHeight = 340, 46
	rowHeight           = 64
	columnWidth         = 520
	maxLabel            = 44  // letters of a line
	maxBoxes            = 100 // in one column
)

// box is something with up to two lines of text, and how it is tied to the
// artifact.
type box struct {
	lines  [2]string
	edge   string
	dashed bool // only said, and not needed
}

// WriteHTML writes the lineage of the artifact as a page with a picture: what it
// was made from at the left, what it consists of at the right. The page has no
// script and loads nothing; every text is escaped.
func (d Document) WriteHTML(w io.Writer) error {
	b := bufio.NewWriter(w)
	title := html.EscapeString("Lineage of " + text(d.Subject.Name, "an artifact without a name"))
	fmt.Fprintf(b, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"+
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"+
		"<title>%s</title>\n<style>%s</style>\n<h1>%s</h1>\n", title, pictureStyle, title)
	origins, parts := d.origins(), d.parts()
	d.picture(b, origins, parts)
	fmt.Fprintf(b, "<p>%d origins, %d parts. Dashed: somebody says so, and nothing needs it. What is named was not looked at, except where its bill was merged in.</p>\n</html>\n", len(origins), len(parts))
	return b.Flush()
}

const pictureStyle = "body{font:14px sans-serif;margin:2em}svg{max-width:100%}rect{fill:#f4f6f8;stroke:#456}" +
	"path{stroke:#456;fill:none}.dashed{stroke-dasharray:5 4}.subject rect{fill:#dfe9f5;stroke-width:2}.small{font-size:11px;fill:#456}"

func text(v Value, unknown string) string {
	if !v.Known() {
		return unknown
	}
	return v.Text
}

// origins are the bases and datasets, as WriteDOT has them.
func (d Document) origins() []box {
	var out []box
	for _, base := range d.Bases {
		out = append(out, box{[2]string{base.Name.Text, text(base.Revision, "revision not named")}, edge(base), !base.Needed})
	}
	label := "trained on"
	if d.Subject.Kind == KindDataset {
		label = "made from"
	}
	for _, v := range d.Datasets {
		out = append(out, box{[2]string{v.Text, "dataset"}, label, true})
	}
	return out
}

func (d Document) parts() []box {
	var out []box
	for _, part := range all(d.Facts, "text/component") {
		name, class, _ := strings.Cut(part.Text, ": ")
		out = append(out, box{[2]string{name, class}, "part of", false})
	}
	return out
}

// picture draws the two columns and the artifact between them.
func (d Document) picture(w io.Writer, origins, parts []box) {
	rows := max(1, min(len(origins), maxBoxes), min(len(parts), maxBoxes))
	middle := rows*rowHeight/2 - boxHeight/2
	fmt.Fprintf(w, "<svg viewBox=\"0 0 %d %d\" role=\"img\">\n", 2*columnWidth+boxWidth+20, rows*rowHeight+20)
	draw := func(list []box, column, from, to int) {
		for i, x := range list[:min(len(list), maxBoxes)] {
			y := 10 + i*rowHeight
			class := ""
			if x.dashed {
				class = ` class="dashed"`
			}
			fmt.Fprintf(w, "<path%s d=\"M%d %d L%d %d\"/>\n", class, from, y+boxHeight/2, to, 10+middle+boxHeight/2)
			fmt.Fprintf(w, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", (2*from+to)/3, y+boxHeight/2-4, label(x.edge))
			drawBox(w, "", column, y, x.lines)
		}
	}
	draw(origins, 10, 10+boxWidth, 10+columnWidth)
	draw(parts, 10+2*columnWidth, 10+2*columnWidth, 10+columnWidth+boxWidth)
	drawBox(w, ` class="subject"`, 10+columnWidth, 10+middle, [2]string{text(d.Subject.Name, "unknown"), d.Subject.Version.Text})
	fmt.Fprint(w, "</svg>\n")
}

func drawBox(w io.Writer, class string, x, y int, lines [2]string) {
	fmt.Fprintf(w, "<g%s><title>%s</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>", class,
		html.EscapeString(strings.TrimSpace(lines[0]+" "+lines[1])), x, y, boxWidth, boxHeight)
	fmt.Fprintf(w, "<text x=\"%d\" y=\"%d\">%s</text><text class=\"small\" x=\"%d\" y=\"%d\">%s</text></g>\n",
		x+10, y+20, label(lines[0]), x+10, y+36, label(lines[1]))
}

// label is a text that fits into a box.
func label(s string) string {
	if utf8.RuneCountInString(s) > maxLabel {
		s = string([]rune(s)[:maxLabel-1]) + "…"
	}
	return html.EscapeString(s)
}
