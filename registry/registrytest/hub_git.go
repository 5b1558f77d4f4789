package registrytest

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // Git object ids
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// gitObject is a commit or a tree.
type gitObject struct {
	kind    byte // its number in a pack
	content []byte
}

// object makes the commit of files, with its trees, and returns its id.
func (repo *Repo) object(files []File, parent string) string {
	text := "tree " + repo.tree(files) + "\n"
	if parent != "" {
		text += "parent " + parent + "\n"
	}
	who := repo.Author + " <" + repo.kind + "@example.org> 1700000000 +0000\n"
	return repo.keep(1, "commit", []byte(text+"author "+who+"committer "+who+"\n"+repo.Name+"\n"))
}

func (repo *Repo) keep(kind byte, name string, content []byte) string {
	h := sha1.New() //nolint:gosec // see above
	fmt.Fprintf(h, "%s %d\x00", name, len(content))
	h.Write(content)
	id := hex.EncodeToString(h.Sum(nil))
	repo.objects[id] = gitObject{kind, content}
	return id
}

func (repo *Repo) tree(files []File) string {
	type entry struct{ mode, name, id string }
	var entries []entry
	folders := make(map[string][]File)
	for _, f := range files {
		if folder, rest, ok := strings.Cut(f.Name, "/"); ok {
			f.Name = rest
			folders[folder] = append(folders[folder], f)
			continue
		}
		entries = append(entries, entry{"100644", f.Name, f.gitID()})
	}
	for name, below := range folders {
		entries = append(entries, entry{"40000", name, repo.tree(below)})
	}
	slices.SortFunc(entries, func(x, y entry) int { return strings.Compare(x.name, y.name) })
	var text bytes.Buffer
	for _, e := range entries {
		id, _ := hex.DecodeString(e.id)
		fmt.Fprintf(&text, "%s %s\x00%s", e.mode, e.name, id)
	}
	return repo.keep(2, "tree", text.Bytes())
}

// pointer is what Git has in place of an LFS file.
func (f File) pointer() []byte {
	return fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", f.sum(), f.size())
}

func (f File) gitID() string {
	if f.LFS || f.Large != nil {
		return GitBlob(f.pointer())
	}
	return GitBlob(f.Content)
}

// serveGit serves commits and trees by protocol version 2, filtered of blobs.
func (h *Hub) serveGit(w http.ResponseWriter, r *http.Request) bool {
	name, advertise := strings.CutSuffix(r.URL.Path, "/info/refs")
	if !advertise {
		var call bool
		if name, call = strings.CutSuffix(r.URL.Path, "/git-upload-pack"); !call {
			return false
		}
	}
	kind, name := "models", strings.TrimPrefix(name, "/")
	for _, k := range []string{"datasets", "spaces"} {
		if rest, ok := strings.CutPrefix(name, k+"/"); ok {
			kind, name = k, rest
		}
	}
	repo := h.repo(kind, name)
	_, password, _ := r.BasicAuth()
	if repo == nil || repo.Private && password != h.Token {
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	if advertise {
		_, _ = io.WriteString(w, pkt("# service=git-upload-pack\n")+"0000"+pkt("version 2\n")+pkt("fetch=shallow filter\n")+"0000")
		return true
	}
	want := ""
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		if _, id, ok := strings.Cut(lines.Text(), "want "); ok {
			want = id
		}
	}
	repo.servePack(w, want)
	return true
}

func pkt(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

func (repo *Repo) servePack(w io.Writer, want string) {
	repo.hub.mu.Lock()
	defer repo.hub.mu.Unlock()
	if _, ok := repo.objects[want]; !ok {
		_, _ = io.WriteString(w, pkt("ERR upload-pack: not our ref "+want))
		return
	}
	pack := []byte{'P', 'A', 'C', 'K', 0, 0, 0, 2, 0, 0, byte(len(repo.objects) >> 8), byte(len(repo.objects))}
	for _, o := range repo.objects {
		size := len(o.content)
		head := []byte{o.kind<<4 | byte(size&15)}
		for size >>= 4; size > 0; size >>= 7 {
			head[len(head)-1] |= 0x80
			head = append(head, byte(size&0x7f))
		}
		var z bytes.Buffer
		packed := zlib.NewWriter(&z)
		_, _ = packed.Write(o.content)
		_ = packed.Close()
		pack = append(append(pack, head...), z.Bytes()...)
	}
	sum := sha1.Sum(pack) //nolint:gosec // see above
	pack = append(pack, sum[:]...)
	_, _ = io.WriteString(w, pkt("packfile\n"))
	for part := range slices.Chunk(pack, 65000) {
		_, _ = io.WriteString(w, pkt("\x01"+string(part)))
	}
	_, _ = io.WriteString(w, "0000")
}
