package hf

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"assay/registry"
)

// FromEnv fills in endpoint, token and offline mode the way the Hub's own client
// does: HF_ENDPOINT; HF_TOKEN (HUGGING_FACE_HUB_TOKEN), else the file
// HF_TOKEN_PATH or $HF_HOME/token, unless HF_HUB_DISABLE_IMPLICIT_TOKEN;
// HF_HUB_OFFLINE.
func FromEnv(cfg Config, getenv func(string) string) (Config, error) {
	if cfg.Endpoint == "" {
		cfg.Endpoint = getenv("HF_ENDPOINT")
	}
	cfg.Offline = cfg.Offline || isTrue(getenv("HF_HUB_OFFLINE"))
	for _, key := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if cfg.Token == "" {
			cfg.Token = strings.TrimSpace(getenv(key))
		}
	}
	if cfg.Token != "" || isTrue(getenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		return cfg, nil
	}
	path, chosen := tokenPath(getenv)
	token, err := readToken(path)
	if err != nil && chosen {
		return cfg, err
	}
	// A token in the default place that cannot be read is no reason to refuse to
	// look at a local folder: the Hub will say when it wants one.
	cfg.Token = token
	return cfg, nil
}

func isTrue(s string) bool {
	switch strings.ToUpper(s) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}

// tokenPath is where the token lies, and whether somebody chose that place.
func tokenPath(getenv func(string) string) (path string, chosen bool) {
	if p := getenv("HF_TOKEN_PATH"); p != "" {
		return p, true
	}
	if home := getenv("HF_HOME"); home != "" {
		return filepath.Join(home, "token"), false
	}
	if cache := getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(cache, "huggingface", "token"), false
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "huggingface", "token"), false
	}
	return "", false
}

// readToken reads a token file. A missing one is no error: most models are public.
func readToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the Hugging Face token: %w", err)
	}
	defer f.Close()
	const limit = 4096
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", fmt.Errorf("read the Hugging Face token: %w", err)
	}
	if len(b) > limit {
		return "", fmt.Errorf("%w: %s is too large for a token", registry.ErrLimit, path)
	}
	return strings.TrimSpace(string(b)), nil
}
