package dependencies

import (
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

func TestRules(t *testing.T) {
	sample := func(rule, name, hit, miss string) scannertest.Sample {
		s := scannertest.Sample{Rule: "dependencies/" + rule, Name: name}
		if hit != "" {
			s.Hit = []byte(hit)
		}
		if miss != "" {
			s.Miss = []byte(miss)
		}
		return s
	}
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		sample("unpinned", "requirements.txt", "torch>=2.0\n", "torch==2.1.0 \\\n  --hash=sha256:aa\n# numpy\n"),
		sample("unpinned", "environment.yml", "dependencies:\n  - python\n  - pip:\n    - torch\n", "name: x\ndependencies:\n  - python=3.11\n  - pip:\n    - torch==2.1\n"),
		sample("unpinned", "pyproject.toml", "[project]\ndependencies = [\n  \"torch>=2\",\n]\n", "[project]\nname = \"torch\"\ndependencies = [\"torch==2.1\"]\n"),
		sample("unpinned", "Pipfile", "[packages]\ntorch = \"*\"\n", "[packages]\ntorch = \"==2.1\"\n"),
		sample("foreign-index", "requirements.txt", "--extra-index-url https://x.test/simple\ntorch==2\n", "--extra-index-url https://download.pytorch.org/whl/cu121\ntorch==2\n"),
		sample("foreign-index", "requirements-gpu.txt", "-i https://x.test/simple\n", "-i https://pypi.org/simple\n"),
		sample("foreign-index", "environment.yaml", "channels:\n  - evil\n", "channels:\n  - conda-forge\n  - defaults\n"),
		sample("foreign-index", "pip.conf", "[global]\nextra-index-url = https://x.test/simple\n", "[global]\ntimeout = 60\n"),
		sample("foreign-index", "Pipfile", "[[source]]\nurl = \"https://x.test/simple\"\n", "[[source]]\nurl = \"https://pypi.org/simple\"\n"),
		sample("unverified-host", "requirements.txt", "--trusted-host x.test\n", "torch==2\n"),
		sample("unverified-host", "requirements.txt", "--index-url http://x.test/simple\n", ""),
		sample("unverified-host", "requirements.txt", "git+http://x.test/a.git\n", ""),
		sample("direct-address", "requirements.txt", "x @ https://x.test/x-1.0.whl\n", "x==1.0  # https://x.test\n"),
		sample("direct-address", "requirements.txt", "-e git+https://github.com/o/r@main#egg=r\n", ""),
		sample("direct-address", "conda.yaml", "dependencies:\n  - pip:\n    - git+https://github.com/o/r\n", "dependencies:\n  - pip:\n    - mlflow==2\n"),
		sample("direct-address", "pyproject.toml", "[project]\ndependencies = [\"x @ git+https://github.com/o/r\"]\n", "[project.urls]\nHomepage = \"https://github.com/o/r\"\n"),
		sample("look-alike", "requirements.txt", "torhc==1\n", "torch==1\nscapy==1\n"),
		sample("look-alike", "requirements.txt", "tensorfow==1\n", "sentencepiece==1\n"),
		sample("own-build", "pyproject.toml", "[build-system]\nrequires = []\nbackend-path = [\".\"]\n", "[build-system]\nrequires = [\"setuptools==1\"]\nbuild-backend = \"setuptools.build_meta\"\n"),
		sample("path-escape", "requirements.txt", "-r ../../etc/x.txt\n", "-r base.txt\n-e .\n"),
		sample("path-escape", "requirements.txt", "..\\evil\n", "./pkg\n-e ./pkg[dev]\n-rbase.txt\n"),
		sample("path-escape", "requirements.txt", "C:\\evil\n", "torch==2.1 ; python_version >= \"3.8\"\n"),
		sample("path-escape", "requirements.txt", "./../evil\n", "-c constraints/a.txt\n"),
		sample("path-escape", "requirements.txt", "-r C:/x.txt\n", ""),
		sample("path-escape", "requirements.txt", "-e ~/evil\n", ""),
		sample("path-escape", "requirements.txt", "--requirement=../x.txt\n", ""),
		sample("path-escape", "requirements.txt", "x @ file:../x\n", ""),
		sample("unverified-host", "setup.cfg", "[options]\ninstall_requires =\n  x @ http://x.test/x.tar.gz\n", "[metadata]\nurl = http://x.test\n[options]\ninstall_requires =\n  torch==2.1\n"),
		sample("unverified-host", "setup.cfg", "[options]\ninstall_requires = x @ http://x.test/x.tar.gz\n", ""),
		sample("direct-address", "setup.cfg", "[options.extras_require]\ndev =\n  x @ git+https://github.com/o/r\n", "[metadata]\ndownload_url = https://github.com/o/r\n"),
		sample("look-alike", "setup.cfg", "[options]\nsetup_requires = torhc==1\n", "[options]\nsetup_requires = torch==1\n"),
		sample("path-escape", "setup.cfg", "[options]\ninstall_requires = file: ../../x.txt\n", "[options]\ninstall_requires = file: requirements.txt\n"),
	})
}

func TestOrdinary(t *testing.T) {
	report := scannertest.Scan(list, "requirements.txt", []byte("\xef\xbb\xbftorch>=2.0,<3 ; python_version >= \"3.8\"\r\ntransformers[torch]==4.45.0\r\n\r\naccelerate\r\n"))
	for _, f := range report.Findings {
		if f.Severity < scanners.Low {
			t.Errorf("%+v", f)
		}
	}
	var facts []string
	for _, f := range report.Facts {
		facts = append(facts, f.Value)
	}
	if got := strings.Join(facts, " "); got != "accelerate torch>=2.0,<3 transformers==4.45.0" || !report.Coverage.Complete() {
		t.Errorf("%q %+v", got, report)
	}
}

func FuzzScan(f *testing.F) {
	f.Add("requirements.txt", "a==1\n-i http://x\\\n y\n")
	f.Add("environment.yml", "channels:\n- x\ndependencies:\n- pip:\n  - a @ https://b\n")
	f.Add("pyproject.toml", "[project]\ndependencies = [\"a>=1\"]\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		scannertest.Properties(t, New(), name, []byte(text))
	})
}
