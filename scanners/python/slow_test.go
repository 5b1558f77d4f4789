package python

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/scanners/scannertest"
)

// What is made to be slow costs no more than its size explains.
func TestSlow(t *testing.T) {
	items := strings.TrimSuffix(strings.Repeat("1,", 8000), ",")
	var calls strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&calls, "def f%d(x): return f%d(x + 'a')\n", i, (i+7919)%20_000)
	}
	for name, src := range map[string]string{
		"list":          "x = [" + strings.Repeat("1,", 300_000) + "]\n",
		"doubling":      "x = 'a' * 60000\n" + strings.Repeat("x = x + x\n", 20_000),
		"comprehension": "y = [" + items + "]\n" + strings.Repeat("x = ''.join(chr(i) for i in y)\n", 500),
		"calls":         calls.String(),
		"replace":       "x = 'a' * 60000\n" + strings.Repeat("x.replace('a', 'bb').replace('b', 'cc')\n", 5000),
		"nested":        strings.Repeat("exec('x = 1')\n", 30_000),
		"joins":         strings.Repeat("if a:\n  x = [x, x]\n", 20_000),
		"classes":       strings.Repeat("class A(A):\n  def f(self): self.f()\n", 10_000),
	} {
		start := time.Now()
		scannertest.Scan(list, "a.py", []byte(src))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %d bytes took %v", name, len(src), took)
		} else {
			t.Logf("%s: %d bytes, %v", name, len(src), took)
		}
	}
}
