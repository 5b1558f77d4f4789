// Package secrets finds keys and tokens that were left in a text.
//
// Only formats with a structure of their own are looked for: a prefix that the
// issuer chose so that leaks are found, a length, an alphabet. Sources: the
// documentation of the issuers, as kept in the rules of gitleaks. Strings that are
// merely random are not among them.
//
// # Security
//
// What is found is never repeated: a finding says the kind, and the last four
// characters. The pattern is one expression in linear time, and no match is
// longer than 400 bytes.
package secrets

import (
	"regexp"
	"strings"
)

// kinds of secrets: what, where its text begins, and the pattern.
var kinds = []struct {
	what    string
	hint    string
	pattern string
}{
	{"a private key", "PRIVATE KEY", `-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----(?:\\r|\\n|[\s"',+])*[A-Za-z0-9+/=]{40,80}`},
	{"an access key of AWS", "AKIA", `\bAKIA[A-Z2-7]{16}\b`},
	{"a temporary access key of AWS", "ASIA", `\bASIA[A-Z2-7]{16}\b`},
	{"a token of Hugging Face", "hf_", `\bhf_[A-Za-z]{34}\b`},
	{"a token of an organisation of Hugging Face", "api_org_", `\bapi_org_[A-Za-z]{34}\b`},
	{"a token of GitHub", "gh", `\bgh[pousr]_[A-Za-z0-9]{36}\b`},
	{"a fine-grained token of GitHub", "github_pat_", `\bgithub_pat_\w{82}\b`},
	{"a token of GitLab", "glpat-", `\bglpat-[\w-]{20}\b`},
	{"a token of Slack", "xox", `\bxox[baprs]-[0-9]{8,}-[0-9A-Za-z-]{16,80}`},
	{"a web hook of Slack", "hooks.slack.com", `hooks\.slack\.com/services/T\w{8,10}/B\w{8,12}/\w{24}`},
	{"a key of Google", "AIza", `\bAIza[\w-]{35}\b`},
	{"a key of OpenAI", "T3BlbkFJ", `\bsk-(?:proj-|svcacct-|admin-)?[\w-]{20,80}T3BlbkFJ[\w-]{20,80}`},
	{"a key of Anthropic", "sk-ant-", `\bsk-ant-(?:api|admin)\d\d-[\w-]{80,110}`},
	{"a key of Stripe", "sk_live_", `\b[sr]k_live_[0-9A-Za-z]{24,99}\b`},
	{"a token of PyPI", "pypi-AgE", `\bpypi-AgE[\w-]{50,250}`},
	{"a token of npm", "npm_", `\bnpm_[A-Za-z0-9]{36}\b`},
	{"a token of a Telegram bot", ":AA", `\b\d{8,10}:AA[\w-]{33}\b`},
	{"a key of SendGrid", "SG.", `\bSG\.[\w-]{22}\.[\w-]{43}\b`},
	{"a key of Azure storage", "AccountKey=", `AccountKey=[A-Za-z0-9+/]{86}==`},
	{"a token of Replicate", "r8_", `\br8_[A-Za-z0-9]{37}\b`},
	{"a key of Groq", "gsk_", `\bgsk_[A-Za-z0-9]{52}\b`},
	{"a password of a machine (.netrc)", "machine", `\bmachine\s+\S{1,100}\s+login\s+\S{1,100}\s+password\s+\S{6,100}`},
	{"a token of a package registry", "_authToken", `_authToken\s*=\s*[\w-]{20,100}`},
	{"a token of DigitalOcean", "dop_v1_", `\bdop_v1_[a-f0-9]{64}\b`},
}

// Pattern matches every kind. Hints are texts of which each match contains one.
var (
	Pattern = regexp.MustCompile(all())
	Hints   = hints()
)

func all() string {
	list := make([]string, len(kinds))
	for i, k := range kinds {
		list[i] = "(" + k.pattern + ")"
	}
	return strings.Join(list, "|")
}

func hints() []string {
	var list []string
	for _, k := range kinds {
		if k.hint == "gh" {
			list = append(list, "ghp_", "gho_", "ghu_", "ghs_", "ghr_")
			continue
		}
		list = append(list, k.hint)
	}
	return list
}

// Describe says what a match of Pattern is, without repeating it. A placeholder, as
// documentation has it, is nothing.
func Describe(match string) (string, bool) {
	m := Pattern.FindStringSubmatch(match)
	for i, k := range kinds {
		if m != nil && m[i+1] != "" {
			secret := m[i+1]
			if isPlaceholder(secret) {
				return "", false
			}
			return k.what + " that ends in " + secret[len(secret)-4:], true
		}
	}
	return "", false
}

// Find describes the secrets in a text by where they are, at most 16.
func Find(text string) []Sign {
	if !hinted(text) {
		return nil
	}
	var out []Sign
	for _, m := range Pattern.FindAllStringIndex(text, 64) {
		if what, ok := Describe(text[m[0]:m[1]]); ok && len(out) < 16 {
			out = append(out, Sign{m[0], what})
		}
	}
	return out
}

// Sign is one secret.
type Sign struct {
	Offset int
	What   string
}

func hinted(text string) bool {
	for _, h := range Hints {
		if strings.Contains(text, h) {
			return true
		}
	}
	return false
}

// isPlaceholder reports an example: it says so, or repeats itself.
func isPlaceholder(s string) bool {
	tail := s[max(0, len(s)-30):]
	lower := strings.ToLower(tail)
	for _, word := range []string{"example", "placeholder", "your", "xxxx", "1234567", "abcdef", "aaaa", "0000", "test", "dummy", "fake", "redacted"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	distinct := map[rune]bool{}
	for _, r := range tail {
		distinct[r] = true
	}
	return len(distinct) < 10
}
