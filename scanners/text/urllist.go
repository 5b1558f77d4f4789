package text

import (
	"bytes"
	"errors"
	"regexp"

	"assay/scanners"
)

// A table of addresses is a dataset whose data is elsewhere: what the addresses
// serve on the day of training is what is learned (arXiv 2302.10149, split-view
// poisoning of LAION). Digests in the rows bind it, as img2dataset checks them.
const (
	maxListed   = 64 << 10 // bytes of a table that are looked at
	leastListed = 20       // rows; fewer are an example, not a dataset
	// maxBeside is how much of a row there is beside the addresses, in bytes on
	// average, where the row describes them. More is data of its own.
	maxBeside = 400
)

var (
	// mediaURL is a whole value that is the address of an image, a sound, a film or
	// an archive of them.
	mediaURL = regexp.MustCompile(`(?i)(?:^|["',;|\t])https?:\\?/\\?/[^\s"',;|]+\.(?:jpe?g|png|gif|webp|bmp|tiff?|avif|heic|mp[34]|m4a|wav|flac|ogg|opus|webm|mkv|mov|avi|pdf|zip|tar|tgz|parquet)(?:[?#][^\s"',;|]*)?(?:["',;|\t\r]|$)`)
	// digest is MD5 or longer, in hexadecimal or as Subresource Integrity writes it.
	digest = regexp.MustCompile(`(?i)(?:^|[^0-9a-z/_.-])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})(?:$|[^0-9a-z/_.-])|sha(?:256|384|512)[-:][0-9a-z+/=]{43,}`)
)

var errUnbound = errors.New("a list of addresses without digests: the data is elsewhere, and nothing binds what will be there; " +
	"pull the data and scan it, or add a digest to each row")

// isListed reports whether the beginning of a table is looked at for addresses.
func (s *scan) isListed() bool { return s.profile.kind == data }

// judgeRows says that the rows are addresses of data, and returns an error when no
// digest binds it. The last row may be cut, and the first may be a heading.
func (s *scan) judgeRows(beginning []byte) error {
	var rows, listed, bound, beside int
	for row := range bytes.Lines(beginning) {
		row = bytes.TrimRight(row, "\r\n")
		if len(bytes.TrimSpace(row)) == 0 {
			continue
		}
		rows++
		if !mediaURL.Match(row) {
			continue
		}
		rest := mediaURL.ReplaceAll(row, []byte(" "))
		listed++
		beside += len(rest)
		if digest.Match(rest) {
			bound++
		}
	}
	switch {
	case listed < leastListed || listed*10 < rows*9 || beside > listed*maxBeside:
		return nil
	case bound*10 >= listed*9:
		s.add("text/addresses", 0, "the data is elsewhere, and was not compared with the digests beside its addresses")
		return nil
	}
	return &scanners.FormatError{Code: scanners.GapUnreadable, Err: errUnbound}
}
