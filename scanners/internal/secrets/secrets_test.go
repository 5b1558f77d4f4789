package secrets

import (
	"strings"
	"testing"
)

// noise is no secret of anybody: letters in an order of their own.
const noise = "qWmZkRpLvNcXsJdHgFbTyUiOeKaMzQwErYtPlOkIjNuHbVgCfDxSzAqWsEdRfTgBhYnUjMkOlPqAzWsXeDcRfVtGbYhNuJmIkOlP"

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		"-----BEGIN OPENSSH PRIVATE KEY-----\n" + noise[:60]: "private key",
		`"-----BEGIN PRIVATE KEY-----\n` + noise[:60]:        "private key",
		"AKIA" + "QWZKRPLVNCXSJDHG":                          "AWS",
		"hf_" + noise[:34]:                                   "Hugging Face",
		"token=ghp_" + noise[:36] + "\n":                     "GitHub",
		"xoxb-" + "83920174652-" + noise[:24]:                "Slack",
		"AIza" + noise[:35]:                                  "Google",
		"sk-proj-" + noise[:40] + "T3BlbkFJ" + noise[40:70]:  "OpenAI",
		"sk-ant-api03-" + noise[:93]:                         "Anthropic",
		"8392017465:AA" + noise[:33]:                         "Telegram",
		"machine x.test\n login a\n password " + noise[:20]:  "netrc", "_authToken=" + noise[:36]: "registry",
		"pypi-AgE" + noise[:70]: "PyPI",
	} {
		signs := Find("x " + text + " y")
		if len(signs) != 1 || !strings.Contains(signs[0].What, want) || strings.Contains(signs[0].What, noise[:20]) {
			t.Errorf("%s: %+v", text, signs)
		}
	}
	for _, text := range []string{
		"hf_" + strings.Repeat("x", 34), "AKIAIOSFODNN7EXAMPLE", "-----BEGIN PRIVATE KEY-----\n...", "sk-xxxx", "hf_hub_download(repo_id='a')", "ghp_" + strings.Repeat("a1", 18),
		"-----BEGIN PUBLIC KEY-----\n" + noise[:60], "AKIA", "task-" + noise, strings.Repeat("a", 10000),
	} {
		if signs := Find(text); len(signs) > 0 {
			t.Errorf("%s: %+v", text, signs)
		}
	}
}

func TestHints(t *testing.T) {
	for _, k := range kinds {
		if !hinted(strings.ReplaceAll(k.hint, "gh", "ghp_")) {
			t.Errorf("%s has no hint", k.what)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("hf_" + noise[:34])
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range Find(text) {
			if s.Offset < 0 || s.Offset > len(text) {
				t.Error(s)
			}
		}
	})
}
