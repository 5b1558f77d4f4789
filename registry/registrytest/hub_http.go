package registrytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// serve routes /api/{kind}/{name}[/call/{revision}] and
// /[datasets/]{name}/resolve/{revision}/{path}.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, p := range parts {
		parts[i], _ = url.PathUnescape(p)
	}
	if parts[0] == "api" && len(parts) > 2 && parts[1] == "resolve-cache" {
		h.serveCached(w, r, parts[2:])
		return
	}
	if h.serveGit(w, r) {
		return
	}
	route := route{kind: "models"}
	switch {
	case parts[0] == "api" && len(parts) > 2:
		route.kind, parts = parts[1], parts[2:]
		route.call = "info"
	case parts[0] == "datasets" || parts[0] == "spaces":
		route.kind, parts = parts[0], parts[1:]
	}
	if !route.split(parts) {
		fail(w, http.StatusNotFound, "", "Not Found")
		return
	}
	repo := h.repo(route.kind, route.name)
	if !h.admit(w, r, repo, route) {
		return
	}
	switch route.call {
	case "info", "revision":
		repo.serveInfo(w, route)
	case "tree":
		repo.serveTree(w, r, route)
	case "resolve":
		repo.serveFile(w, r, route)
	}
}

// route is a parsed path.
type route struct{ kind, name, call, revision, path string }

func (rt *route) split(parts []string) bool {
	for i, p := range parts {
		if p != "revision" && p != "tree" && p != "resolve" || i == 0 || i > 2 || i+1 >= len(parts) {
			continue
		}
		rt.name, rt.call, rt.revision = strings.Join(parts[:i], "/"), p, parts[i+1]
		rt.path = strings.Join(parts[i+2:], "/")
		return true
	}
	rt.name, rt.revision = strings.Join(parts, "/"), "main"
	return rt.call == "info" && len(parts) <= 2
}

// admit answers what the real Hub answers for missing, private, gated and moved
// repositories: without a token, a missing one and a private one look the same.
func (h *Hub) admit(w http.ResponseWriter, r *http.Request, repo *Repo, rt route) bool {
	signedIn := h.Token != "" && r.Header.Get("Authorization") == "Bearer "+h.Token
	switch {
	case repo == nil && !signedIn, repo != nil && repo.Private && !signedIn:
		fail(w, http.StatusUnauthorized, "RepoNotFound", "Repository not found")
	case repo == nil:
		fail(w, http.StatusNotFound, "RepoNotFound", "Repository not found")
	case repo.MovedTo != "":
		to := strings.Replace(r.URL.EscapedPath(), "/"+rt.name, "/"+repo.MovedTo, 1)
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusTemporaryRedirect)
	case repo.Gated && !signedIn && rt.call == "resolve":
		fail(w, http.StatusUnauthorized, "GatedRepo", "Access to model "+repo.Name+" is restricted. You must be authenticated to access it.")
	default:
		return true
	}
	return false
}

func (repo *Repo) serveInfo(w http.ResponseWriter, rt route) {
	commit, files, ok := repo.find(rt.revision)
	if !ok {
		fail(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+rt.revision)
		return
	}
	id := repo.id()
	siblings := []map[string]string{}
	for _, f := range files {
		siblings = append(siblings, map[string]string{"rfilename": f.Name})
	}
	reply(w, map[string]any{
		"_id": id, "id": repo.Name, "modelId": repo.Name, "author": repo.Author, "sha": commit,
		"lastModified": "2024-06-07T08:09:10.000Z", "createdAt": repo.CreatedAt, "private": repo.Private,
		"disabled": repo.Disabled, "gated": map[bool]any{true: "manual", false: false}[repo.Gated],
		"tags": []string{"license:apache-2.0"}, "downloads": 0, "likes": 0, "siblings": siblings,
	})
}

// serveTree lists folders too, as recursive=true does, page by page.
func (repo *Repo) serveTree(w http.ResponseWriter, r *http.Request, rt route) {
	_, files, ok := repo.find(rt.revision)
	if !ok {
		fail(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+rt.revision)
		return
	}
	entries := tree(files)
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	from = min(max(from, 0), len(entries))
	to := min(from+repo.hub.PageSize, len(entries))
	if to < len(entries) {
		next := fmt.Sprintf("%s%s?recursive=true&cursor=%d", repo.hub.URL(), r.URL.EscapedPath(), to)
		w.Header().Set("Link", "<"+next+`>; rel="next"`)
	}
	reply(w, entries[from:to])
}

func tree(files []File) []map[string]any {
	entries := []map[string]any{}
	folders := make(map[string]bool)
	for _, f := range files {
		for i, c := range f.Name {
			if c == '/' && !folders[f.Name[:i]] {
				folders[f.Name[:i]] = true
				entries = append(entries, map[string]any{"type": "directory", "oid": id(f.Name[:i]), "size": 0, "path": f.Name[:i]})
			}
		}
		e := map[string]any{"type": "file", "oid": GitBlob(f.Content), "size": f.size(), "path": f.Name}
		if f.LFS || f.Large != nil {
			pointer := fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", f.sum(), f.size())
			e["oid"] = GitBlob([]byte(pointer))
			e["lfs"] = map[string]any{"oid": f.sum(), "size": f.size(), "pointerSize": len(pointer)}
			e["xetHash"] = SHA256([]byte("xet" + f.sum()))
		}
		entries = append(entries, e)
	}
	return entries
}

// serveFile redirects to the storage host for LFS files and to a cache on the
// same host for small ones.
func (repo *Repo) serveFile(w http.ResponseWriter, r *http.Request, rt route) {
	commit, files, ok := repo.find(rt.revision)
	if !ok {
		fail(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+rt.revision)
		return
	}
	for _, f := range files {
		if f.Name != rt.path {
			continue
		}
		w.Header().Set("X-Repo-Commit", commit)
		if f.LFS || f.Large != nil {
			w.Header().Set("X-Linked-Size", strconv.FormatInt(f.size(), 10))
			w.Header().Set("X-Linked-Etag", `"`+f.sum()+`"`)
			w.Header().Set("Location", repo.hub.storage.URL+"/lfs/"+f.sum()+"?X-Amz-Expires=3600&X-Amz-Signature=c0ffee")
			w.WriteHeader(http.StatusFound)
			return
		}
		w.Header().Set("Location", "/api/resolve-cache/"+repo.kind+"/"+repo.Name+"/"+commit+"/"+url.PathEscape(f.Name)+"?etag="+GitBlob(f.Content))
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	fail(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
}

// serveCached serves a small file at {kind}/{name}/{commit}/{path}.
func (h *Hub) serveCached(w http.ResponseWriter, r *http.Request, parts []string) {
	if len(parts) < 4 {
		fail(w, http.StatusNotFound, "", "Not Found")
		return
	}
	n := len(parts)
	repo := h.repo(parts[0], strings.Join(parts[1:n-2], "/"))
	if !h.admit(w, r, repo, route{call: "resolve"}) {
		return
	}
	commit, files, _ := repo.find(parts[n-2])
	for _, f := range files {
		if f.Name == parts[n-1] {
			w.Header().Set("X-Repo-Commit", commit)
			w.Header().Set("ETag", `"`+GitBlob(f.Content)+`"`)
			serveContent(w, r, f.section())
			return
		}
	}
	fail(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
}

func fail(w http.ResponseWriter, status int, code, message string) {
	if code != "" {
		w.Header().Set("X-Error-Code", code)
	}
	w.Header().Set("X-Error-Message", message)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}
