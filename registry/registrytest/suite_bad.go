package registrytest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/registry"
)

// UnsafeSets are lists of names that a remote store must not get listed.
var UnsafeSets = map[string][]string{
	"traversal":        {"../evil.py"},
	"inner traversal":  {"a/../../evil.py"},
	"dot segment":      {"a/./b.py"},
	"absolute":         {"/etc/cron.d/evil"},
	"backslash":        {`..\evil.py`},
	"drive":            {"C:/evil.py"},
	"stream":           {"model.bin:evil"},
	"UNC":              {`\\host\share\evil.py`},
	"control":          {"a\x1b[2Jb.py"},
	"NUL":              {"a\x00b.py"},
	"device":           {"aux.py"},
	"trailing dot":     {"model.py."},
	"trailing blank":   {"model.py "},
	"empty part":       {"a//b.py"},
	"too long":         {strings.Repeat("x", 256)},
	"case fold":        {"Model.py", "model.py"},
	"fold of a folder": {"A/x.py", "a"},
	"normalisation":    {"caf\u00e9.py", "cafe\u0301.py"},
	"file and folder":  {"a", "a/b.py"},
}

func (f fixture) unsafeNames(t *testing.T) {
	for name, set := range UnsafeSets {
		files := []File{{Name: "README.md", Content: []byte("# ordinary\n")}}
		for i, n := range set {
			files = append(files, File{Name: n, Content: []byte{byte(i), 'x'}})
		}
		ref := f.Publish(t, files)
		if ref == "" {
			continue // the store itself cannot serve it
		}
		if _, err := f.resolve(t, ref); !errors.Is(err, registry.ErrUnsafeName) {
			t.Errorf("%s %q: %v, want ErrUnsafeName", name, set, err)
		}
	}
}

// wrongBytes: whatever is done to the content, it is not handed out, and the
// cache does not keep it; afterwards the right bytes are.
func (f fixture) wrongBytes(t *testing.T) {
	files := sample()
	a := f.mustResolve(t, f.Publish(t, files))
	for name, c := range map[string]struct {
		fault Fault
		want  error
	}{
		"one bit":                 {Body(false, Flip), registry.ErrDigest},
		"one bit, no length":      {Chunked(Flip), registry.ErrDigest},
		"cut, length as cut":      {Body(false, Half), nil},
		"cut, length as promised": {Body(true, Half), nil},
		"cut, no length":          {Chunked(Half), nil},
		"longer":                  {Body(false, Longer), registry.ErrDigest},
		"longer, no length":       {Chunked(Longer), registry.ErrDigest},
		"nothing":                 {Body(false, func([]byte) []byte { return nil }), nil},
		"a login page":            {loginPage, nil},
		"compressed":              {Header("Content-Encoding", "gzip"), nil},
		"another status":          {Status(http.StatusNoContent), nil},
		"partial though not asked": {func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := record(r, next)
			copyHeader(w, rec)
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(rec.Body.Bytes())
		}, nil},
	} {
		if strings.HasPrefix(name, "one bit") && !f.promises() {
			continue
		}
		for _, file := range a.Files {
			if file.Size == 0 {
				continue // an empty file has no wrong bytes of its size
			}
			f.Front().Set(Only(f.IsContent, c.fault))
			_, err := Read(t.Context(), file)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", name, file.Name, err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "Signature") || strings.Contains(err.Error(), Secret)) {
				t.Errorf("%s: the error shows a secret: %v", name, err)
			}
			if c.want != nil && err != nil && !strings.Contains(err.Error(), file.Name) && !strings.Contains(err.Error(), "declared") {
				t.Errorf("%s: the error does not name %s: %v", name, file.Name, err)
			}
			f.checkCache(t)
		}
	}
	f.Front().Set(nil)
	for _, file := range a.Files {
		if _, err := Read(t.Context(), file); err != nil {
			t.Errorf("%s, when the store behaves again: %v", file.Name, err)
		}
	}
}

func loginPage(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<html>please sign in</html>"))
}

// secretStays: content is served by another host after a redirect, and that host
// sees neither the credentials nor a cookie; nor does the first host on a later hop.
func (f fixture) secretStays(t *testing.T) {
	a := f.mustResolve(t, f.Publish(t, sample()))
	other := NewFront()
	var content []byte
	server := httptest.NewServer(other.Wrap(Elsewhere, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "stolen=1")
		_, _ = w.Write(content)
	})))
	defer server.Close()
	f.Front().Set(Only(f.IsContent, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := record(r, next)
		content = rec.Body.Bytes()
		copyHeader(w, rec)
		w.Header().Del("Content-Length")
		w.Header().Set("Set-Cookie", "session="+Secret)
		w.Header().Set("Location", server.URL+"/blob?X-Amz-Signature="+Secret)
		w.WriteHeader(http.StatusFound)
	}))
	if _, err := Read(t.Context(), Find(t, a, "config.json")); err != nil {
		t.Errorf("content from another host: %v", err)
	}
	secretAtHome := false
	for _, s := range slices.Concat(f.Front().Seen(), other.Seen()) {
		if s.Where == Elsewhere && (s.Authorization != "" || s.Cookie != "") {
			t.Errorf("credentials went to %s%s", s.Where, s.Path)
		}
		secretAtHome = secretAtHome || s.Where == Origin && s.Authorization != ""
	}
	if _, anonymous := f.Store.(interface{ SignsNobodyIn() }); !secretAtHome && !anonymous {
		t.Error("the store itself was not signed in to: the test proves nothing")
	}
	if len(other.Seen()) == 0 {
		t.Error("the other host was never asked: the test proves nothing")
	}

	// The error of the other host does not show the presigned query.
	f.options.CacheDir = t.TempDir()
	b := f.mustResolve(t, a.Pinned)
	content = []byte("wrong")
	f.Front().Set(Only(f.IsContent, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Repo-Commit", b.Identity.Revision)
		w.Header().Set("Location", server.URL+"/blob?X-Amz-Signature="+Secret)
		w.WriteHeader(http.StatusFound)
	}))
	if _, err := Read(t.Context(), Find(t, b, "config.json")); err == nil || strings.Contains(err.Error(), Secret) {
		t.Errorf("wrong content from another host: %v", err)
	}
}

func (f fixture) redirectLoop(t *testing.T) {
	a := f.mustResolve(t, f.Publish(t, sample()))
	f.Front().Set(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, r.URL.Path+"/x", http.StatusFound)
	})
	f.Front().Forget()
	if _, err := Read(t.Context(), Find(t, a, "config.json")); err == nil {
		t.Error("an endless chain of redirects gave content")
	}
	if n := len(f.Front().Seen()); n > 10 {
		t.Errorf("%d redirects were followed", n)
	}
	for _, bad := range []string{"file:///etc/passwd", "ftp://127.0.0.1/x", "http://%zz/", "javascript:1"} {
		f.Front().Set(Status(http.StatusFound, "Location", bad))
		if _, err := Read(t.Context(), Find(t, a, "config.json")); err == nil {
			t.Errorf("a redirect to %s gave content", bad)
		}
	}
}

func (f fixture) hugeDocument(t *testing.T) {
	ref := f.Publish(t, sample())
	f.Front().Set(Only(f.isDocument, Endless))
	if _, err := f.resolve(t, ref); !errors.Is(err, registry.ErrLimit) {
		t.Errorf("a document without end: %v, want ErrLimit", err)
	}
	for name, text := range map[string]string{
		"not JSON": "<html>", "nothing": "", "null": "null", "another type": `"x"`, "empty object": "{}",
		"duplicate keys": `{"sha":"a","sha":"b","schemaVersion":2,"schemaVersion":2}`, "deep": strings.Repeat("[", 1<<20),
		"invalid UTF-8": "{\"sha\":\"\xff\"}",
	} {
		f.Front().Set(Only(f.isDocument, Body(false, func([]byte) []byte { return []byte(text) })))
		if a, err := f.resolve(t, ref); err == nil {
			t.Errorf("a document that is %s: listed %d files", name, len(a.Files))
		}
	}
}

// isDocument leaves out the sign-in of OCI registries, whose body nobody looks at.
func (f fixture) isDocument(r *http.Request) bool { return !f.IsContent(r) && r.URL.Path != "/v2/" }

func (f fixture) stalled(t *testing.T) {
	f.options.Stall = 100 * time.Millisecond
	ref := f.Publish(t, sample())
	a := f.mustResolve(t, ref)
	for name, fault := range map[string]Fault{"half a body": f.Front().Stall, "no answer": f.Front().Hang} {
		f.Front().Set(Only(f.IsContent, fault))
		begin := time.Now()
		_, err := Read(t.Context(), Find(t, a, "model.safetensors"))
		if err == nil || time.Since(begin) > 20*time.Second {
			t.Errorf("%s: %v after %s", name, err, time.Since(begin))
		}
		f.Front().Set(Only(f.isDocument, fault))
		if _, err := f.resolve(t, ref); err == nil {
			t.Errorf("document, %s: no error", name)
		}
	}
	f.Front().Set(nil)
	f.checkCache(t)
}

func (f fixture) statuses(t *testing.T) {
	ref := f.Publish(t, sample())
	a := f.mustResolve(t, ref)
	for _, c := range []struct {
		fault Fault
		want  error
		text  string
	}{
		{Status(http.StatusUnauthorized), registry.ErrAccess, ""},
		{Status(http.StatusForbidden), registry.ErrAccess, ""},
		{Status(http.StatusNotFound), registry.ErrNotFound, ""},
		{Status(http.StatusTooManyRequests, "Retry-After", "300"), nil, "5m0s"},
		{Status(http.StatusTooManyRequests, "RateLimit", `"api";r=0;t=299`), nil, "5m0s"},
		{Status(http.StatusServiceUnavailable), nil, "503"},
		{Status(http.StatusTeapot, "X-Error-Message", "\u009b31mred\u202e"), nil, "418"},
	} {
		f.Front().Set(Only(f.isDocument, c.fault))
		_, err := f.resolve(t, ref)
		f.checkStatus(t, err, c.want, c.text)
		f.Front().Set(Only(f.IsContent, c.fault))
		_, err = Read(t.Context(), Find(t, a, "model.safetensors"))
		f.checkStatus(t, err, c.want, c.text)
	}
	// What passes by itself is waited for.
	f.Front().Set(Only(f.isDocument, Times(2, Status(http.StatusServiceUnavailable))))
	f.mustResolve(t, ref)
	f.Front().Set(Only(f.IsContent, Times(2, Status(http.StatusTooManyRequests, "Retry-After", "0"))))
	if _, err := Read(t.Context(), Find(t, a, "model.safetensors")); err != nil {
		t.Errorf("after two passing failures: %v", err)
	}
}

func (f fixture) checkStatus(t *testing.T, err, want error, text string) {
	t.Helper()
	if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), text) || strings.ContainsAny(err.Error(), "\u009b\u202e") {
		t.Errorf("%v, want %v %q", err, want, text)
	}
}

func (f fixture) offline(t *testing.T) {
	ref := f.Publish(t, sample())
	f.Front().Forget()
	f.options.Offline = true
	if _, err := f.resolve(t, ref); !errors.Is(err, registry.ErrOffline) {
		t.Errorf("offline: %v, want ErrOffline", err)
	}
	if n := len(f.Front().Seen()); n != 0 {
		t.Errorf("offline, %d requests were made", n)
	}
}

func (f fixture) notFound(t *testing.T) {
	f.Publish(t, sample())
	_, err := f.resolve(t, f.Missing())
	if !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", f.Missing(), err)
	}
}

func (f fixture) badReferences(t *testing.T) {
	ref := f.Publish(t, sample())
	scheme, _, _ := strings.Cut(ref, "://")
	for _, rest := range []string{
		"/", "..", "../..", "a/../b", "host.example/../x", "a b/c", "a/b@", "a/b@..", "a/b@x/../y", "%2e%2e/x", "a/b?x=1", "a/b#x", "a/b/c/d@@",
		"user:secret@host.example/a", strings.Repeat("a", 5000),
	} {
		parsed, err := registry.ParseReference(scheme + "://" + rest)
		if err != nil {
			continue
		}
		f.Front().Forget()
		if _, err := f.Source(t, f.options).Resolve(t.Context(), parsed); !errors.Is(err, registry.ErrReference) {
			t.Errorf("%s: %v, want ErrReference", parsed, err)
		}
		if n := len(f.Front().Seen()); n != 0 {
			t.Errorf("%s: %d requests", parsed, n)
		}
	}
}
