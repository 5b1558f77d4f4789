package cas

import (
	"context"
	"fmt"

	"assay/registry"
	"assay/registry/internal/disk"
)

// GetHashing is Get for a caller that hashes the content itself and says the result
// to Hashed: what is in the cache is then not hashed before it is handed out. What is
// promised by another digest than SHA-256, or must be fetched, is hashed here as ever.
func (s *Store) GetHashing(ctx context.Context, b Blob, fill Fill) (registry.HashedContent, error) {
	if len(b.Want) == 1 && b.Want[0].Algorithm == "sha256" {
		root, err := s.open()
		if err != nil {
			return nil, err
		}
		if c, err := disk.Blob(root, blobPath(b.Want[0].Hex)).Content(nil); err == nil {
			if c.Size() == b.Size {
				return &unhashed{Content: c, store: s, blob: b}, nil
			}
			_ = c.Close()
		}
	}
	c, err := s.get(ctx, b, fill)
	if err != nil {
		return nil, err
	}
	return compared{c}, nil
}

// compared is content that was compared before it was handed out.
type compared struct{ *disk.Content }

func (compared) Hashed(string) error { return nil }

// unhashed is content that its reader hashes.
type unhashed struct {
	*disk.Content
	store *Store
	blob  Blob
}

func (u *unhashed) Hashed(sum string) error {
	want := u.blob.Want[0]
	if sum == want.Hex {
		u.store.remember(sum, u.Info())
		return nil
	}
	root, err := u.store.open()
	if err != nil {
		return err
	}
	err = fmt.Errorf("%w: %s: promised %s, got sha256:%s", registry.ErrDigest, u.blob.Name, want, sum)
	u.store.quarantine(root, want.Hex, err)
	return err
}
