package pickle

const (
	maxNodes = 1 << 15 // containers whose contents are kept
	maxKids  = 1 << 16 // children kept in all
	keepKids = 64      // children kept of one container
)

// nodes keeps the contents of the containers that were made last, the first
// children of each. Contents are needed right after a container was made (the
// arguments of a call, the state of an object), so that a bounded ring serves a
// pickle of any size; older ones are forgotten, and a rule that needs them fails
// on the safe side. Numbers count up and are never reused.
type nodes struct {
	ring []node
	next int64 // number of the next node; 0 is the empty tuple
	kids []value
	head int64 // number of the next child

	keepAll bool // keep the children of long lists too
}

// limit is how many children of one container are kept.
func (t *nodes) limit() int {
	if t.keepAll {
		return maxKids / 2
	}
	return keepKids
}

// node is one container.
type node struct {
	first int64  // number of its first kept child
	count uint32 // items; keys and values of a dict count separately
	kept  uint16
	state bool // it was the state of an object
}

func (t *nodes) reset() {
	// Numbers go on, so that one from an earlier pickle is forgotten, not mistaken.
	t.next = max(t.next, 1)
}

// add makes a container of the items.
func (t *nodes) add(kind tag, items []value) value {
	if t.next == 0 {
		t.next = 1
	}
	n := node{count: uint32(len(items))}
	if len(items) > 0 {
		n.first, n.kept = t.keep(nil, items)
	}
	i := t.next
	t.next++
	if len(t.ring) < maxNodes && int64(len(t.ring)) == i-1 {
		t.ring = append(t.ring, n)
	} else {
		t.ring[(i-1)&(maxNodes-1)] = n
	}
	return pair(kind, 0, i)
}

// keep stores the first children of a container in one piece.
func (t *nodes) keep(old, items []value) (first int64, kept uint16) {
	items = items[:min(len(items), t.limit()-len(old))]
	n := len(old) + len(items)
	at := int(t.head & (maxKids - 1))
	if at+n > maxKids {
		t.head += int64(maxKids - at)
		at = 0
	}
	first = t.head
	t.head += int64(n)
	if at+n > len(t.kids) {
		t.kids = append(append(t.kids[:at], old...), items...)
		return first, uint16(n)
	}
	copy(t.kids[at:], old) // may overlap; the items come from elsewhere
	copy(t.kids[at+len(old):], items)
	return first, uint16(n)
}

// get returns the node of a container, nil when it is forgotten.
func (t *nodes) get(v value) *node {
	i := v.low()
	if i <= 0 || i >= t.next || t.next-i > maxNodes {
		return nil
	}
	return &t.ring[(i-1)&(maxNodes-1)]
}

// items returns the kept children of a container, how many it has, and whether
// they are all there.
func (t *nodes) items(v value) (kept []value, count int, all bool) {
	if !v.isContainer() {
		return nil, 0, false
	}
	if v.low() == 0 {
		return nil, 0, true
	}
	n := t.get(v)
	if n == nil || n.kept > 0 && t.head-n.first > maxKids {
		return nil, 0, false
	}
	if n.kept > 0 {
		at := n.first & (maxKids - 1)
		kept = t.kids[at : at+int64(n.kept)]
	}
	return kept, int(n.count), int(n.kept) == int(n.count)
}

// extend adds items to a list, dict or set.
func (t *nodes) extend(v value, items []value) {
	n := t.get(v)
	if n == nil || len(items) == 0 {
		return
	}
	if n.kept == 0 && n.count == 0 {
		n.first, n.kept = t.keep(nil, items)
	} else if int(n.kept) == int(n.count) && int(n.kept) < t.limit() {
		if kept, _, all := t.items(v); all {
			n.first, n.kept = t.keep(kept, items)
		}
	}
	n.count += uint32(len(items))
}
