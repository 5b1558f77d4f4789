package unseen

import "testing"

func TestFind(t *testing.T) {
	for text, want := range map[string]Kind{
		"a\u202eb": Bidi, "a\U000e0041": Tag, "x\ufe00\ufe01\U000e0101y": Smuggle, "a\u3164": Filler, "a\u200bb": Joiner, "a\ufeff": Mark, "pаss": Mixed, "аb": Mixed,
	} {
		if got := Find(text); len(got) != 1 || got[0].Kind != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for _, text := range []string{"", "\ufeffx", "é σ_x Δx μ", "слово word", "👩‍🚀 ❤️ 🏴\U000e0067\U000e0062\U000e007f", "می‌خواهم"} {
		if got := Find(text); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
