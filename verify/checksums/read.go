package checksums

import (
	"errors"
	"path"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v3"
)

var (
	// gnuLine is that of coreutils: digest, blank, blank or asterisk, name.
	gnuLine = regexp.MustCompile(`^\\?([0-9a-fA-F]{32,128})[ \t]+\*?(.+)$`)
	// bsdLine is that of BSD and openssl: ALGORITHM (name) = digest.
	bsdLine = regexp.MustCompile(`^([A-Za-z0-9-]+) ?\((.+)\) ?= ?([0-9a-fA-F]+)$`)
	bare    = regexp.MustCompile(`^[0-9a-fA-F]{32,128}$`)
)

// byLength are the algorithms of coreutils' lists.
var byLength = map[int]string{32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}

func readSums(name string, data []byte) ([]entry, error) {
	algorithm := ""
	for _, a := range []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "b2", "b3"} {
		if strings.HasPrefix(strings.ToLower(path.Base(name)), a) {
			algorithm = a
		}
	}
	return readLines(data, algorithm), nil
}

func readLines(data []byte, algorithm string) []entry {
	var list []entry
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if m := bsdLine.FindStringSubmatch(line); m != nil {
			list = append(list, entry{name: m[2], algorithm: algorithmOf(m[1]), value: m[3]})
		} else if m := gnuLine.FindStringSubmatch(line); m != nil {
			a := algorithm
			if a == "" {
				a = byLength[len(m[1])]
			}
			list = append(list, entry{name: m[2], algorithm: a, value: m[1]})
		}
		if len(list) > maxEntries {
			break
		}
	}
	return list
}

// algorithmOf reads SHA256, SHA-256, and SHA2-256 as newer openssl writes it.
func algorithmOf(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "-", ""))
	if rest, ok := strings.CutPrefix(name, "sha2"); ok && len(rest) == 3 {
		return "sha" + rest
	}
	return name
}

// readSide reads FILE.sha256: the digest alone, or with a name, which must be that
// of the file beside.
func readSide(name string, data []byte) ([]entry, error) {
	m := sideName.FindStringSubmatch(name)
	algorithm := strings.ToLower(m[1])
	file := strings.TrimSuffix(path.Base(name), m[0])
	text := strings.TrimSpace(string(data))
	if bare.MatchString(text) {
		return []entry{{name: file, algorithm: algorithm, value: text}}, nil
	}
	var list []entry
	for _, e := range readLines(data, algorithm) {
		if path.Base(e.name) == file {
			e.name = file
			list = append(list, e)
		}
	}
	return list, nil
}

// dvcOut is one output of DVC (dvc.org, "DVC Files").
type dvcOut struct {
	Path   string `yaml:"path"`
	MD5    string `yaml:"md5"`
	SHA256 string `yaml:"sha256"`
}

type dvcStage struct {
	Outs []dvcOut `yaml:"outs"`
	Deps []dvcOut `yaml:"deps"`
}

func readDVC(_ string, data []byte) ([]entry, error) {
	var d struct {
		dvcStage `yaml:",inline"`
		Stages   map[string]dvcStage `yaml:"stages"`
	}
	if err := yaml.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	var list []entry
	add := func(s dvcStage) {
		for _, outs := range [][]dvcOut{s.Outs, s.Deps} {
			for _, o := range outs {
				if o.MD5 != "" {
					list = append(list, entry{o.Path, "md5", o.MD5})
				}
				if o.SHA256 != "" {
					list = append(list, entry{o.Path, "sha256", o.SHA256})
				}
			}
		}
	}
	add(d.dvcStage)
	for _, s := range d.Stages {
		add(s)
	}
	return list, nil
}

var errOther = errors.New("no Croissant description")

// readCroissant reads the distribution of a Croissant description (format
// specification 1.0, "FileObject"). A file elsewhere, by URL, is none of these.
func readCroissant(_ string, data []byte) ([]entry, error) {
	var d struct {
		ConformsTo   any `json:"conformsTo"`
		Full         any `json:"dct:conformsTo"`
		Distribution []struct {
			URL    string `json:"contentUrl"`
			SHA256 string `json:"sha256"`
			MD5    string `json:"md5"`
		} `json:"distribution"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	if !isCroissant(d.ConformsTo) && !isCroissant(d.Full) {
		return nil, errOther
	}
	var list []entry
	for _, f := range d.Distribution {
		if strings.Contains(f.URL, "://") {
			continue
		}
		if f.SHA256 != "" {
			list = append(list, entry{f.URL, "sha256", f.SHA256})
		}
		if f.MD5 != "" {
			list = append(list, entry{f.URL, "md5", f.MD5})
		}
	}
	return list, nil
}

func isCroissant(v any) bool {
	text, _ := v.(string)
	return strings.HasPrefix(text, "http://mlcommons.org/croissant/")
}
