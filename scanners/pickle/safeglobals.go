package pickle

import (
	"fmt"
	"slices"
	"strings"

	"assay/scanners"
)

// maxSafeGlobals is how many names the advice repeats: a file with more is no
// checkpoint to which a person would grant them one by one.
const maxSafeGlobals = 12

// neverSafe are the modules that the weights-only unpickler refuses whatever was
// added: PyTorch 2.8, torch/_weights_only_unpickler.py _blocklisted_modules.
var neverSafe = []string{"sys", "os", "posix", "nt"}

// safeGlobals is the line that lets torch.load(weights_only=True) take a checkpoint
// whose names are all harmless in their use, "" where that is no way out: with another
// obstacle, a finding, or a file that is not torch's. torch.serialization has
// add_safe_globals since PyTorch 2.4.
func (a *analysis) safeGlobals(findings []scanners.Finding, err error) string {
	if err != nil || slices.ContainsFunc(findings, func(f scanners.Finding) bool { return f.Severity.AtLeast(scanners.Medium) }) {
		return ""
	}
	var names []string
	torch := false
	for _, g := range a.judge.names.list {
		name := g.module + "." + g.name
		switch {
		case weightsName(g, name):
			torch = torch || g.entry != nil && g.entry.Profile == "torch_weights"
		case g.entry == nil || slices.Contains(neverSafe, g.module) || !isIdentifier(name):
			return ""
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	blockers := a.blockers()
	onlyNames := !slices.ContainsFunc(blockers, func(s string) bool { return strings.HasPrefix(s, "it ") })
	if !torch || !onlyNames || len(names) == 0 || len(names) > maxSafeGlobals {
		return ""
	}
	return fmt.Sprintf("or keep weights_only=True and grant what it lacks, from PyTorch 2.4 on: torch.serialization.add_safe_globals([%s])",
		clean(strings.Join(names, ", ")))
}
