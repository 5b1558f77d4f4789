package mlflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/registry/internal/fetch"
)

// callTimeout is for one call that writes.
const callTimeout = 30 * time.Second

// SetTags writes tags on a version of a model, in the order of their keys. The
// reference names the version, not an alias.
func (s *Source) SetTags(ctx context.Context, ref registry.Reference, tags map[string]string) error {
	m, err := s.parse(ref)
	if err != nil {
		return err
	}
	if m.version == "" {
		return fmt.Errorf("%w: %s: a tag belongs to a version", registry.ErrReference, ref)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		body := map[string]string{"name": m.name, "version": m.version, "key": key, "value": tags[key]}
		if err := m.call(ctx, http.MethodPost, "model-versions/set-tag", body); err != nil {
			return fmt.Errorf("set the tag %s: %w", key, err)
		}
	}
	return nil
}

// RemoveAlias takes an alias from a version. An alias that is on another version by
// now stays: whoever moved it meant that one.
func (s *Source) RemoveAlias(ctx context.Context, ref registry.Reference, alias string) error {
	m, err := s.parse(ref)
	if err != nil {
		return err
	}
	if !aliasName.MatchString(alias) {
		return fmt.Errorf("%w: %q is no alias", registry.ErrReference, registry.PrintableName(alias))
	}
	on := *m
	on.version, on.alias = "", alias
	now, err := on.find(ctx)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil
	case err != nil:
		return err
	case now.Version != m.version:
		return nil
	}
	return m.call(ctx, http.MethodDelete, "registered-models/alias", map[string]string{"name": m.name, "alias": alias})
}

// call sends one request that changes something. It is not repeated, follows no
// redirect, and shows nothing of the answer.
func (m *model) call(ctx context.Context, method, call string, body map[string]string) error {
	if m.source.cfg.Offline {
		return registry.ErrOffline
	}
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	u := m.server.JoinPath("api", "2.0", "mlflow", call)
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := m.origin.RoundTrip(r)
	if err != nil {
		return m.explain(err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	err = errors.Join(err, resp.Body.Close())
	switch {
	case resp.StatusCode == http.StatusOK:
		return err
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return m.explain(registry.ErrAccess)
	}
	return m.explain(&fetch.StatusError{Status: resp.StatusCode, URL: fetch.Redact(u)})
}
