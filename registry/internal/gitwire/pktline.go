package gitwire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"assay/registry"
	"assay/registry/internal/fetch"
)

// request writes a command of protocol version 2 (gitprotocol-v2).
func request(command string, arguments ...string) []byte {
	var b bytes.Buffer
	line := func(text string) { fmt.Fprintf(&b, "%04x%s\n", len(text)+5, text) }
	line("command=" + command)
	line("object-format=sha1")
	b.WriteString("0001")
	for _, a := range arguments {
		line(a)
	}
	b.WriteString("0000")
	return b.Bytes()
}

// Kinds of packet lines (gitprotocol-common).
const (
	data = iota
	flush
	delimiter
)

// lines reads packet lines.
type lines struct{ r *bufio.Reader }

// next returns the payload of a line, which is valid until the next call.
func (l lines) next() (payload []byte, kind int, err error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(l.r, head); err != nil {
		return nil, 0, err
	}
	n, err := strconv.ParseUint(string(head), 16, 16)
	switch {
	case err != nil || n == 3:
		return nil, 0, errNotGit
	case n == 0:
		return nil, flush, nil
	case n < 4:
		return nil, delimiter, nil
	}
	payload = make([]byte, n-4)
	if _, err := io.ReadFull(l.r, payload); err != nil {
		return nil, 0, io.ErrUnexpectedEOF
	}
	if text, ok := bytes.CutPrefix(payload, []byte("ERR ")); ok {
		return nil, 0, serverError(text)
	}
	return payload, data, nil
}

var errNotGit = fmt.Errorf("%w: not the protocol of Git, version 2", fetch.ErrProtocol)

// serverError is what the server says went wrong.
func serverError(text []byte) error {
	said := registry.PrintableName(strings.TrimSpace(string(text[:min(len(text), 200)])))
	if strings.Contains(said, "not our ref") || strings.Contains(said, "not found") {
		return fmt.Errorf("%w: the server says: %s", registry.ErrNotFound, said)
	}
	return fmt.Errorf("%w: the server says: %s", fetch.ErrProtocol, said)
}

// sideband is the pack in a fetch answer: band 1 is data, 2 is talk, 3 an error.
type sideband struct {
	lines lines
	rest  []byte
}

func (s *sideband) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		line, kind, err := s.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case kind == flush:
			return 0, io.EOF
		case kind != data || len(line) == 0:
			return 0, errNotGit
		case line[0] == 1:
			s.rest = line[1:]
		case line[0] == 3:
			return 0, serverError(line[1:])
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
