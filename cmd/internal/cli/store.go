package cli

import (
	"github.com/spf13/pflag"

	"assay/verify/store"
)

// storeFlags say where evidence is kept.
type storeFlags struct {
	path  string
	off   bool
	reuse bool // believe it about what nobody wrote since
}

func (s *storeFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&s.path, "store", "", "evidence store `FILE` (default: below the user's state folder, $XDG_STATE_HOME/assay/store.db)")
}

func (s *storeFlags) open() (*store.Store, error) {
	path := s.path
	if path == "" {
		var err error
		if path, err = store.DefaultPath(); err != nil {
			return nil, err
		}
	}
	return store.Open(path)
}
