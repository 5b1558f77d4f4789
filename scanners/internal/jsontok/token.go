package jsontok

// Kind says what a token is. The zero value is no token.
type Kind uint8

// The kinds of token.
const (
	Invalid Kind = iota
	ObjectStart
	ObjectEnd
	ArrayStart
	ArrayEnd
	Key
	String
	Number
	Literal // true, false, null; NaN and Infinity in the Python dialect
)

// Token is one token. Colons and commas are checked and not returned.
type Token struct {
	Kind   Kind
	Offset int64 // of its first byte
	End    int64 // after its last byte
	Depth  int   // containers around it; 0 for the outermost value

	// Text is the decoded string, or the number or literal as written. It is
	// valid until the next call and holds at most Options.MaxText bytes.
	Text []byte
	Size int64 // bytes of the whole text; more than len(Text) when it was cut

	Duplicate bool // a key that its object already had
}

// Cut reports whether Text is only the beginning.
func (t Token) Cut() bool { return t.Size > int64(len(t.Text)) }

// Options bound a Decoder and choose its dialect. A zero field means its
// default.
type Options struct {
	Base     int64 // offset of the first byte that is read
	MaxDepth int   // containers in containers (512)
	MaxText  int   // bytes of text kept of one token (4 KiB)
	MaxKeys  int   // keys remembered of all open objects (2 Mi)

	// Python accepts what the json module of Python accepts beyond the RFC: NaN,
	// Infinity, -Infinity and lone surrogate escapes.
	Python bool
	// Many accepts any number of values one after another (JSON lines).
	Many bool
}

func (o Options) withDefaults() Options {
	if o.MaxDepth <= 0 {
		o.MaxDepth = 512
	}
	if o.MaxText <= 0 {
		o.MaxText = 4 << 10
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = 2 << 20
	}
	return o
}
