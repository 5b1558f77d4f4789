package cas

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"

	"assay/registry"
	"assay/registry/internal/disk"
)

// land fetches a blob into its part and gives it its name once it is right and on
// disk. A part that turns out wrong is fetched once more from the start. On a
// failure that may pass, what is there of a large part is kept for the next try.
func (s *Store) land(ctx context.Context, root *os.Root, b Blob, fill Fill) (*disk.Content, error) {
	p, err := claim(ctx, root, b)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", b.Name, err)
	}
	if c := s.cached(ctx, root, b); c != nil { // another process was faster
		_ = p.discard()
		return c, nil
	}
	sink, err := p.begin(b)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cache %s: %w", b.Name, err), p.discard())
	}
	sink.progress = s.Progress
	if err := s.write(ctx, sink, fill); err != nil {
		if !errors.Is(err, registry.ErrDigest) && sink.worthKeeping() {
			return nil, errors.Join(err, p.keep())
		}
		return nil, errors.Join(err, p.discard())
	}
	sum := sink.sums.sha256()
	if err := p.publish(blobPath(sum)); err != nil {
		// Windows does not replace a file that is open elsewhere. It may be right.
		if c := s.cached(ctx, root, b); c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("cache %s: %w", b.Name, err)
	}
	if err := errors.Join(syncDir(root, "blobs/sha256"), alias(root, b, sum)); err != nil {
		return nil, fmt.Errorf("cache %s: %w", b.Name, err)
	}
	c, err := disk.Blob(root, blobPath(sum)).Content(nil)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", b.Name, err)
	}
	if !sink.resumed { // otherwise not every byte was hashed by this process
		s.remember(sum, c.Info())
	}
	return c, nil
}

// write fills the sink until its bytes are right, twice at most, and makes them
// durable.
func (s *Store) write(ctx context.Context, sink *Sink, fill Fill) error {
	wrong, err := sink.fill(ctx, fill)
	if wrong {
		s.tell("%v; fetching it once more", err)
		if err := sink.Reset(); err != nil {
			return err
		}
		_, err = sink.fill(ctx, fill)
	}
	if err != nil {
		return err
	}
	f := sink.part.file
	if err := f.Chmod(0o444); err != nil && runtime.GOOS != "windows" {
		return fmt.Errorf("cache %s: %w", sink.blob.Name, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("cache %s: %w", sink.blob.Name, err)
	}
	return nil
}

// fill runs one download. It reports wrong when all of it came and is not what
// was promised.
func (s *Sink) fill(ctx context.Context, fill Fill) (wrong bool, err error) {
	stop := make(chan struct{})
	var follower sync.WaitGroup
	follower.Go(func() { s.follow(stop) })
	err = fill(ctx, s)
	close(stop)
	follower.Wait()
	if err != nil {
		return false, fmt.Errorf("%s: %w", s.blob.Name, err)
	}
	err = s.finish()
	return errors.Is(err, registry.ErrDigest), err
}

// lookup finds the SHA-256 for a promised digest: itself, or by an alias.
func lookup(root *os.Root, b Blob) (sum string, ok bool) {
	for _, d := range b.Want {
		if d.Algorithm == "sha256" {
			return d.Hex, true
		}
	}
	for _, d := range b.Want {
		if sum, ok := readAlias(root, aliasPath(d), false); ok {
			return sum, true
		}
	}
	if len(b.Want) == 0 {
		return readAlias(root, keyPath(b.Key), true)
	}
	return "", false
}

// readAlias reads an alias; with own, only one that nobody else can have written.
func readAlias(root *os.Root, name string, own bool) (sum string, ok bool) {
	f, err := root.Open(name)
	if err != nil {
		return "", false
	}
	defer f.Close()
	if info, err := f.Stat(); own && (err != nil || !isOwn(info)) {
		return "", false
	}
	line, err := io.ReadAll(io.LimitReader(f, 128))
	target, parseErr := registry.NewDigest("sha256", strings.TrimSuffix(string(line), "\n"))
	return target.Hex, err == nil && parseErr == nil
}

// alias records under which name the content of other promised digests, or of a
// key, lies.
func alias(root *os.Root, b Blob, sum string) error {
	for _, d := range b.Want {
		if d.Algorithm == "sha256" {
			continue
		}
		if err := writeAlias(root, aliasPath(d), sum); err != nil {
			return err
		}
	}
	if len(b.Want) == 0 {
		return writeAlias(root, keyPath(b.Key), sum)
	}
	return nil
}

func writeAlias(root *os.Root, name, sum string) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	temp := "tmp/" + rand.Text()
	if err := root.WriteFile(temp, []byte(sum+"\n"), 0o600); err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	if err := root.Rename(temp, name); err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	return nil
}

func keyPath(key string) string { return "alias/key/" + keySum(key) }

func aliasPath(d registry.Digest) string { return "alias/" + d.Algorithm + "/" + d.Hex }

// syncDir makes a rename durable. Windows cannot sync a directory and does not
// need it.
func syncDir(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
