// Package gitwire reads commits, trees and files of a Git repository from a server
// that speaks protocol version 2, without a clone and without history.
//
// # Security
//
// Every object is known by the id that was computed from its bytes, with a SHA-1
// that notices collision attacks; what hangs below a commit id is therefore what
// that id binds. Packs are bounded in objects, bytes held and bytes skipped; deltas
// are applied within their bounds; an object that refers into the pack by offset,
// which nobody asked for, is refused.
package gitwire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"assay/registry"
	"assay/registry/internal/fetch"
)

// Transport carries the calls of protocol version 2.
type Transport interface {
	// Capabilities are what the server says it can do.
	Capabilities(ctx context.Context) ([]byte, error)
	// Call sends a request and gives the answer, which the caller closes.
	Call(ctx context.Context, request []byte) (io.ReadCloser, error)
}

// HTTP is a repository behind a URL.
type HTTP struct {
	Client *fetch.Client
	Base   *url.URL
	Origin http.RoundTripper
}

var version2 = "version=2"

func (h HTTP) url(call string) *url.URL {
	u := *h.Base
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+"/"+call, ""
	return &u
}

// Capabilities implements Transport.
func (h HTTP) Capabilities(ctx context.Context) ([]byte, error) {
	u := h.url("info/refs")
	u.RawQuery = "service=git-upload-pack"
	req := fetch.Request{URL: u, Origin: h.Origin, Header: http.Header{"Git-Protocol": {version2}}}
	body, _, err := h.Client.Document(ctx, req, 16<<20)
	return body, err
}

// Call implements Transport.
func (h HTTP) Call(ctx context.Context, request []byte) (io.ReadCloser, error) {
	resp, err := h.Client.Get(ctx, fetch.Request{URL: h.url("git-upload-pack"), Origin: h.Origin, Body: request, Header: http.Header{
		"Git-Protocol": {version2}, "Content-Type": {"application/x-git-upload-pack-request"}, "Accept": {"application/x-git-upload-pack-result"},
	}})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Process is a repository on this machine, read by git's own upload-pack, which is
// made to serve repositories that are not trusted.
type Process struct{ Dir string }

func (p Process) command(ctx context.Context, arguments ...string) (*exec.Cmd, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("a repository on this machine is read by git, which is not installed: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, append(append([]string{"-c", "uploadpack.allowFilter=true", "upload-pack", "--strict", "--stateless-rpc"}, arguments...), p.Dir)...) //nolint:gosec // the program of the path, arguments of ours, and a folder that the user named
	cmd.Env = append(os.Environ(), "GIT_PROTOCOL="+version2, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	return cmd, nil
}

// Capabilities implements Transport.
func (p Process) Capabilities(ctx context.Context) ([]byte, error) {
	cmd, err := p.command(ctx, "--http-backend-info-refs")
	if err != nil {
		return nil, err
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, p.failed(complaint.Bytes(), err)
	}
	return out, nil
}

func (p Process) failed(complaint []byte, err error) error {
	said := registry.PrintableName(strings.TrimSpace(string(complaint[:min(len(complaint), 300)])))
	if strings.Contains(said, "not a git repository") || strings.Contains(said, "does not appear to be a git repository") {
		return fmt.Errorf("%w: %s is no Git repository", registry.ErrNotFound, p.Dir)
	}
	return fmt.Errorf("git upload-pack: %w: %s", err, said)
}

// Call implements Transport.
func (p Process) Call(ctx context.Context, request []byte) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd, err := p.command(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	cmd.Stdin = bytes.NewReader(request)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("git upload-pack: %w", err)
	}
	return process{out, cmd, cancel}, nil
}

type process struct {
	io.Reader
	cmd    *exec.Cmd
	cancel context.CancelFunc
}

// Close ends the process. Whether its answer was whole is known by then.
func (p process) Close() error {
	p.cancel()
	_ = p.cmd.Wait()
	return nil
}

// Repository is an open repository.
type Repository struct {
	transport Transport
	filters   bool
}

// Open asks what the server can do.
func Open(ctx context.Context, t Transport) (*Repository, error) {
	text, err := t.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	r := &Repository{transport: t}
	l, found := lines{bufio.NewReader(bytes.NewReader(text))}, false
	for {
		line, kind, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		word, value, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		switch {
		case kind != data:
		case word == "version 2":
			found = true
		case word == "object-format" && value != "sha1":
			return nil, fmt.Errorf("%w: a repository of %s objects", fetch.ErrProtocol, registry.PrintableName(value))
		case word == "fetch":
			r.filters = strings.Contains(" "+value+" ", " filter ")
		}
	}
	if !found {
		return nil, errNotGit
	}
	return r, nil
}

// Find resolves a branch, a tag, or "" for HEAD to a commit or the tag of one.
func (r *Repository) Find(ctx context.Context, revision string) (id string, err error) {
	names := []string{"HEAD"}
	if revision != "" {
		names = []string{revision, "refs/heads/" + revision, "refs/tags/" + revision}
	}
	arguments := []string{"peel"}
	for _, n := range names {
		arguments = append(arguments, "ref-prefix "+n)
	}
	body, err := r.transport.Call(ctx, request("ls-refs", arguments...))
	if err != nil {
		return "", err
	}
	defer body.Close()
	refs, err := readRefs(lines{bufio.NewReader(io.LimitReader(body, 16<<20))})
	if err != nil {
		return "", err
	}
	for _, n := range names {
		if id, ok := refs[n]; ok {
			return id, nil
		}
	}
	return "", fmt.Errorf("%w: the repository has no branch or tag %q", registry.ErrNotFound, revision)
}

func readRefs(l lines) (map[string]string, error) {
	refs := make(map[string]string)
	for {
		line, kind, err := l.next()
		if err != nil {
			return nil, fmt.Errorf("references: %w", eof(err))
		}
		if kind == flush {
			return refs, nil
		}
		words := strings.Fields(string(line))
		if len(words) < 2 {
			return nil, errNotGit
		}
		id := words[0]
		for _, w := range words[2:] {
			if peeled, ok := strings.CutPrefix(w, "peeled:"); ok {
				id = peeled
			}
		}
		if _, err := registry.NewDigest("sha1-git", id); err != nil {
			return nil, errNotGit
		}
		refs[words[1]] = id
	}
}

func eof(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Snapshot fetches a commit with its trees, and its files up to limit bytes; with 0,
// without files.
func (r *Repository) Snapshot(ctx context.Context, commit string, limit int64) (*Objects, error) {
	arguments := []string{"no-progress", "deepen 1", "want " + commit, "done"}
	if r.filters {
		arguments = append([]string{fmt.Sprintf("filter blob:limit=%d", limit+1)}, arguments...)
	}
	body, err := r.fetch(ctx, arguments)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return ReadPack(body, limit)
}

// File fetches one file. It calls begin with its size, and writes its content to
// what that returns.
func (r *Repository) File(ctx context.Context, id string, begin func(size int64) (io.Writer, error)) error {
	body, err := r.fetch(ctx, []string{"no-progress", "want " + id, "done"})
	if err != nil {
		return err
	}
	defer body.Close()
	p := newPack(body)
	n, err := p.header()
	if err != nil {
		return err
	}
	kind, size, _, err := p.next()
	if err != nil || n != 1 || kind != Blob {
		return damaged(err)
	}
	w, err := begin(size)
	if err != nil {
		return err
	}
	if err := p.inflate(w, size); err != nil {
		return err
	}
	return p.trailer()
}

// fetch gives the pack of an answer.
func (r *Repository) fetch(ctx context.Context, arguments []string) (io.ReadCloser, error) {
	body, err := r.transport.Call(ctx, request("fetch", arguments...))
	if err != nil {
		return nil, err
	}
	l := lines{bufio.NewReader(body)}
	for {
		line, kind, err := l.next()
		if err == nil && kind == flush {
			err = errNotGit
		}
		if err != nil {
			return nil, errors.Join(eof(err), body.Close())
		}
		if string(line) == "packfile\n" {
			return struct {
				io.Reader
				io.Closer
			}{&sideband{lines: l}, body}, nil
		}
	}
}
