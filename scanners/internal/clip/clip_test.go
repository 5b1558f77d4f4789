package clip

import "testing"

func TestQuote(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"plain", 10, `"plain"`},
		{"plain", 5, `"plain"`},
		{"plain", 4, `"plai"...`},
		{"a\nb\x1b\u202e\xff", 100, `"a\nb\x1b\u202e\xff"`},
		{"aé", 2, `"a"...`},
		{"\x80\x80\x80\x80\x80\x80", 5, `"\x80\x80\x80\x80\x80"...`},
		{"", 0, `""`},
	} {
		if got := Quote(c.text, c.n); got != c.want {
			t.Errorf("Quote(%q, %d) = %s, want %s", c.text, c.n, got, c.want)
		}
		if got := Quote([]byte(c.text), c.n); got != c.want {
			t.Errorf("Quote of bytes = %s, want %s", got, c.want)
		}
	}
}
