package template

// Exprs returns the expressions of a statement itself, without those of the
// statements in it.
func Exprs(s Stmt) []Expr {
	var out []Expr
	add := func(list ...Expr) {
		for _, x := range list {
			if x != nil {
				out = append(out, x)
			}
		}
	}
	switch s := s.(type) {
	case *Output:
		add(s.X)
	case *Do:
		add(s.X)
	case *If:
		for _, b := range s.Branches {
			add(b.Cond)
		}
	case *For:
		add(s.Target, s.Iter, s.Cond)
	case *Set:
		add(s.Target, s.Value, s.Filter)
	case *Macro:
		add(s.Call)
		for _, p := range s.Params {
			add(p.Value)
		}
	case *Scope:
		add(s.X)
		for _, a := range s.Args {
			add(a.Value)
		}
	case *Load:
		add(s.X)
	}
	return out
}

// Bodies returns the blocks of statements in a statement.
func Bodies(s Stmt) [][]Stmt {
	switch s := s.(type) {
	case *If:
		var out [][]Stmt
		for _, b := range s.Branches {
			out = append(out, b.Body)
		}
		return out
	case *For:
		return [][]Stmt{s.Body, s.Else}
	case *Set:
		return [][]Stmt{s.Body}
	case *Macro:
		return [][]Stmt{s.Body}
	case *Scope:
		return [][]Stmt{s.Body}
	}
	return nil
}

// Visit calls visit for every statement, the outer first.
func Visit(body []Stmt, visit func(Stmt)) {
	for _, s := range body {
		visit(s)
		for _, inner := range Bodies(s) {
			Visit(inner, visit)
		}
	}
}
