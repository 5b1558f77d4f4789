package pickleshape

import "testing"

func TestIs(t *testing.T) {
	for data, want := range map[string]bool{
		"(lp1\n.":                  true,
		"cassay\nmarker\n)R.":      true,
		"\x80\x04\x8c\x01a\x94.":   true,
		"\x80\x02]q\x00.":          true,
		"(dp0\nS'a'\np1\nI1\ns.":   true,
		"Nothing to see here.":     false,
		"(see the paper).":         false,
		"\x80\x04":                 false,
		"N.A., unknown":            false,
		"N.":                       false,
		"":                         false,
		"\x80\x04\x8c\xffa.":       false,
		"(lp1\n.(lp1\n.":           true,
		"In a hole in the ground.": false,
	} {
		if got := Is([]byte(data)); got != want {
			t.Errorf("%q: %v", data, got)
		}
	}
}

func FuzzIs(f *testing.F) {
	f.Add([]byte("(lp1\n."))
	f.Fuzz(func(_ *testing.T, data []byte) { Is(data) })
}
