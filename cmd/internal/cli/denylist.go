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
	path   string                         // "" denies nothing
	stored func() (trust.DenyList, error) // what the trust store denies

	mu   sync.Mutex
	seen os.FileInfo
	list trust.DenyList
}

func (d *servedDenyList) apply(e verify.Evidence) (verify.Evidence, error) {
	list, err := d.stored()
	if err != nil {
		return e, err
	}
	name := "the trust store"
	if d.path != "" {
		own, err := d.current()
		if err != nil {
			return e, err
		}
		list, name = list.Join(own), d.path
	}
	return list.Apply(e, name)
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
