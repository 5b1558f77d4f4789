package trust

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Store is what a person or an organisation decided to trust: one document, kept
// in a folder of the user's own, and passed on as a signed bundle to machines
// without network. The zero value trusts nobody.
type Store struct {
	Keys         map[string]string `json:"keys,omitzero"`         // name -> PEM of a public key
	Certificates map[string]string `json:"certificates,omitzero"` // name -> PEM of roots and intermediates
	TrustedRoot  jsontext.Value    `json:"trustedRoot,omitzero"`  // Sigstore trusted_root.json
	RootFrom     string            `json:"rootFrom,omitzero"`     // where that is from, for people
	RootTime     time.Time         `json:"rootTime,omitzero"`     // when it was fetched or added
	Denied       string            `json:"denied,omitzero"`       // deny list, as ParseDenyList reads it
	Policy       string            `json:"policy,omitzero"`       // policy file, kept beside the store

	// Of an imported bundle.
	Made    time.Time `json:"made,omitzero"`    // when it was exported; an older one is not imported
	Expires time.Time `json:"expires,omitzero"` // after this nothing in it is used
}

// Errors of a store.
var (
	// ErrExpired: what was imported is no longer good.
	ErrExpired = errors.New("the imported trust has expired")
	// ErrStore: the document is not one, or was changed by hand.
	ErrStore = errors.New("trust store")
)

// MaxStore bounds a store in bytes; most of it would be the deny list.
const MaxStore = 128 << 20

// storeName is the document in the folder.
const storeName = "trust.json"

// ReadStore reads the store in a folder. Without one it is empty.
func ReadStore(dir string) (Store, error) {
	data, err := ReadFile(filepath.Join(dir, storeName), MaxStore)
	if errors.Is(err, fs.ErrNotExist) {
		return Store{}, nil
	}
	if err != nil {
		return Store{}, err
	}
	return ParseStore(data)
}

// ParseStore reads the text of a store and checks everything in it.
func ParseStore(data []byte) (Store, error) {
	var s Store
	if err := json.Unmarshal(data, &s, json.RejectUnknownMembers(true)); err != nil {
		return Store{}, fmt.Errorf("%w: not its JSON: %w", ErrStore, err)
	}
	return s, s.check()
}

func (s Store) check() error {
	_, _, err := s.signers()
	if err == nil {
		_, err = ParseDenyList([]byte(s.Denied))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	for name := range s.Keys {
		if _, twice := s.Certificates[name]; twice {
			return fmt.Errorf("%w: %s names two things", ErrStore, name)
		}
	}
	return nil
}

// Write replaces the store in a folder in one step, readable by its owner alone.
func (s Store) Write(dir string) error {
	if err := s.check(); err != nil {
		return err
	}
	data, err := json.Marshal(s, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, storeName+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, storeName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Usable returns ErrExpired for a store that was imported and whose time is over.
func (s Store) Usable(now time.Time) error {
	if !s.Expires.IsZero() && !now.Before(s.Expires) {
		return fmt.Errorf("%w at %s: import a newer bundle", ErrExpired, s.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// Signers are the keys and the certificates, in the order of their names.
func (s Store) Signers() (keys []PublicKey, certificates []*x509.Certificate) {
	keys, certificates, err := s.signers()
	if err != nil {
		return nil, nil // of a store that check refuses
	}
	return keys, certificates
}

func (s Store) signers() (keys []PublicKey, certificates []*x509.Certificate, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.Keys)) {
		key, err := ParsePublicKey([]byte(s.Keys[name]))
		if err != nil {
			return nil, nil, fmt.Errorf("key %s: %w", name, err)
		}
		keys = append(keys, key)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Certificates)) {
		list, err := ParseCertificates([]byte(s.Certificates[name]))
		if err != nil {
			return nil, nil, fmt.Errorf("certificates %s: %w", name, err)
		}
		certificates = append(certificates, list...)
	}
	return keys, certificates, nil
}

var entryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// The kinds of entries.
const (
	KindKey          = "key"
	KindCertificates = "certificates"
	KindDenied       = "deny list"
)

// Add puts a public key, certificates or a deny list under a name, and tells
// which it was. What is denied is added to what was denied before.
func (s *Store) Add(name string, data []byte) (kind string, err error) {
	if !entryName.MatchString(name) {
		return "", fmt.Errorf("%w: name %.80q: letters, digits, dots and dashes, at most 64", ErrStore, name)
	}
	if _, err := ParsePublicKey(data); err == nil {
		return KindKey, s.put(&s.Keys, name, string(data))
	}
	if _, err := ParseCertificates(data); err == nil {
		return KindCertificates, s.put(&s.Certificates, name, string(data))
	}
	if list, err := ParseDenyList(data); err == nil && list.Len() > 0 {
		s.Denied += strings.TrimRight(string(data), "\n") + "\n"
		return KindDenied, nil
	}
	_, err = ParsePublicKey(data)
	return "", fmt.Errorf("%w: no public key, no certificates, no deny list: %w", ErrStore, err)
}

func (s *Store) put(into *map[string]string, name, text string) error {
	if _, taken := s.Keys[name]; !taken {
		_, taken = s.Certificates[name]
		if !taken {
			if *into == nil {
				*into = make(map[string]string)
			}
			(*into)[name] = text
			return nil
		}
	}
	return fmt.Errorf("%w: %s is there already: remove it first", ErrStore, name)
}

// Remove takes an entry out: a name, or an entry of the deny list as it is written
// there.
func (s *Store) Remove(name string) bool {
	_, key := s.Keys[name]
	_, certificate := s.Certificates[name]
	delete(s.Keys, name)
	delete(s.Certificates, name)
	var kept bytes.Buffer
	denied := false
	for line := range strings.Lines(s.Denied) {
		if entry, _, _ := strings.Cut(strings.TrimSpace(line), " "); entry == name && entry != "" {
			denied = true
			continue
		}
		kept.WriteString(line)
	}
	s.Denied = kept.String()
	return key || certificate || denied
}

// Join adds the entries of another list.
func (d DenyList) Join(other DenyList) DenyList {
	return DenyList{join(d.digests, other.digests), join(d.keys, other.keys), join(d.identities, other.identities)}
}

func join(a, b map[string]string) map[string]string {
	if len(a) == 0 {
		return b
	}
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
