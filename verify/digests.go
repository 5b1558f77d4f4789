package verify

import "assay/verify/hashing"

// DigestsOf gives the SHA-256 digests that evidence holds of its files. A file
// that was not read to its end has a name, a size and no digest.
func DigestsOf(e Evidence) Digests {
	d := evidenceDigests{files: make(map[string]FileEvidence, len(e.Files)), names: make([]string, len(e.Files))}
	for i, f := range e.Files {
		d.files[f.Name], d.names[i] = f, f.Name
	}
	return d
}

type evidenceDigests struct {
	files map[string]FileEvidence
	names []string
}

func (d evidenceDigests) Names() []string { return d.names }

func (d evidenceDigests) Size(name string) int64 {
	f, ok := d.files[name]
	if !ok {
		panic("verify: no file " + name + " in the evidence")
	}
	return f.Size
}

func (d evidenceDigests) Hex(name string, need HashNeed, _ int) (string, bool) {
	sum := d.files[name].SHA256
	return sum, sum != "" && need == HashNeed{Algorithm: hashing.SHA256}
}
