package torchexport

import (
	"math"
	"path"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// payload is the description of one tensor, PayloadMeta of the schema.
type payload struct {
	member string // path_name
	pickle bool   // use_pickle
	dtype  int64
	sizes  []int64
	stride []int64
	offset int64
	odd    bool // a number of it is not known
	off    int64
}

// widths are bytes per element by the number of a type: ScalarType of
// torch/_export/serde/schema.py.
var widths = map[int64]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 2, 7: 4, 8: 8, 9: 4, 10: 8, 11: 16, 12: 1, 13: 2, 28: 2, 29: 1, 30: 1, 31: 1, 32: 1, 33: 1}

// conclude checks one description and states the member that it makes plain data.
// Only the names that the writer gives count: any other could declare any file
// beside it to be plain numbers.
func (s *scan) conclude(p payload) {
	kind, number, ok := strings.Cut(p.member, "_")
	if p.pickle || !ok || kind != "weight" && kind != "tensor" || number == "" || strings.Trim(number, "0123456789") != "" || s.file.Sibling == nil {
		return
	}
	name := path.Join(path.Dir(s.file.Name), p.member)
	have, ok := s.file.Sibling(name)
	switch need := p.extent(); {
	case !ok && !s.file.Partial:
		s.found.Add(ruleSize, p.off, "the archive has no member %s", clip.Quote(name, 200))
	case ok && have >= 0 && need > have:
		s.found.Add(ruleSize, p.off, "a tensor takes %d bytes of %s, which has %d", need, clip.Quote(name, 200), have)
	case ok && s.exported():
		s.result.Uses = append(s.result.Uses, scanners.Use{Name: name, Size: have})
	}
}

// exported reports an archive that says it is one of torch.export.
func (s *scan) exported() bool {
	_, ok := s.file.Sibling(path.Join(s.root, "archive_format"))
	return ok
}

// extent is how many bytes of the storage the tensor reaches, 0 when that cannot be
// told.
func (p payload) extent() int64 {
	width := widths[p.dtype]
	if p.odd || width == 0 || len(p.sizes) != len(p.stride) {
		return 0
	}
	last := float64(p.offset)
	for i, n := range p.sizes {
		if n == 0 {
			return 0
		}
		last += float64(n-1) * float64(p.stride[i])
	}
	return int64(min((last+1)*float64(width), math.MaxInt64/2))
}
