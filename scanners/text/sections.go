package text

import (
	"bytes"
	"strings"

	"assay/scanners/internal/clip"
)

// sectionNames are headings of cards by what they are about. The names are those
// of the templates of the Hub (huggingface_hub, modelcard_template.md and
// datasetcard_template.md) and their usual variants, in lower case.
var sectionNames = map[string]string{
	"model description": "description", "dataset description": "description", "model details": "description",
	"model summary": "description", "overview": "description", "introduction": "description", "description": "description",
	"dataset summary": "description", "dataset details": "description",
	"uses": "uses", "intended uses": "uses", "intended use": "uses", "direct use": "uses", "use cases": "uses",
	"intended uses & limitations": "uses", "downstream use": "uses",
	"out-of-scope use": "out-of-scope", "out of scope use": "out-of-scope",
	"limitations": "limitations", "bias, risks, and limitations": "limitations", "bias, risks and limitations": "limitations",
	"limitations and bias": "limitations", "risks and limitations": "limitations", "ethical considerations and limitations": "limitations",
	"known limitations": "limitations", "other known limitations": "limitations", "discussion of biases": "bias", "bias": "bias",
	"training details": "training", "training": "training", "training procedure": "training", "training hyperparameters": "training",
	"training data": "training-data", "preprocessing": "preprocessing", "data preprocessing": "preprocessing",
	"data collection and processing": "collection", "source data": "collection", "dataset creation": "collection",
	"evaluation": "evaluation", "evaluation results": "evaluation", "results": "evaluation", "benchmarks": "evaluation",
	"environmental impact": "environment", "compute infrastructure": "infrastructure", "hardware": "hardware", "software": "software",
	"technical specifications": "architecture", "model architecture": "architecture", "model architecture and objective": "architecture",
	"personal and sensitive information": "sensitive", "dataset structure": "structure", "how to use": "usage", "how to get started with the model": "usage",
	"acceptable use policy": "acceptable-use", "acceptable use": "acceptable-use", "responsible use": "acceptable-use",
	"explainability": "explainability", "model examination": "explainability", "security": "security-contact",
}

// labels are lines of the templates of the form "- **Label:** value".
var labels = map[string]string{
	"developed by": "developer", "curated by": "developer", "model type": "model-type", "hardware type": "hardware",
	"finetuned from model": "finetuned-from", "paper": "paper", "repository": "repository", "hours used": "hours",
}

// placeholder is what the templates have where nobody wrote anything.
const placeholder = "[More Information Needed]"

// section is the prose under one known heading.
type section struct {
	name string
	text strings.Builder
}

// sections keeps the first kilobyte of prose under each known heading. Headings
// inside fenced code and in comments are none.
func (s *scan) sections(text []byte) {
	var here section
	fenced := false
	for raw := range bytes.Lines(dropComments(text)) {
		line := strings.TrimSpace(string(raw))
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		if title, ok := heading(line); ok && !fenced {
			s.endSection(&here)
			here.name = sectionNames[title]
			continue
		}
		s.label(line)
		if here.name != "" && !fenced && here.text.Len() < maxProse {
			here.line(line)
		}
	}
	s.endSection(&here)
}

// line adds a line of prose; what a template left open says nothing.
func (h *section) line(line string) {
	if line == "" || strings.Contains(line, placeholder) {
		return
	}
	if h.text.Len() > 0 {
		h.text.WriteByte(' ')
	}
	h.text.WriteString(clip.Bytes(line, maxProse))
}

func (s *scan) endSection(h *section) {
	if h.name != "" {
		s.fact("text/card/section/"+h.name, h.text.String(), maxProse)
	}
	h.name = ""
	h.text.Reset()
}

// heading returns the title of a heading in lower case, without ornaments.
func heading(line string) (string, bool) {
	level := len(line) - len(strings.TrimLeft(line, "#"))
	if level == 0 || level > 6 || !strings.HasPrefix(line[level:], " ") {
		return "", false
	}
	return strings.ToLower(strings.Trim(line[level:], " #*_:")), true
}

// label keeps a labelled line of the templates.
func (s *scan) label(line string) {
	line = strings.TrimLeft(line, "-*+ ")
	name, value, ok := strings.Cut(line, ":")
	if !ok || len(name) > 60 {
		return
	}
	name, _, _ = strings.Cut(strings.ToLower(name), "[")
	key, known := labels[strings.Trim(name, " *_")]
	value = strings.Trim(value, " *_")
	if known && value != "" && !strings.Contains(value, placeholder) {
		s.fact("text/card/label/"+key, value, maxValue)
	}
}

// dropComments takes out HTML comments: in the templates they are advice to the
// author.
func dropComments(text []byte) []byte {
	var out []byte
	for {
		before, rest, ok := bytes.Cut(text, []byte("<!--"))
		out = append(out, before...)
		if !ok {
			return out
		}
		if _, text, ok = bytes.Cut(rest, []byte("-->")); !ok {
			return out
		}
	}
}
