package pickle

import (
	"maps"
	"slices"
)

// before is how much a judge knew where a plain loader and joblib part.
type before struct{ calls, names, findings int }

// enterArray is BUILD on a wrapper for a loader that knows nothing of joblib: the
// bytes of the array are the next opcodes.
func (m *machine) enterArray() {
	if m.array < 0 {
		m.array = m.opOff
		m.before = before{m.judge.calls, len(m.judge.names.list), len(m.judge.sink.list)}
	}
}

// plainReading runs a pickle that holds arrays again as pickle.load and torch.load
// do, which take the bytes of the first array for opcodes. The numbers of a genuine
// array break off at once. What comes after it counts when a name is imported or
// something is called.
func (a *analysis) plainReading(at int64) {
	m := a.machine
	for _, drop := range [...]bool{false, true} {
		outer, quiet, adopted := a.judge, m.quiet, m.adopted
		inner := *outer
		inner.names, inner.storages, inner.effects, inner.calls = names{}, storages{}, 0, 0
		inner.sink, inner.listen = &sink{max: outer.sink.max}, nil
		a.judge, m.judge, m.adopted = &inner, &inner, maps.Clone(adopted)
		m.quiet, m.plain, m.drop = true, true, drop
		err := m.run(at)
		m.quiet, m.plain, m.drop = quiet, false, false
		inner.finish(err)
		a.judge, m.judge = outer, outer
		if m.array < 0 {
			m.adopted = adopted
			return // that reader breaks off before
		}
		acts := inner.calls > m.before.calls || slices.ContainsFunc(inner.names.list[m.before.names:], plausible)
		if acts {
			outer.adoptAfter(&inner, m.before)
		} else {
			m.adopted = adopted
		}
		next, crossed := m.offset(), m.crossed >= 0
		if err == nil && (acts || a.opensPickle(next)) {
			a.follow(next, at)
		}
		if !crossed {
			return
		}
	}
}

// opensPickle reports a byte that nearly every pickle with an effect begins with.
func (a *analysis) opensPickle(at int64) bool {
	head := a.view(at, 1)
	return len(head) == 1 && (head[0] == opProto || head[0] == opGlobal || head[0] == opMark)
}

// adoptAfter takes over what a plain loader does after the readers parted. How
// opcodes are spelled says nothing there: the pickle inside an object array has a
// PROTO of its own.
func (j *judge) adoptAfter(inner *judge, since before) {
	for _, f := range inner.sink.findings()[min(since.findings, len(inner.sink.list)):] {
		switch f.Rule {
		case ruleTable[ruleDifferential].ID, ruleTable[ruleFrameCrossing].ID, ruleTable[ruleLimit].ID:
			continue
		}
		if !j.sink.has(f) {
			f.What = "for a loader other than joblib: " + f.What
			j.sink.take(f)
		}
	}
	j.effects += inner.effects
}
