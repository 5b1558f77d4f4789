package pysource

type kind uint8

const (
	tokEnd kind = iota
	tokNewline
	tokIndent
	tokDedent
	tokName
	tokNumber
	tokString
	tokOp
	tokBad
)

// token is a range of the text. For a string, lit is its index in the literals.
type token struct {
	kind     kind
	off, end int32
	lit      int32
}

// literal is a string as written: what it stands for, and the expressions in it.
type literal struct {
	text  string
	bytes bool
	parts []part // of an f-string, in order; nil for any other
}

// part is literal text, or an expression of an f-string as a range of the text.
type part struct {
	text     string
	off, end int32 // of the expression; 0, 0 for text
	spec     bool  // the expression stands in a format specification
	altered  bool  // a conversion or specification writes the value in another way
}

// operators, the longest first.
var operators = []string{
	"**=", "//=", ">>=", "<<=", "...",
	"->", ":=", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "<>", "+=", "-=", "*=", "/=", "%=", "@=", "&=", "|=", "^=",
	"+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=", "`", "!", "$", "?",
}
