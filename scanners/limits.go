package scanners

// Limits bound the work for one file with everything nested in it. The zero
// value of a field means its default: there is no way to say "unlimited".
// Reaching a limit is a Gap, never a silent cut.
type Limits struct {
	MaxDepth    int   // containers in containers (8)
	MaxMembers  int   // members of one file, all depths (100,000)
	MaxRatio    int64 // expansion of one compressed member, and of all together over the file, beyond RatioFree (200)
	MaxExpanded int64 // decompressed bytes of one file, all depths (64 GiB)
	MaxFindings int   // findings kept for one file; the rest is counted (1,000)

	// OpsPerByte bounds the operations of a parser in proportion to the bytes
	// it was given, and the bytes that an Analyst gets in proportion to those of
	// the file, so that no input costs more than its size explains (64).
	OpsPerByte int64
}

// RatioFree is how much all members of one file may expand beyond their ratio, in
// bytes: a small buffer of zeros compresses a thousandfold and harms nobody, and
// ten thousand of them do.
const RatioFree = 64 << 20

// AnalysisFree is how many bytes Analysts get in any case from all members of one
// file, all depths. Beyond it a file pays for them with OpsPerByte.
const AnalysisFree = 8 << 20

// WithDefaults fills in every field that is not set.
func (l Limits) WithDefaults() Limits {
	setDefault(&l.MaxDepth, 8)
	setDefault(&l.MaxMembers, 100_000)
	setDefault(&l.MaxRatio, 200)
	setDefault(&l.MaxExpanded, 64<<30)
	setDefault(&l.MaxFindings, 1000)
	setDefault(&l.OpsPerByte, 64)
	return l
}

func setDefault[T int | int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
