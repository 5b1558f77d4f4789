package pickle

import (
	"errors"

	"assay/scanners"
)

// A program may write several objects with one Pickler, and read them with one
// Unpickler: its memo lives on from pickle to pickle. Most programs make new ones
// each time. The same bytes may mean different things to the two, so that a stream
// in which they can differ is read both ways.

// noteSharing remembers whether a pickle after the first depends on what the memo
// holds when it begins.
func (a *analysis) noteSharing(err error) {
	m := a.machine
	a.uneven = a.uneven || m.crossed >= 0 || m.framed && m.offset() < m.frameEnd
	if m.start != a.start && errors.Is(err, errNoMemo) {
		a.lacking, a.shares = true, true
	}
	switch {
	case m.start == a.start:
	case a.uneven: // what is left of a frame may go on here
		a.shares = true
	case m.recalled && m.newest >= 4: // MEMOIZE counts on from the pickle before
		a.shares = true
	}
}

// sharedReading reads the stream again with one memo for all of it, and returns the
// error that remains. When a pickle was found to need an entry of an earlier one,
// this is how the file was written and what counts. Otherwise it is how hardly
// anybody reads it, and what comes of it is mostly nonsense: only a call that is
// known for what it does is reported.
func (a *analysis) sharedReading(first error) error {
	m, outer, covered, quiet := a.machine, a.judge, a.machine.cover, a.machine.quiet
	inner := outer
	if !a.lacking {
		j := *outer
		j.names, j.storages, j.effects, j.calls, j.sink = names{}, storages{}, 0, 0, &sink{max: outer.sink.max}
		inner, m.quiet = &j, true
	}
	inner.aside = !a.lacking
	a.judge, m.judge, m.keepMemo = inner, inner, true
	at, err := a.inOneMemo(false, false)
	if a.uneven { // frames that only some readers keep to
		m.cover, m.quiet, inner.aside = &cover{}, true, true
		_, _ = a.inOneMemo(true, false)
		_, _ = a.inOneMemo(false, true)
	}
	a.judge, m.judge, m.keepMemo, m.cover, m.quiet, m.framed = outer, outer, false, covered, quiet, false
	inner.aside = false
	if a.lacking {
		a.rest = at
		if err != nil {
			return m.failure(err)
		}
		return nil
	}
	inner.finish(err)
	if errors.Is(err, errMemoLimit) {
		outer.report(ruleLimit, scanners.Low, m.opOff, "", func() string {
			return "for a loader that keeps its memo from pickle to pickle: " + err.Error()
		})
	}
	outer.adoptKnown(inner)
	return first
}

// inOneMemo runs the pickles from the first on. What is left of a frame after a STOP
// is read on by the C unpickler, and lost for the Python one (leave).
func (a *analysis) inOneMemo(drop, leave bool) (at int64, err error) {
	m, covered := a.machine, a.machine.cover
	m.memo.reset()
	m.framed, m.drop = false, drop
	for at = a.start; at < a.end; {
		m.cover = &cover{}
		definite := at == a.start || a.definite(at)
		if err = m.run(at); err != nil && !definite {
			err = nil
			break
		}
		if err != nil {
			break
		}
		if at = m.offset(); leave && m.framed && at < m.frameEnd {
			at, m.framed = m.resume, false
		}
		covered.add(m.cover)
		if m.judge.listen != nil {
			m.judge.emit(event{kind: eventStop, off: m.opOff, text: "return " + m.repr(m.result, 0), ok: true})
		}
	}
	m.cover, m.drop = covered, false
	return at, err
}

// add takes over what another one accounts for.
func (c *cover) add(other *cover) {
	c.parsed.AddAll(other.parsed, 0)
	c.opaque.AddAll(other.opaque, 0)
	for _, member := range other.members {
		if !c.seen[member.Span.Off] {
			c.members = append(c.members, member)
		}
	}
}

// adoptKnown takes over the calls of names that are known for what they do.
func (j *judge) adoptKnown(inner *judge) {
	for _, f := range inner.sink.findings() {
		known := f.Rule == ruleTable[ruleDangerousCall].ID || f.Rule == ruleTable[ruleProxyCall].ID
		if known && f.Severity == scanners.Critical && !j.sink.has(f) {
			f.What = "for a loader that keeps its memo from pickle to pickle: " + f.What
			j.sink.take(f)
			j.effects++
		}
	}
}

// has reports whether there is such a finding.
func (s *sink) has(f scanners.Finding) bool {
	for _, g := range s.list {
		if g.Rule == f.Rule && g.Offset == f.Offset && g.What == f.What {
			return true
		}
	}
	return false
}
