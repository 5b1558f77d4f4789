package template

// Stmt is a statement, or text between statements.
type Stmt interface{ Offset() int }

// Expr is an expression.
type Expr interface{ Offset() int }

// At is the offset of a node in the source, in bytes.
type At int

// Offset returns the offset.
func (a At) Offset() int { return int(a) }

// The statements.
type (
	// Text is what lies between tags and is printed as it is.
	Text struct {
		At
		Text string
	}
	// Comment prints nothing.
	Comment struct {
		At
		Text string
	}
	// Output prints an expression.
	Output struct {
		At
		X Expr
	}
	// Do evaluates an expression and drops the value.
	Do struct {
		At
		X Expr
	}
	// If has one branch for if, each elif and else, in this order.
	If struct {
		At
		Branches []Branch
	}
	// For is a loop. Cond filters the items, and may be nil.
	For struct {
		At
		Target, Iter, Cond Expr
		Body, Else         []Stmt
	}
	// Set assigns Value to Target, or what Body prints when Value is nil.
	// Filter, which may be nil, is applied to what Body prints.
	Set struct {
		At
		Target, Value, Filter Expr
		Body                  []Stmt
	}
	// Macro defines a function that returns what Body prints. Name is "" for the
	// body of a call block, and Call is what that block calls.
	Macro struct {
		At
		Name   string
		Call   Expr
		Params []Arg // Value is the default, or nil
		Body   []Stmt
	}
	// Scope is a block that only groups: with, filter, block, generation,
	// autoescape. Args are the assignments of with, and X the filter.
	Scope struct {
		At
		Word string
		Args []Arg
		X    Expr
		Body []Stmt
	}
	// Control is break, continue or debug.
	Control struct {
		At
		Word string
	}
	// Load reads another template: include, import, from, extends.
	Load struct {
		At
		Word string
		X    Expr
	}
)

// Branch is one arm of an if. Cond is nil for else.
type Branch struct {
	Cond Expr
	Body []Stmt
}

// The expressions.
type (
	// Const is a literal.
	Const struct {
		At
		Value Value
	}
	// Name is a variable.
	Name struct {
		At
		Name string
	}
	// Attr is x.name.
	Attr struct {
		At
		X    Expr
		Name string
	}
	// Index is x[key]. Key may be a Slice.
	Index struct {
		At
		X, Key Expr
	}
	// Slice is low:high:step in an index; each may be nil.
	Slice struct {
		At
		Low, High, Step Expr
	}
	// Call is f(args).
	Call struct {
		At
		Func Expr
		Args []Arg
	}
	// Filter is x|name(args). X is nil in a filter block.
	Filter struct {
		At
		X    Expr
		Name string
		Args []Arg
	}
	// Test is x is name(args), or x is not name(args).
	Test struct {
		At
		X    Expr
		Name string
		Args []Arg
		Not  bool
	}
	// Unary is not, - or +.
	Unary struct {
		At
		Op string
		X  Expr
	}
	// Binary is an operator between two operands; comparisons among them.
	Binary struct {
		At
		Op   string
		X, Y Expr
	}
	// Cond is x if cond else y. Else may be nil.
	Cond struct {
		At
		If, Then, Else Expr
	}
	// List is a list or a tuple.
	List struct {
		At
		Items []Expr
	}
	// Dict is a dictionary.
	Dict struct {
		At
		Keys, Values []Expr
	}
)

// Arg is an argument: positional when Name is "", and unpacked when Name is "*"
// or "**".
type Arg struct {
	Name  string
	Value Expr
}

// Children returns the operands of an expression, without those that are nil.
func Children(e Expr) []Expr {
	var out []Expr
	add := func(list ...Expr) {
		for _, x := range list {
			if x != nil {
				out = append(out, x)
			}
		}
	}
	args := func(list []Arg) {
		for _, a := range list {
			add(a.Value)
		}
	}
	switch e := e.(type) {
	case *Attr:
		add(e.X)
	case *Index:
		add(e.X, e.Key)
	case *Slice:
		add(e.Low, e.High, e.Step)
	case *Call:
		add(e.Func)
		args(e.Args)
	case *Filter:
		add(e.X)
		args(e.Args)
	case *Test:
		add(e.X)
		args(e.Args)
	case *Unary:
		add(e.X)
	case *Binary:
		add(e.X, e.Y)
	case *Cond:
		add(e.If, e.Then, e.Else)
	case *List:
		add(e.Items...)
	case *Dict:
		add(e.Keys...)
		add(e.Values...)
	}
	return out
}

// Walk calls visit for e and everything below it, the outer first. It does not
// go below an expression for which visit returns false.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	for _, child := range Children(e) {
		Walk(child, visit)
	}
}
