package notebook

import (
	"fmt"
	"sort"
	"strings"
)

// parts is a text made of pieces of cells.
type parts struct {
	text    strings.Builder
	starts  []int // of the pieces
	numbers []int // of their cells
}

// begin says that what is written now is of a cell.
func (p *parts) begin(number int) {
	if n := len(p.starts); n > 0 && p.starts[n-1] == p.text.Len() {
		p.numbers[n-1] = number
		return
	}
	p.starts = append(p.starts, p.text.Len())
	p.numbers = append(p.numbers, number)
}

func (p *parts) add(text string) { p.text.WriteString(text) }

// place is the cell that an offset lies in, and the offset in what was taken from it.
func (p *parts) place(offset int64) (string, int64) {
	i := sort.SearchInts(p.starts, int(offset)+1) - 1
	if i < 0 {
		return "cells", offset
	}
	return fmt.Sprintf("cell %d", p.numbers[i]), offset - int64(p.starts[i])
}
