package safetensors

import (
	"cmp"
	"io"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

// extent is where a tensor lies in the data, and where the header says so.
type extent struct {
	begin, end uint64
	at         uint32 // offset of its name in the file; headers end below 2^32
	sound      bool   // the size agrees with type and shape
}

// layout holds the extents of all tensors.
type layout struct{ extents []extent }

func (l *layout) add(e extent) { l.extents = append(l.extents, e) }

func (l *layout) sort() {
	order := func(a, b extent) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.at, b.at))
	}
	if !slices.IsSortedFunc(l.extents, order) {
		slices.SortFunc(l.extents, order)
	}
}

// checkLayout demands what the reference reader demands: sorted by offset, each
// tensor begins where the one before ends, and the last ends with the file.
func (s *scan) checkLayout(dataStart int64) {
	size := uint64(s.file.Size - dataStart)
	s.layout.sort()
	var at uint64 // end of the data claimed so far
	orderly := s.broken == nil
	for _, e := range s.layout.extents {
		where := int64(e.at)
		switch {
		case e.begin < at:
			s.found.Add("safetensors/overlap", where, "tensor %s begins at byte %d of the data, inside another that ends at %d (InvalidOffset)",
				s.nameAt(where), e.begin, at)
			s.fail(where, "tensors overlap")
			orderly = false
		case e.begin > at:
			s.found.Add("safetensors/hole", dataStart+int64(min(at, size)), "%d bytes before tensor %s belong to none (InvalidOffset)",
				e.begin-at, s.nameAt(where))
			orderly = false
			fallthrough
		default:
			if e.sound && e.end <= size {
				s.result.Opaque.Add(dataStart+int64(e.begin), int64(e.end-e.begin))
			}
		}
		at = max(at, e.end)
	}
	if at < size {
		s.found.Add("safetensors/trailing-data", dataStart+int64(at), "%d bytes after the last tensor (MetadataIncompleteBuffer)", size-at)
	}
	if at > size {
		s.truncated(at, size, dataStart, orderly && at < scanners.LargestFile)
	}
}

// truncated reports tensors beyond the end of the file. In a file that is in order
// else they have not arrived; among contradictions they are another one.
func (s *scan) truncated(claimed, size uint64, dataStart int64, orderly bool) {
	const what = "the tensors end at byte %d of the data, which has %d (MetadataIncompleteBuffer)"
	if !orderly {
		s.found.AddAs(scanners.High, "safetensors/truncated", s.file.Size, what, claimed, size)
		s.fail(s.file.Size, "tensors lie beyond the end of the file")
		return
	}
	s.found.Add("safetensors/truncated", s.file.Size, what, claimed, size)
	s.broken = scanners.CutOff(s.file.Size, dataStart+int64(claimed))
}

// nameAt reads the name of a tensor again, for a finding: names are not kept.
func (s *scan) nameAt(offset int64) string {
	d := jsontok.New(io.NewSectionReader(s.file, offset, min(4<<10, s.file.Size-offset)), jsontok.Options{MaxText: nameShown + 1})
	t, err := d.Next()
	if err != nil || t.Kind != jsontok.String {
		return "?"
	}
	return clip.Quote(t.Text, nameShown)
}

// nameShown is how much of a name a finding shows, in bytes.
const nameShown = 80
