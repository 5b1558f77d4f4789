package sbom

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteDOT writes the lineage of the artifact as a graph in the DOT language: what
// it was made from, trained on, and consists of, with the revision where one is
// named. The same document gives the same bytes.
func (d Document) WriteDOT(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "digraph lineage {\n  rankdir=BT;\n  node [shape=box];\n")
	fmt.Fprintf(b, "  artifact [label=%s, style=bold];\n", dotLabel(d.Subject.Name.Text, d.Subject.Version.Text))
	for i, base := range d.Bases {
		pin := base.Revision.Text
		if pin == "" {
			pin = "revision not named"
		}
		fmt.Fprintf(b, "  base%d [label=%s];\n", i+1, dotLabel(base.Name.Text, pin))
		fmt.Fprintf(b, "  artifact -> base%d [label=%s%s];\n", i+1, dotLabel(edge(base)), dashed(!base.Needed))
	}
	for i, v := range d.Datasets {
		fmt.Fprintf(b, "  dataset%d [label=%s, shape=cylinder];\n", i+1, dotLabel(v.Text))
		label := "trained on"
		if d.Subject.Kind == KindDataset {
			label = "made from"
		}
		fmt.Fprintf(b, "  artifact -> dataset%d [label=%s, style=dashed];\n", i+1, dotLabel(label))
	}
	for i, part := range all(d.Facts, "text/component") {
		name, class, _ := strings.Cut(part.Text, ": ")
		fmt.Fprintf(b, "  part%d [label=%s, shape=component];\n", i+1, dotLabel(name, class))
		fmt.Fprintf(b, "  part%d -> artifact [label=\"part of\"];\n", i+1)
	}
	fmt.Fprintf(b, "}\n")
	return b.Flush()
}

// edge says how the artifact came from a base.
func edge(b Base) string {
	switch {
	case b.Relation == RelationUnknown && b.Needed:
		return "needs"
	case b.Relation == RelationUnknown:
		return "made from"
	case b.Needed:
		return string(b.Relation) + " of, needs"
	}
	return string(b.Relation) + " of"
}

// dashed marks what is only said and not needed.
func dashed(yes bool) string {
	if yes {
		return ", style=dashed"
	}
	return ""
}

// dotEscape is the DOT language's escaping of a quoted string; texts of a document
// have no line breaks.
var dotEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func dotLabel(lines ...string) string {
	var kept []string
	for _, l := range lines {
		if l != "" {
			kept = append(kept, dotEscape.Replace(l))
		}
	}
	return `"` + strings.Join(kept, `\n`) + `"`
}
