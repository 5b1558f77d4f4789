package pickle

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"assay/scanners"
)

// maxElsewhere bounds the places where another reader would find a pickle: each
// costs another pass, and a genuine file has none.
const maxElsewhere = 16

// analysis is the work on one file, or on one constant that is a file of its own.
type analysis struct {
	*machine
	judge     *judge
	cover     *cover
	first     bool             // the first pickle was read to its STOP
	rest      int64            // where the last pickle, or the data after it, ended
	legacy    bool             // it is a torch stream
	inline    map[string]int64 // where the storages of the stream are, by key
	start     int64            // of the first pickle
	shares    bool             // a later pickle means something else to a loader with one memo
	lacking   bool             // a later pickle needs what the memo of an earlier one holds
	uneven    bool             // a pickle does not keep to its frames
	elsewhere map[int64]bool   // places where other readers find a pickle
}

// cover are the bytes accounted for, and the constants that others have to look at.
type cover struct {
	parsed, opaque scanners.Spans
	members        []scanners.Member
	seen           map[int64]bool // offsets of members
}

// stream analyses pickle after pickle from start. The loaders of some formats
// read several (torch: five, then raw storages), and what follows a STOP is as
// easily loaded as what precedes it.
func (a *analysis) stream(start int64) error {
	a.start = start
	err := a.pickles(start)
	if a.shares {
		err = a.sharedReading(err)
	}
	return err
}

// pickles analyses pickle after pickle, each with a memo of its own.
func (a *analysis) pickles(start int64) error {
	magic := false // the first value is that of a torch stream
	for n, at := 0, start; at < a.end || magic && n < legacyPickles; n, at = n+1, a.rest {
		if at >= a.end {
			return scanners.CutOff(a.end, a.end+1) // between two pickles of a torch stream
		}
		if n > 0 && !a.definite(at) {
			if !a.tentative(at) {
				break
			}
			continue
		}
		a.nodes.keepAll = magic && n == legacyPickles-1
		err := a.one(at)
		a.nodes.keepAll = false
		if err != nil {
			return err
		}
		a.first = true
		switch v := a.machine.result; n {
		case 0:
			magic = a.isLegacyMagic(v)
		case 1:
			i, _ := v.asInt()
			magic = magic && i == legacyProtocol
		case legacyPickles - 1:
			if !magic {
				break
			}
			if err := a.legacyStorages(v); err != nil {
				return err
			}
			a.legacy = true
		}
	}
	return nil
}

// one analyses the pickle at an offset as every reader does, and leaves a.rest
// where the next one begins for a reader that takes the bytes in a row.
func (a *analysis) one(at int64) error {
	m := a.machine
	err := m.run(at)
	a.noteSharing(err)
	holdsArrays := m.array >= 0 && !m.plain
	if errors.Is(err, errArray) {
		m.sweep(m.offset())
	}
	end, result, others := m.offset(), m.result, []int64(nil)
	if err == nil && m.framed && end < m.frameEnd {
		m.differs("bytes after the STOP inside its frame: readers find the next pickle in different places")
		others = append(others, m.resume) // for who took the whole frame out of the file
	}
	if err != nil {
		err = m.failure(err)
	} else if a.judge.listen != nil {
		a.judge.emit(event{kind: eventStop, off: m.opOff, text: "return " + m.repr(result, 0), ok: true})
	}
	if m.crossed >= 0 {
		a.judge.find(ruleFrameCrossing, m.crossed, "an opcode crosses the end of its frame; both readings are analysed")
		for _, m.dropJoined = range [...]bool{false, true} {
			if next, ok := m.secondReading(at); ok {
				others = append(others, next)
			}
		}
	}
	for _, next := range others {
		a.follow(next, end)
	}
	if holdsArrays {
		a.plainReading(at)
	}
	m.framed, m.result, a.rest = false, result, end
	m.seek(end)
	return err
}

// secondReading runs the pickle again with the rest of a frame dropped wherever an
// opcode crosses its end, as the C unpickler reads it from a file (pickle.md 4.2).
// It adds events, accounts for no bytes, and returns where that reader goes on.
func (m *machine) secondReading(at int64) (next int64, ok bool) {
	quiet := m.quiet
	m.quiet, m.drop = true, true
	err := m.run(at)
	m.quiet, m.drop = quiet, false
	if err == nil && m.judge.listen != nil {
		m.judge.emit(event{kind: eventStop, off: m.opOff, text: "return " + m.repr(m.result, 0) + " to the other reader", ok: true})
	}
	if m.framed && m.offset() < m.frameEnd {
		return m.resume, err == nil
	}
	return m.offset(), err == nil
}

// follow analyses the pickles that another reader finds from an offset on.
func (a *analysis) follow(at, known int64) {
	if at == known || a.elsewhere[at] {
		return
	}
	if len(a.elsewhere) >= maxElsewhere {
		a.judge.limit(a.opOff, "more places where another reader finds a pickle than the scanner follows")
		return
	}
	if a.elsewhere == nil {
		a.elsewhere = make(map[int64]bool)
	}
	a.elsewhere[at] = true
	quiet := a.quiet
	a.quiet = true
	for at < a.end && (a.definite(at) && a.one(at) == nil || a.tentative(at)) {
		at = a.rest
	}
	a.quiet = quiet
}

// definite reports the magic number of protocols 2 and above.
func (a *analysis) definite(at int64) bool {
	head := a.view(at, int(min(2, a.end-at)))
	return len(head) == 2 && head[0] == opProto && head[1] <= maxProtocol
}

// tentative tries what follows a pickle as one of protocol 0 or 1, which has no
// magic number. It counts when it calls or imports something, or is read to its
// STOP. It reports whether the stream goes on at a.rest.
func (a *analysis) tentative(at int64) bool {
	m := a.machine
	head := m.view(at, 1)
	if len(head) == 0 || head[0] == opProto || !opcodes[head[0]].start && !isGet(head[0]) {
		return false
	}
	outer, covered := a.judge, m.cover
	inner := *outer
	inner.names, inner.storages, inner.effects, inner.sink = names{}, storages{}, 0, &sink{max: outer.sink.max}
	a.judge, m.judge, m.cover = &inner, &inner, &cover{}
	err := a.one(at)
	trial := m.cover
	inner.finish(err)
	a.judge, m.judge, m.cover = outer, outer, covered
	acts := inner.effects > 0 || slices.ContainsFunc(inner.names.list, plausible)
	if !acts && err != nil {
		a.rest = at
		return false
	}
	m.adopt(&analysis{judge: &inner}, at)
	covered.add(trial)
	return err == nil
}

// isGet reports an opcode that takes from the memo, which may be that of the pickle
// before.
func isGet(op byte) bool { return op == opGet || op == opBinGet || op == opLongBinGet }

// legacyStorages accounts for what follows the five pickles of a torch stream: for
// each key the number of elements and the raw bytes.
func (a *analysis) legacyStorages(list value) error {
	at := a.rest
	keys, err := a.storageKeys(list)
	if err != nil {
		return a.broken(at, err)
	}
	t := &a.judge.storages
	a.inline = make(map[string]int64)
	for _, key := range keys {
		i, ok := t.byKey[key]
		if !ok || t.list[i].itemsize == 0 {
			return a.broken(at, fmt.Errorf("no tensor declares the storage %q, so that its size is not known", key))
		}
		raw := a.view(at, int(min(8, a.end-at)))
		if len(raw) < 8 {
			return scanners.CutOff(a.end, at+8)
		}
		numel, _ := littleInt(raw)
		size, fits := multiply(numel, t.list[i].itemsize)
		if numel != t.list[i].numel {
			a.judge.find(ruleStorageSize, at, fmt.Sprintf("storage %q is declared with %d elements and has %d", key, t.list[i].numel, numel))
		}
		if fits && size > a.end-at-8 && size <= scanners.LargestFile {
			return scanners.CutOff(a.end, at+8+size)
		}
		if !fits || size > a.end-at-8 {
			return a.broken(at, errTruncated)
		}
		a.cover.parsed.Add(at, 8)
		a.cover.opaque.Add(at+8, size)
		a.inline[key] = at + 8
		at += 8 + size
	}
	a.rest = at
	return nil
}

func (a *analysis) broken(at int64, err error) error {
	return &scanners.FormatError{Offset: a.judge.position(at), Err: err}
}

// failure says where and how a pickle broke.
func (m *machine) failure(err error) error {
	code := scanners.GapBroken
	switch {
	case m.ctx.Err() != nil:
		return m.ctx.Err()
	case errors.Is(err, errMemoLimit), errors.Is(err, errStackLimit), errors.Is(err, errNameLimit):
		code = scanners.GapLimit
	case errors.Is(err, errUnreadable):
		code = scanners.GapUnreadable
	case errors.Is(err, io.ErrUnexpectedEOF):
		code = scanners.GapUnreadable
	}
	if errors.Is(err, errTruncated) && m.judge.at == nil && m.judge.where == "" {
		return scanners.CutOff(m.end, m.missing)
	}
	return &scanners.FormatError{Offset: m.judge.position(m.opOff), Code: code, Err: m.fail(err)}
}
