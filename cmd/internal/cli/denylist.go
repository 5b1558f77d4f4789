package cli

import (
	"os"
	"sync"

	"assay/verify"
	"assay/verify/trust"
)

// servedDenyList is a deny list that is read again when its file changes, because
// whoever revokes something does not wait for a restart. A file that is gone or
// broken is an error of every lookup, and so refuses.
type servedDenyList struct {
	path string // "" denies nothing

	mu   sync.Mutex
	seen os.FileInfo
	list trust.DenyList
}

func (d *servedDenyList) apply(e verify.Evidence) (verify.Evidence, error) {
	if d.path == "" {
		return e, nil
	}
	list, err := d.current()
	if err != nil {
		return e, err
	}
	return list.Apply(e, d.path)
}

func (d *servedDenyList) current() (trust.DenyList, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, err := os.Stat(d.path)
	if err != nil {
		return trust.DenyList{}, err
	}
	if d.seen != nil && os.SameFile(info, d.seen) && info.ModTime().Equal(d.seen.ModTime()) && info.Size() == d.seen.Size() {
		return d.list, nil
	}
	list, err := (&attestations{denyList: d.path}).denied()
	if err != nil {
		return trust.DenyList{}, err
	}
	d.seen, d.list = info, list
	return list, nil
}
