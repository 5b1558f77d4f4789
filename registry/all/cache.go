package all

import (
	"context"
	"os"
	"time"

	"assay/registry/internal/cas"
)

// Cache is the cache that all sources share.
type Cache struct{ store *cas.Store }

// Usage is what the cache holds.
type Usage = cas.Usage

// NewCache returns the cache of a configuration; only CacheDir, Getenv and Notice
// matter.
func NewCache(cfg Config) (*Cache, error) {
	if cfg.Getenv == nil {
		cfg.Getenv = os.Getenv
	}
	if cfg.CacheDir == "" {
		var err error
		if cfg.CacheDir, err = cas.Dir(cfg.Getenv); err != nil {
			return nil, err
		}
	}
	store := cas.New(cfg.CacheDir)
	store.Notice = cfg.Notice
	return &Cache{store}, nil
}

// Check hashes every file of the cache again. Wrong ones are set aside and
// returned as errors that wrap registry.ErrDigest.
func (c *Cache) Check(ctx context.Context) (Usage, []error, error) { return c.store.Check(ctx) }

// Clean removes what was fetched before a time.
func (c *Cache) Clean(ctx context.Context, before time.Time) (Usage, error) {
	return c.store.Clean(ctx, before)
}
