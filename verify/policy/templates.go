package policy

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed templates/*.yaml templates/tests/*.yaml
var templates embed.FS

// Scenarios are the names that Template knows, sorted.
func Scenarios() []string {
	entries, err := fs.ReadDir(templates, "templates")
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() {
			names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
		}
	}
	return names
}

// Template is a commented policy to start from.
func Template(scenario string) ([]byte, error) { return template("templates/", scenario) }

// CasesTemplate is a file of cases that hold for the Template of a scenario.
func CasesTemplate(scenario string) ([]byte, error) { return template("templates/tests/", scenario) }

func template(folder, scenario string) ([]byte, error) {
	data, err := templates.ReadFile(folder + scenario + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no scenario is called %q: one of %s", scenario, strings.Join(Scenarios(), ", "))
	}
	return data, nil
}
