package text

import (
	"bytes"
	"regexp"
	"slices"
)

// overlap is how much of the text before a block is looked at again with it: no
// sign is longer.
const overlap = 512

// grep is a writer that looks for a pattern in what passes through it.
type grep struct {
	pattern *regexp.Regexp
	hints   []string // every match contains one of them; finding none is much faster
	report  func(offset int64, match []byte)

	buf      []byte
	base     int64 // offset of buf[0]
	reported int64 // matches that end before it are known
}

func (g *grep) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		take := min(len(p), 32<<10)
		g.buf = append(g.buf, p[:take]...)
		p = p[take:]
		g.search(len(g.buf) - overlap)
		if drop := len(g.buf) - overlap; drop > 0 {
			g.buf = append(g.buf[:0], g.buf[drop:]...)
			g.base += int64(drop)
		}
	}
	return n, nil
}

// search reports the matches that begin before limit. Later ones may be cut, and
// will be seen whole with the next block.
func (g *grep) search(limit int) {
	if !slices.ContainsFunc(g.hints, func(hint string) bool { return bytes.Contains(g.buf, []byte(hint)) }) {
		return
	}
	for _, m := range g.pattern.FindAllIndex(g.buf, -1) {
		if m[0] >= limit {
			return
		}
		if at := g.base + int64(m[0]); at >= g.reported {
			g.reported = g.base + int64(m[1])
			g.report(at, g.buf[m[0]:m[1]])
		}
	}
}

func (g *grep) finish() { g.search(len(g.buf)) }
