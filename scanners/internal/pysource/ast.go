package pysource

// ExprKind is the kind of an expression.
type ExprKind uint8

// The kinds of expressions. Args holds the parts in the order given here.
const (
	Unknown       ExprKind = iota // something that has no value to follow; its parts
	Name                          // Text
	Text                          // a string or bytes: Text, Bytes
	Format                        // an f-string: texts and expressions
	Number                        // Text, as written
	Attribute                     // the object; Text is the name
	Call                          // the function, then the arguments; a keyword is a Keyword
	Keyword                       // the value; Text is the name, "" for **
	Subscript                     // the object, the index
	Slice                         // from, to, step; each may be nil
	Binary                        // two or more operands of the same precedence; Ops between them
	Boolean                       // operands of and, or
	Compare                       // operands; Ops between them, by their first word
	Unary                         // the operand; Text is the operator
	Tuple                         // elements
	List                          // elements
	Set                           // elements
	Dict                          // keys and values in turn; the key of ** is nil
	Star                          // the operand
	Lambda                        // the body; Params
	Comprehension                 // element (key and value in a Pair), then For clauses
	Pair                          // key, value
	For                           // a clause: target, iterable, conditions
	IfElse                        // value, condition, other value
	Assign                        // :=, the target and the value
	Await                         // the operand; also of yield
)

// Expr is an expression.
type Expr struct {
	Kind   ExprKind
	Bytes  bool
	depth  int16
	Off    int // in the text, in bytes
	Text   string
	Ops    []string
	Args   []*Expr
	Params []Param
}

// Param is a parameter of a function.
type Param struct {
	Name    string
	Default *Expr // may be nil
}

// StmtKind is the kind of a statement.
type StmtKind uint8

// The kinds of statements.
const (
	Simple   StmtKind = iota // Exprs are evaluated: an expression, return, del, raise, assert
	Return                   // Exprs
	Bind                     // Targets = Exprs[0]; also augmented, then Op is set
	Import                   // Imports
	Function                 // Name, Params, Decorators, Exprs (annotations), Body
	Class                    // Name, Exprs (bases and keywords), Decorators, Body
	Block                    // if, while, try, with, match: Exprs, Targets bound to Exprs, Blocks
	Loop                     // for: Targets[0] in Exprs[0]; Blocks
	Global                   // Names
)

// Stmt is a statement.
type Stmt struct {
	Kind       StmtKind
	Off        int
	Name       string // of a definition; the keyword of a block
	Op         string
	Targets    []*Expr
	Exprs      []*Expr
	Decorators []*Expr
	Params     []Param
	Imports    []ImportedName
	Names      []string
	Body       []*Stmt
	Blocks     [][]*Stmt
}

// ImportedName is one imported name: import Module as As, or from Module import Name as As.
type ImportedName struct {
	Module string // with leading dots when relative
	Name   string // "" for an import of the module itself
	As     string // the name that is bound; "" for a dotted import that binds its root
}

// Problem is a place where the text could not be read.
type Problem struct {
	Off  int
	What string
}

// IsBound reports a problem of the reader, not of the text: Python may read it.
func (p Problem) IsBound() bool {
	return p.What == errBounds.Error() || p.What == tooDeep || p.What == tooLong
}

const (
	tooDeep = "blocks nested too deep"
	tooLong = "the text is longer than 2 MiB"
)

type problems struct{ list []Problem }

const maxProblems = 32

func (p *problems) add(off int, what string) {
	if len(p.list) < maxProblems {
		p.list = append(p.list, Problem{off, what})
	}
}

// OddName is an identifier that Python reads as another one.
type OddName struct {
	Off         int
	Written, Is string
}

// Tree is a text that was read.
type Tree struct {
	Body     []*Stmt
	Problems []Problem // where it was not
	OddNames []OddName
}
