package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"assay/scanners"
	"assay/verify"
	"assay/verify/policy"
	"assay/verify/report"
)

// many is a report about n files, some of them bad, with hostile text.
func many(n int) verify.Report {
	e := samples()["fail"].Evidence
	for i := range n - len(e.Files) {
		f := verify.FileEvidence{
			Name: fmt.Sprintf("shards/model-%05d-of-%05d.safetensors", i, n), Size: 1 << 30, SHA256: strings.Repeat("0", 64), Formats: []string{"safetensors"},
			Coverage: scanners.Coverage{Parsed: 1 << 10, Opaque: 1<<30 - 1<<10}, Classification: scanners.Clean,
		}
		if i%10 == 3 {
			f.Name = fmt.Sprintf("</td><script>alert(%d)</script>\u202e%d.bin", i, i)
			f.Findings = []verify.Finding{{Rule: "pickle/dangerous-call", Severity: scanners.High, What: `<img src=https://evil.example/x onerror="alert(1)"> & 'quotes'`}}
			f.Coverage = scanners.Coverage{Parsed: 1 << 29, Hashed: 1 << 29}
		}
		e.Files = append(e.Files, f)
	}
	return verify.NewReport(e, policy.Rules{}, time.Time{})
}

func page(t *testing.T, r verify.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	attribute = regexp.MustCompile(`(?i)\s(src|href|action|style|on[a-z]+|srcset|data)\s*=\s*["']?([^"'\s>]*)`)
	tag       = regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed|form|base|video|audio|source|foreignobject|use|image)\b`)
)

// TestHTMLIsSelfContained: no tag and no attribute that could load or run
// something, whatever the files are called.
func TestHTMLIsSelfContained(t *testing.T) {
	list := samples()
	list["many"] = many(200)
	for name, r := range list {
		text := page(t, r)
		if !strings.Contains(text, `content="default-src 'none'; style-src 'sha256-`) {
			t.Errorf("%s: no strict content policy", name)
		}
		if found := tag.FindString(text); found != "" {
			t.Errorf("%s: %s", name, found)
		}
		inTag := regexp.MustCompile(`<[^<>]*>`)
		for _, element := range inTag.FindAllString(text, -1) {
			for _, m := range attribute.FindAllStringSubmatch(element, -1) {
				if m[1] != "href" || !strings.HasPrefix(m[2], "#") {
					t.Errorf("%s: %s", name, element)
				}
			}
		}
		if strings.Contains(text, "url(") || strings.Contains(text, "@import") {
			t.Errorf("%s: the style loads something", name)
		}
		if strings.ContainsAny(text, "\u202e\x1b") {
			t.Errorf("%s: invisible characters", name)
		}
		for _, want := range []string{`<html lang="en">`, "<main>", "<h1>", "<caption>", `scope="col"`, `role="img"`, "<title>"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s is missing", name, want)
			}
		}
		word := strings.ToUpper(string(r.Outcome()))
		if first := strings.Index(text, `<p class="word">`+word); first < 0 || first > strings.Index(text, "<main>") {
			t.Errorf("%s: the verdict %s does not come first", name, word)
		}
	}
}

// TestHTMLSize: a page for 10,000 files opens in a browser; what is cut off is
// counted.
func TestHTMLSize(t *testing.T) {
	if n := len(page(t, many(10_000))); n > 6_000_000 {
		t.Errorf("%d bytes for 10,000 files", n)
	}
	r := many(10)
	for range 5000 {
		r.Files[2].Findings = append(r.Files[2].Findings, verify.Finding{Rule: "zip/gap", Severity: scanners.Low, What: "a gap"})
	}
	if text := page(t, r); !strings.Contains(text, "more findings are in the JSON report") {
		t.Error("findings are cut off silently")
	}
}

// TestHTMLInBrowser opens the page in Chromium: nothing on the console, no
// request. With ASSAY_SCREENSHOTS=DIR it leaves pictures there to look at.
func TestHTMLInBrowser(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("not opened in a browser: chromium is not installed (Debian package chromium)")
	}
	if testing.Short() {
		t.Skip("not opened in a browser: -short")
	}
	for name, r := range map[string]verify.Report{"10": many(10), "10000": many(10_000), "pass": samples()["pass"]} {
		t.Run(name, func(t *testing.T) {
			said, urls := browse(t, name, page(t, r))
			for _, line := range console(said) {
				t.Errorf("on the console: %s", line)
			}
			for _, url := range urls {
				t.Errorf("requested %s", url)
			}
		})
	}
	t.Run("control", func(t *testing.T) {
		said, urls := browse(t, "", `<!DOCTYPE html><title>control</title><script>console.error("seen")</script><img src="http://127.0.0.1:9/x.png">`)
		if len(console(said)) == 0 || len(urls) == 0 {
			t.Errorf("a page that writes to the console and loads something is not noticed: %d requests, %s", len(urls), said)
		}
	})
}

// console picks the lines of a page's console. Those of Chromium's own pages,
// which complain where there is no network, are not about the report.
func console(said string) (lines []string) {
	for line := range strings.Lines(said) {
		if strings.Contains(line, ":CONSOLE:") && !strings.Contains(line, ", source: chrome://") {
			lines = append(lines, line)
		}
	}
	return lines
}

// browse returns what Chromium said and what the page requested.
func browse(t *testing.T, name, text string) (said string, urls []string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(dir, "page.png")
	if pictures := os.Getenv("ASSAY_SCREENSHOTS"); pictures != "" && name != "" {
		picture = filepath.Join(pictures, "report-"+name+".png")
	}
	log := filepath.Join(dir, "net.json")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--disable-background-networking", "--disable-component-update", "--no-first-run", "--enable-logging=stderr", "--log-net-log="+log,
		"--window-size=1200,1600", "--screenshot="+picture, "file://"+file)
	out, err := cmd.CombinedOutput()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Skip("not opened in a browser: chromium did not come up within two minutes")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if info, err := os.Stat(picture); err != nil || info.Size() < 1000 {
		t.Errorf("no picture: %v", err)
	}
	return string(out), requests(t, log)
}

// requests are the URLs of a Chromium network log that a page can have caused.
func requests(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no network log: %v", err)
	}
	var log struct {
		Events []struct {
			Params struct {
				URL       string `json:"url"`
				Initiator string `json:"initiator"`
			} `json:"params"`
		} `json:"events"`
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatalf("network log: %v", err)
	}
	var urls []string
	for _, e := range log.Events {
		// The browser's own requests have no initiator.
		if strings.HasPrefix(e.Params.URL, "http") && e.Params.Initiator != "not an origin" && e.Params.Initiator != "" {
			urls = append(urls, e.Params.URL)
		}
	}
	return urls
}

// TestHTMLPolicyHoldsHashes: what is inline is allowed by digest alone.
func TestHTMLPolicyHoldsHashes(t *testing.T) {
	text := page(t, samples()["pass"])
	if strings.Contains(text, "unsafe-inline") || strings.Contains(text, "unsafe-eval") {
		t.Error("the content policy allows what is inline")
	}
}
