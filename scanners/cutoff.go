package scanners

import "fmt"

// CutOff is the gap of a file that ends before its own structure does, and is in
// order until there: an interrupted download. It has have bytes, and needs least
// or more. Nothing can be said against such a file, and nothing for it.
func CutOff(have, least int64) *FormatError {
	return &FormatError{Offset: have, Err: fmt.Errorf("the file is cut off: %d of at least %d bytes are there; fetch it again", have, max(least, have+1))}
}

// LargestFile is the size, in bytes, up to which a structure that reaches beyond
// the end of its file passes for one that is cut off. A structure that claims more
// than 16 TiB describes no file that anybody publishes.
const LargestFile = 16 << 40
