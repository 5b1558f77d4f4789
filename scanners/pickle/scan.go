package pickle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

// Scanner analyses pickles. The zero value is ready for use.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "pickle", Title: "Python pickle", Version: 1, Rules: slices.Clone(ruleTable[:])}
}

// Match reports a first byte that can open a pickle. Protocols 0 and 1 have no
// magic number, so that ordinary text may match; Scan then declines.
func (Scanner) Match(h scanners.Head) bool {
	return len(h.Start) >= 2 && opcodes[h.Start[0]].start && (h.Start[0] != opProto || h.Start[1] <= maxProtocol)
}

// Scan analyses every pickle of the file.
func (Scanner) Scan(ctx context.Context, f scanners.File, lim scanners.Limits) (scanners.Result, error) {
	lim = lim.WithDefaults()
	return scan(ctx, f, lim, nil)
}

func scan(ctx context.Context, f scanners.File, lim scanners.Limits, listen func(event)) (scanners.Result, error) {
	if f.Size > maxOffset {
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapLimit, Err: errors.New("a pickle of more than 1 TiB")}
	}
	j := &judge{sink: &sink{max: lim.MaxFindings}, sibling: f.Sibling, file: f.Name, listen: listen}
	a := &analysis{judge: j, cover: &cover{}}
	a.machine = &machine{ctx: ctx, judge: j, depth: lim.MaxDepth, cover: a.cover, allowance: newAllowance(f.Size)}
	a.machine.open(f, 0, f.Size)
	err := a.stream(0)
	if !a.recognised(err, f.Name) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	return a.result(err)
}

// maxBehind bounds the ends of frames where a second reader would find a pickle:
// each costs another pass, and a genuine file has none.
const maxBehind = 16

// analysis is the work on one file, or on one constant that is a file of its own.
type analysis struct {
	*machine
	judge  *judge
	cover  *cover
	first  bool           // the first pickle was read to its STOP
	rest   int64          // where the last pickle, or the data after it, ended
	legacy bool           // it is a torch stream
	behind map[int64]bool // ends of frames where a pickle was looked for
}

// cover are the bytes accounted for.
type cover struct{ parsed, opaque scanners.Spans }

// stream analyses pickle after pickle from start. The loaders of some formats
// read several (torch: five, then raw storages), and what follows a STOP is as
// easily loaded as what precedes it.
func (a *analysis) stream(start int64) error {
	magic := false // the first value is that of a torch stream
	at := start
	for n := 0; at < a.end; n++ {
		if n > 0 && !a.definite(at) {
			next, ok := a.tentative(at)
			if !ok {
				break
			}
			at = next
			continue
		}
		if magic && n == 4 {
			a.nodes.keepAll = true
		}
		if err := a.one(at); err != nil {
			return err
		}
		a.first = true
		at = a.offset()
		a.rest = at
		if a.framed && at < a.frameEnd {
			a.afterFrame(a.resume)
		}
		switch v := a.machine.result; {
		case n == 0:
			magic = a.isLegacyMagic(v)
		case n == 1:
			i, _ := v.asInt()
			magic = magic && i == legacyProtocol
		case n == 4 && magic:
			next, err := a.legacyStorages(v, at)
			a.nodes.keepAll = false
			if err != nil {
				return err
			}
			at, a.rest, a.legacy = next, next, true
		}
	}
	return nil
}

// one analyses the pickle at an offset, and once more, as the C unpickler reads
// it from a file, when an opcode crosses a frame.
func (a *analysis) one(at int64) error {
	m := a.machine
	err := m.run(at)
	if err != nil {
		if errors.Is(err, errArray) {
			m.sweep(m.offset())
		}
		err = m.failure(err)
	}
	if m.crossed >= 0 {
		a.judge.find(ruleFrameCrossing, m.crossed, "an opcode crosses the end of its frame; both readings are analysed")
		end, result := m.offset(), m.result
		m.secondReading(at)
		m.seek(end)
		m.result = result
	}
	if a.judge.listen != nil && err == nil {
		a.judge.emit(event{kind: eventStop, off: m.opOff, text: "return " + m.repr(m.result, 0), ok: true})
	}
	return err
}

// secondReading runs the pickle again with the rest of a frame dropped wherever an
// opcode crosses its end (pickle.md 4.2). It adds events and accounts for no bytes.
func (m *machine) secondReading(at int64) {
	quiet, off := m.quiet, m.opOff
	m.quiet, m.drop = true, true
	_ = m.run(at) // how this reading ends does not matter: its events are kept
	m.quiet, m.drop, m.opOff = quiet, false, off
	m.framed = false
}

// afterFrame looks at where the next pickle begins for a loader that took the whole
// frame out of the file: behind it, and not behind a STOP inside it.
func (a *analysis) afterFrame(next int64) {
	m := a.machine
	m.differs("bytes after the STOP inside its frame: readers find the next pickle in different places")
	if a.behind[next] {
		return
	}
	if len(a.behind) >= maxBehind {
		a.judge.limit(m.opOff, "more frames with bytes after a STOP than the scanner follows")
		return
	}
	if a.behind == nil {
		a.behind = make(map[int64]bool)
	}
	a.behind[next] = true
	at, result, quiet := m.offset(), m.result, m.quiet
	m.quiet = true
	if a.definite(next) {
		_ = a.one(next) // its events are what counts
	} else {
		a.tentative(next)
	}
	m.quiet, m.result, m.framed, a.rest = quiet, result, false, at
	m.seek(at)
}

// definite reports the magic number of protocols 2 and above.
func (a *analysis) definite(at int64) bool {
	head := a.view(at, int(min(2, a.end-at)))
	return len(head) == 2 && head[0] == opProto && head[1] <= maxProtocol
}

// tentative tries what follows a pickle as one of protocol 0 or 1, which has no
// magic number. It counts when it calls something, or is read to its STOP and
// imports something or is free of findings.
func (a *analysis) tentative(at int64) (next int64, ok bool) {
	m := a.machine
	head := m.view(at, 1)
	if head == nil || !opcodes[head[0]].start {
		return 0, false
	}
	outer, covered := a.judge, m.cover
	inner := *outer
	inner.names, inner.storages, inner.effects, inner.sink = names{}, storages{}, 0, &sink{max: outer.sink.max}
	m.judge, m.cover = &inner, &cover{}
	err := m.run(at)
	trial := m.cover
	inner.finish()
	m.judge, m.cover = outer, covered
	done := err == nil && (len(inner.names.list) > 0 || len(inner.sink.list) == 0)
	if !done && inner.effects == 0 {
		return 0, false
	}
	m.adopt(&analysis{judge: &inner}, at)
	covered.parsed.AddAll(trial.parsed, 0)
	covered.opaque.AddAll(trial.opaque, 0)
	a.rest = m.offset()
	return m.offset(), err == nil
}

// legacyStorages accounts for what follows the five pickles of a torch stream: for
// each key the number of elements and the raw bytes.
func (a *analysis) legacyStorages(list value, at int64) (int64, error) {
	keys, err := a.storageKeys(list)
	if err != nil {
		return 0, a.broken(at, err)
	}
	t := &a.judge.storages
	for _, key := range keys {
		i, ok := t.byKey[key]
		if !ok || t.list[i].itemsize == 0 {
			return 0, a.broken(at, fmt.Errorf("no tensor declares the storage %q, so that its size is not known", key))
		}
		raw := a.view(at, int(min(8, a.end-at)))
		if len(raw) < 8 {
			return 0, a.broken(at, errTruncated)
		}
		numel, _ := littleInt(raw)
		size, fits := multiply(numel, t.list[i].itemsize)
		if numel != t.list[i].numel {
			a.judge.find(ruleStorageSize, at, fmt.Sprintf("storage %q is declared with %d elements and has %d", key, t.list[i].numel, numel))
		}
		if !fits || size > a.end-at-8 {
			return 0, a.broken(at, errTruncated)
		}
		a.cover.parsed.Add(at, 8)
		a.cover.opaque.Add(at+8, size)
		at += 8 + size
	}
	return at, nil
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
	return &scanners.FormatError{Offset: m.judge.position(m.opOff), Code: code, Err: m.fail(err)}
}

// recognised decides whether the file is a pickle at all. Text and tensors may
// begin with an opcode; they are left to others unless a loader would act on them.
func (a *analysis) recognised(err error, name string) bool {
	head := a.view(0, 2)
	names := a.judge.names.list
	switch {
	case len(head) == 2 && head[0] == opProto && head[1] <= maxProtocol:
		return true
	case a.judge.effects > 0 && slices.ContainsFunc(names, plausible):
		// An effect without a name (an extension code, a persistent id) is one
		// opcode: one storage of random numbers in eighty begins with one.
		return true
	case a.first:
		return len(names) > 0 || a.rest == a.end || namedPickle(name) || err != nil
	case namedPickle(name) && a.ops >= 4:
		return true
	}
	// A name in the first two lines of a text is chance; one of a known module,
	// with opcodes after it, is not.
	return err != nil && a.ops-a.firstName >= 2 && slices.ContainsFunc(names, func(g *global) bool {
		return plausible(g) && (g.entry != nil || g.dangerous || pyglobals.KnownModule(g.module))
	})
}

// plausible reports whether a name could be one that a program defines.
func plausible(g *global) bool { return isIdentifier(g.module) && isIdentifier(g.name) }

// namedPickle reports a name under which pickles are kept.
func namedPickle(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pkl", ".pickle", ".pck", ".pcl", ".p", ".pk", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".jl", ".dill", ".sav", ".pdparams", ".pdopt":
		return true
	}
	return false
}

// result puts together what is known.
func (a *analysis) result(err error) (scanners.Result, error) {
	a.judge.finish()
	r := scanners.Result{Uses: a.judge.uses(), Parsed: a.cover.parsed, Opaque: a.cover.opaque}
	r.Facts = a.facts()
	r.Findings = a.judge.sink.findings()
	if err == nil && a.judge.sink.limit != "" {
		err = &scanners.FormatError{Code: scanners.GapLimit, Err: errors.New(a.judge.sink.limit)}
	}
	return r, err
}
