# make demo and make test need Go and nothing else.

GO        ?= go
PREFIX    ?= /usr/local
FUZZTIME  ?= 5s
BENCH_BYTES ?= 4294967296
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# The same source gives the same bytes: no paths, no build id, no VCS stamp, no C.
BUILD    := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "-s -w -buildid="
GOLANGCI := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULNCHECK := $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0

.PHONY: build demo test race fuzz lint vulncheck bench generate fixtures cross reproducible install clean

build:
	$(BUILD) -o bin/assay ./cmd/assay

# Gates a good model, a tampered one and one that would run code.
demo: build
	$(GO) run ./demo bin/assay

test:
	$(GO) test ./...

# The packages in which goroutines share something.
race:
	CGO_ENABLED=1 $(GO) test -race -short ./scanners ./verify ./verify/hashing ./verify/store ./registry/... ./cmd/...

# Every fuzz target of the repository, FUZZTIME each.
fuzz:
	.ci/fuzz $(FUZZTIME)

lint:
	@files=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$files" ] || { echo "not formatted: $$files" >&2; exit 1; }
	$(GO) vet ./...
	$(GOLANGCI) run --allow-parallel-runners ./...

vulncheck:
	$(VULNCHECK) ./...

bench: build
	$(GO) run ./bench -assay bin/assay -bytes $(BENCH_BYTES)

# Documentation that the code knows better: docs/commands.md, docs/rules.md, and
# the output of the demo in README.md.
generate: build
	$(GO) run ./demo -readme README.md bin/assay
	$(GO) test ./cmd/internal/cli -count=1 -run '^TestDocs$$' -update
	$(GO) test ./scanners/all -count=1 -run '^TestSource$$' -update
	$(GO) test . -count=1 -run '^TestFormats$$' -update

# Needs the Debian packages that testdata/benign/README.md names.
fixtures:
	cd testdata/benign && PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 \
		/usr/bin/python3 -c 'exec(compile(open("make.py").read(), "make.py", "exec"))'
	cd testdata/models && PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 make.py
	cd testdata/repositories && rm -rf */ && PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 /usr/bin/python3 make.py

cross:
	@set -e; for p in $(PLATFORMS); do \
		out=dist/assay-$${p%/*}-$${p#*/}; [ $${p%/*} = windows ] && out=$$out.exe; \
		echo "build $$out"; GOOS=$${p%/*} GOARCH=$${p#*/} $(BUILD) -o $$out ./cmd/assay; \
	done

# A second build from a copy elsewhere and with an empty build cache.
reproducible: build
	@set -e; dir=$$(mktemp -d); trap 'chmod -R u+w "$$dir"; rm -rf "$$dir"' EXIT; \
	mkdir "$$dir/src"; tar -cf - --exclude=./.git --exclude=./bin --exclude=./dist . | tar -xf - -C "$$dir/src"; \
	(cd "$$dir/src" && GOCACHE="$$dir/cache" $(MAKE) --no-print-directory build); \
	cmp bin/assay "$$dir/src/bin/assay" && echo "reproducible: both builds are $$(sha256sum < bin/assay | cut -d' ' -f1)"

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 bin/assay "$(DESTDIR)$(PREFIX)/bin/assay"

clean:
	rm -rf bin dist
