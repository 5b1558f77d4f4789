// Package compress opens files that are one compressed stream: gzip, zlib, bzip2,
// xz, LZMA, LZ4, Zstandard, and the "ZF" container of joblib before 0.9.3. The
// content is the file's only member.
//
// # Security
//
// The content decides, as it does for joblib, which goes by the first bytes
// alone. Formats without a magic number (zlib, LZMA, ZF) are recognised only
// when the stream really decompresses. Nothing else is decompressed here: the
// core reads the member under its limits. All concatenated streams are read, and
// bytes after the last one, a wrong checksum or a broken stream end the member
// with an error, after its content was scanned. Windows are bounded by
// unpack.MaxWindow.
package compress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/unpack"
)

// Scanner opens compressed streams.
type Scanner struct{}

var _ scanners.Scanner = Scanner{}

// Info names the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "compress", Title: "Compressed stream", Version: 1, Rules: []scanners.Rule{ruleHidden}}
}

var ruleHidden = scanners.Rule{
	ID: "compress/hidden-data", Severity: scanners.Medium, Class: scanners.Suspicious,
	Summary: "The compressed stream begins with data that decompressors skip.",
	Help: "A skippable frame or an extra field may hold anything, and nothing that comes out of the stream shows it. " +
		"Ask for the file compressed by an ordinary tool, or compress it again.",
	CWE: []string{"CWE-506"}, ATLAS: []string{"AML.T0074"}, OWASP: []string{"LLM03"},
}

// Match reports one of the formats.
func (Scanner) Match(h scanners.Head) bool {
	_, ok := recognise(h.Start)
	return ok
}

// Scan returns the content as the only member.
func (Scanner) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(scanners.HeadSize, f.Size))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the header: %w", err)
	}
	format, ok := recognise(start)
	if !ok {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	span := scanners.Span{Off: format.skip, Len: f.Size - format.skip}
	open := func() (io.Reader, error) { return format.open(io.NewSectionReader(f, span.Off, span.Len)) }
	if format.weak && !decompresses(open) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	var r scanners.Result
	r.Parsed.Add(0, format.skip)
	if n := format.hidden(start); n > 0 {
		r.Findings = append(r.Findings, ruleHidden.At(0, fmt.Sprintf("%d bytes that the decompressor skips", n)))
	}
	r.Members = []scanners.Member{{Name: innerName(f.Name, format.suffixes), Size: -1, Span: span, Open: open}}
	return r, nil
}

// trialSize is how much of a stream without a magic number must decompress
// before it is believed to be one. Text that happens to begin like a stream
// breaks long before.
const trialSize = 4 << 10

// decompresses reports that the stream is whole, or gives trialSize bytes.
func decompresses(open func() (io.Reader, error)) bool {
	r, err := open()
	if err != nil {
		return errors.Is(err, unpack.ErrUnsupported)
	}
	n, err := io.CopyN(io.Discard, r, trialSize)
	return n == trialSize || errors.Is(err, io.EOF) || errors.Is(err, unpack.ErrTrailing)
}

// innerName is the file's name without the suffix of the compression.
func innerName(name string, suffixes []string) string {
	base := path.Base(name)
	for _, s := range suffixes {
		from, to, _ := strings.Cut(s, ">")
		if stem := len(base) - len(from); stem > 0 && strings.EqualFold(base[stem:], from) {
			return base[:stem] + to
		}
	}
	if base == "." || base == "/" {
		return "content"
	}
	return base
}

func hasPrefix(b []byte, prefix string) bool { return bytes.HasPrefix(b, []byte(prefix)) }
