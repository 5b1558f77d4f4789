package commands

import (
	"regexp"
	"strings"

	"assay/scanners"
)

// fetchers print what they download, or save it.
const (
	fetchers     = `(?:curl|wget|fetch|aria2c|iwr|irm|invoke-webrequest|invoke-restmethod)`
	interpreters = `(?:sudo\s+(?:-\w+\s+)*)?(?:/usr)?(?:/bin/)?(?:env\s+)?(?:ba|z|da|k|c|fi)?sh\b|(?:sudo\s+)?(?:/usr/bin/)?(?:env\s+)?(?:python[0-9.]*|perl|ruby|node|php|osascript)\b`
)

const foreignIndex = "installs from a foreign package index"

var (
	download = []string{"curl", "wget", "fetch", "iwr", "irm", "invoke-", "webclient", "aria2c", "certutil", "bitsadmin", "mshta", "urlopen", "downloadstring", "downloadfile"}
	decoders = []string{"base64", "xxd", "openssl", "frombase64string", "-e", "uudecode"}
)

// shapes, with the case that shows each. The severities are those of formats.md 17:
// an effect that is certain once the line runs is critical.
var shapes = []shape{
	// MITRE ATT&CK T1059.004, T1105; every "curl | sh" lure of 2024 to 2026.
	{scanners.High, "runs what it downloads", regexp.MustCompile(`(?i)\b` + fetchers + `\b[^|;&\n]{0,600}\|\s*(?:tee\s+\S+\s*\|\s*)?(?:` + interpreters + `|iex\b|invoke-expression\b)`), download},
	{scanners.High, "runs what it downloads", regexp.MustCompile(`(?i)(?:` + interpreters + `|\beval|\bsource|\.)\s+(?:-\w+\s+)*["']?(?:<\(|\$\(|` + "`" + `)\s*(?:curl|wget)\b`), download},
	{scanners.High, "runs what it downloads", regexp.MustCompile(`(?i)\b(?:iex|invoke-expression)\b.{0,300}(?:downloadstring|invoke-webrequest|invoke-restmethod|\biwr\b|\birm\b|webclient)`), download},
	{scanners.High, "runs what it downloads", regexp.MustCompile(`(?i)python[0-9.]*\s+-c\b.{0,400}(?:urlopen|requests\.get|urllib).{0,400}\bexec\b|python[0-9.]*\s+-c\b.{0,400}\bexec\b.{0,400}(?:urlopen|requests\.get|urllib)`), []string{"urlopen", "requests.get", "urllib"}},
	{scanners.High, "runs what it downloads", regexp.MustCompile(`(?i)\b(?:curl|wget)\b[^|;&\n]{0,600}\|\s*xargs\b[^|;\n]{0,100}\b(?:ba|z|da)?sh\s+-c\b`), download},
	{scanners.High, "runs what it downloads", regexp.MustCompile(`(?i)\[(?:system\.management\.automation\.)?scriptblock\]::create\(.{0,300}(?:downloadstring|invoke-webrequest|invoke-restmethod|\biwr\b|\birm\b|webclient)`), download},
	{scanners.High, "pipes what it downloads into a command that is computed", regexp.MustCompile(`(?i)\b(?:curl|wget)\s[^|;&\n]{0,600}\|\s*\$\(`), download},
	{scanners.High, "downloads a file and starts it", regexp.MustCompile(`(?i)\bcurl(?:\.exe)?\b[^|;&\n]{0,600}&\s*start\s+["%\w]`), download},
	{scanners.High, "downloads a file and starts it", regexp.MustCompile(`(?i)\b` + fetchers + `\b.{0,600}(?:&&|;|\|\|).{0,300}(?:\bchmod\s+(?:\+x|[0-7]*7[0-7]*)|\bstart-process\b|\bstart\s+["/\w]|(?:^|[;&\s])(?:\./|/tmp/)\S+)`), download},
	{scanners.Critical, "loads a program by a tool of Windows that serves something else", regexp.MustCompile(`(?i)\b(?:mshta(?:\.exe)?\s+["']?(?:https?|javascript|vbscript):|certutil(?:\.exe)?\s.{0,80}-urlcache|bitsadmin(?:\.exe)?\s.{0,80}/transfer|regsvr32(?:\.exe)?\s.{0,80}/i:http|rundll32(?:\.exe)?\s+javascript:)`), []string{"mshta", "certutil", "bitsadmin", "regsvr32", "rundll32"}},
	// T1027.010, T1140.
	{scanners.Critical, "runs an encoded command", regexp.MustCompile(`(?i)\b(?:powershell|pwsh)(?:\.exe)?\b.{0,200}\s[-/]e(?:n|nc|nco|ncod|ncode|ncoded|ncodedc\w*|c)?\s+["']?[A-Za-z0-9+/=]{16,}`), []string{"powershell", "pwsh"}},
	{scanners.Critical, "runs what it decodes", regexp.MustCompile(`(?i)(?:base64\s+(?:-d|-D|--decode)|xxd\s+-r|openssl\s+(?:enc\s+)?.{0,40}-d\b|uudecode)[^|;\n]{0,200}\|\s*(?:(?:gunzip|zcat|gzip|bunzip2|xz)\b[^|]{0,40}\|\s*)?(?:` + interpreters + `)`), decoders},
	{scanners.Critical, "runs what it decodes", regexp.MustCompile(`(?i)(?:\beval|\biex|\bsource|\b(?:ba)?sh\s+-c|invoke-expression)\b.{0,120}(?:base64\s+(?:-d|-D|--decode)|frombase64string|xxd\s+-r)`), decoders},
	{scanners.Critical, "runs what it decodes", regexp.MustCompile(`(?i)frombase64string.{0,300}(?:\biex\b|invoke-expression|\.invoke\()`), decoders},
	{scanners.Critical, "runs what it decodes", regexp.MustCompile(`(?i)python[0-9.]*\s+-c\b.{0,400}\bexec\b.{0,200}(?:b64decode|fromhex|decompress|marshal)`), []string{"b64decode", "fromhex", "decompress", "marshal"}},
	// T1059, T1071: shells to elsewhere.
	{scanners.Critical, "opens a shell to another machine", regexp.MustCompile(`(?i)/dev/(?:tcp|udp)/[\w.${}-]+/|\b(?:nc|ncat|netcat)(?:\.\w+)?\b.{0,100}(?:\s-[a-z]*[ec]\s*\S*(?:sh|cmd)\b|--(?:sh-)?exec)|\bsocat\b.{0,200}\bexec:|\bmkfifo\b.{0,200}\b(?:nc|ncat|netcat|openssl)\b|\btelnet\s.{0,60}\|\s*(?:/bin/)?(?:ba)?sh|new-object\s+(?:system\.)?net\.sockets\.tcpclient`),
		[]string{"/dev/tcp", "/dev/udp", "nc", "netcat", "socat", "mkfifo", "telnet", "tcpclient"}},
	{scanners.Critical, "opens a shell to another machine", regexp.MustCompile(`(?i)(?:python[0-9.]*|perl|ruby|php|lua)\s+-[a-z]*[cer]\b.{0,400}(?:socket|fsockopen|tcpsocket).{0,400}(?:dup2|/bin/(?:ba)?sh|exec|cmd\.exe|pty)`), []string{"socket", "fsockopen"}},
	{scanners.Critical, "opens a shell to another machine", regexp.MustCompile(`(?i)\bperl\s+(?:-\S+\s+){0,4}-[a-z]*e\b.{0,200}io::socket.{0,300}(?:system|exec|fdopen)|\b(?:perl|ruby)\s+-\S*socket\S*\s.{0,300}(?:system|exec|fdopen)`), []string{"socket"}},
	// T1562.001.
	{scanners.Critical, "switches a defence off", regexp.MustCompile(`(?i)set-mppreference\b.{0,120}-disable|add-mppreference\b.{0,120}-exclusion|netsh\s+advfirewall\s+set\s+\w+\s+state\s+off|\bsetenforce\s+0\b|amsiutils|amsiinitfailed|\bsc(?:\.exe)?\s+(?:stop|delete)\s+windefend|\bspctl\s+--master-disable|\bxattr\s+-\w*d\w*\s+(?:-\w+\s+)*com\.apple\.quarantine`),
		[]string{"mppreference", "advfirewall", "setenforce", "amsi", "windefend", "spctl", "quarantine"}},
	// T1053, T1547, T1098.004.
	{scanners.High, "makes itself start again later", regexp.MustCompile(`(?i)>>?\s*["']?(?:~|\$HOME|\$\{HOME\}|/root|/home/\S+)/\.(?:bashrc|profile|bash_profile|zshrc|zprofile|ssh/authorized_keys|config/autostart)|\|\s*crontab\b|\bcrontab\s+-(?:\s|$)|>>?\s*/etc/(?:cron|rc\.local|systemd|profile|ld\.so\.preload)|schtasks(?:\.exe)?\s.{0,40}/create|\breg(?:\.exe)?\s+add\s.{0,120}\\(?:run|runonce)\b|\\start menu\\programs\\startup|currentversion\\run|\blaunchctl\s+(?:load|bootstrap)|systemctl\s+(?:--user\s+)?enable\s`),
		[]string{".bashrc", "profile", "zshrc", "authorized_keys", "autostart", "crontab", "/etc/", "schtasks", "reg", "startup", "currentversion", "launchctl", "systemctl"}},
	// T1552, T1555, T1041.
	{scanners.Critical, "sends credentials or the environment away", regexp.MustCompile(`(?i)(?:\.ssh/|id_rsa|id_ed25519|\.aws/credentials|\.netrc|\.git-credentials|\.kube/config|/etc/shadow|\.docker/config\.json|huggingface/token|\bprintenv\b|\benv\s*\|).{0,300}(?:\bcurl\b|\bwget\b|\bnc\b|\bncat\b|invoke-webrequest|invoke-restmethod)|(?:\bcurl\b|\bwget\b|invoke-webrequest|invoke-restmethod).{0,300}(?:\.ssh/id_|id_rsa|id_ed25519|\.aws/credentials|\.netrc\b.{0,20}@|@[^\s]{0,80}\.netrc|\.git-credentials|\.kube/config|/etc/shadow|\$\(\s*(?:env|printenv)\b)`),
		[]string{".ssh", "id_rsa", "id_ed25519", ".aws", ".netrc", ".git-credentials", ".kube", "shadow", ".docker", "huggingface/token", "printenv", "env"}},
	// T1485.
	{scanners.Critical, "deletes what does not belong to the model", regexp.MustCompile(`(?i)\brm\s+(?:-\w+\s+|--\S+\s+)*(?:"|')?(?:/|~|\$HOME|\$\{HOME\}|/\*|~/\*)(?:"|')?\s*(?:$|[;&|])|\bmkfs(?:\.\w+)?\s+/dev/|\bdd\s.{0,80}of=/dev/(?:sd|nvme|hd|disk)|\bformat\s+c:|\bdel\s+/[fsq].{0,40}c:\\(?:\*|windows)|:\(\)\s*\{\s*:\|:&\s*\};:`),
		[]string{"rm", "mkfs", "dd", "format", "del", ":|:"}},
	// T1564.003.
	{scanners.High, "starts a program hidden from the user", regexp.MustCompile(`(?i)\b(?:powershell|pwsh)(?:\.exe)?\b.{0,200}\s-w(?:in\w*)?\s+(?:h\w*|1)\b|-windowstyle\s+hidden|\bstart-process\b.{0,200}-windowstyle\s+hidden|createobject\(["']wscript\.shell["']\)\.run\b.{0,200},\s*0\b`),
		[]string{"powershell", "pwsh", "-windowstyle", "wscript.shell"}},
	{scanners.Medium, "asks PowerShell to ignore its policy", regexp.MustCompile(`(?i)-(?:ep|ex(?:ec)?(?:utionpolicy)?)\s+(?:bypass|unrestricted)|set-executionpolicy\s+(?:-\w+\s+)*(?:bypass|unrestricted)`), []string{"bypass", "unrestricted"}},
	// Where a package comes from: CWE-494, dependency confusion (AML.CS0015).
	{scanners.Medium, foreignIndex, regexp.MustCompile(`(?i)\b(?:pip[0-9.]*|uv)\b.{0,300}(?:--extra-index-url|--index-url|\s-i)[\s=]+["']?https?://[^\s"']+`), []string{"index-url", "-i"}},
	{scanners.High, "installs without verifying who serves the package", regexp.MustCompile(`(?i)\bpip[0-9.]*\b.{0,300}(?:--trusted-host|--(?:extra-)?index-url[\s=]+["']?http://)`), []string{"trusted-host", "index-url"}},
	{scanners.Medium, "installs a package from an address", regexp.MustCompile(`(?i)\b(?:pip[0-9.]*|uv|pipx)\s.{0,200}\binstall\b.{0,300}(?:git\+(?:https?|ssh|git)://|https?://[^\s"']+\.(?:whl|zip|tar\.gz))`), []string{"git+", "http"}},
}

// publicIndexes are package indexes that everybody uses: PyPI itself, and those in
// the installation instructions of PyTorch and NVIDIA
// (pytorch.org/get-started, docs.nvidia.com/ngc). A package on any other index is
// what its owner says it is.
var publicIndexes = []string{
	"https://pypi.org/", "https://pypi.python.org/", "https://download.pytorch.org/", "https://pypi.nvidia.com", "https://pypi.ngc.nvidia.com",
	"https://storage.googleapis.com/jax-releases/", "https://data.pyg.org/", "https://abetlen.github.io/llama-cpp-python/",
}

// IsPublicIndex reports the address of an index, or a page of links, that everybody
// uses.
func IsPublicIndex(url string) bool {
	for _, known := range publicIndexes {
		if strings.HasPrefix(url, known) || url == strings.TrimSuffix(known, "/") {
			return true
		}
	}
	return false
}

var anyURL = regexp.MustCompile(`https?://[^\s"']+`)

// onlyPublic reports that all addresses of a match are public indexes.
func onlyPublic(match string) bool {
	for _, url := range anyURL.FindAllString(match, -1) {
		if !IsPublicIndex(url) {
			return false
		}
	}
	return true
}
