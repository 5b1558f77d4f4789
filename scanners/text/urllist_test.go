package text

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestAddresses: a table of addresses that nothing binds is a gap, and a table that
// has addresses beside its data, or digests beside its addresses, is none.
func TestAddresses(t *testing.T) {
	t.Parallel()
	rows := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, strings.ReplaceAll(format, "#", "%[1]d")+"\n", i)
		}
		return b.String()
	}
	sha := strings.Repeat("ab", 32)
	for _, c := range []struct {
		name, text string
		gap        bool
	}{
		{"laion.jsonl", rows(200, `{"URL": "https://a.invalid/#.jpg", "TEXT": "a cat", "WIDTH": 512, "hash": -830571295103900151}`), true},
		{"laion.tsv", "url\tcaption\n" + rows(200, "http://a.invalid/#.PNG?w=512\ta cat"), true},
		{"list.txt", rows(20, "https://a.invalid/#.webp"), true},
		{"list.csv", rows(20, `#,"https://a.invalid/#.mp4"`), true},
		{"escaped.jsonl", rows(20, `{"url": "https:\/\/a.invalid\/#.jpg"}`), true},
		{"named.txt", rows(20, "https://a.invalid/"+sha+"/#.jpg"), true}, // a digest in an address binds nothing that a loader checks
		{"half.jsonl", rows(200, `{"url": "https://a.invalid/#.jpg"}`) + rows(20, `{"url": "https://a.invalid/#.jpg", "sha256": "`+sha+`"}`), true},
		{"bound.jsonl", rows(200, `{"url": "https://a.invalid/#.jpg", "sha256": "`+sha+`"}`), false},
		{"bound.tsv", rows(200, "https://a.invalid/#.jpg\t"+sha[:32]), false},
		{"few.tsv", rows(19, "https://a.invalid/#.jpg\ta cat"), false},
		{"pages.jsonl", rows(200, `{"text": "a cat", "url": "https://a.invalid/#.html"}`), false},
		{"articles.jsonl", rows(30, `{"text": "`+strings.Repeat("a long article ", 60)+`", "image": "https://a.invalid/#.jpg"}`), false},
		{"prose.jsonl", rows(200, `{"text": "as at https://a.invalid/#.jpg (a cat)"}`), false},
		{"mixed.tsv", rows(100, "https://a.invalid/#.jpg") + rows(100, "words"), false},
		{"README.md", rows(200, "https://a.invalid/#.jpg"), false},
	} {
		r := scannertest.Scan(list, c.name, []byte(c.text))
		gap := len(r.Gaps) == 1 && r.Gaps[0].Code == scanners.GapUnreadable && strings.Contains(r.Gaps[0].Reason, "the data is elsewhere")
		if gap != c.gap || !c.gap && len(r.Gaps) > 0 {
			t.Errorf("%s: gaps %+v, want one: %v", c.name, r.Gaps, c.gap)
		}
	}
}
