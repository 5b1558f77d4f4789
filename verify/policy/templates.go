package policy

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed templates/*.yaml
var templates embed.FS

// Scenarios are the names that Template knows, sorted.
func Scenarios() []string {
	entries, err := fs.ReadDir(templates, "templates")
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return names
}

// Template is a commented policy to start from.
func Template(scenario string) ([]byte, error) {
	data, err := templates.ReadFile("templates/" + scenario + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no scenario is called %q: one of %s", scenario, strings.Join(Scenarios(), ", "))
	}
	return data, nil
}
