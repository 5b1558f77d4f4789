package envelope

import (
	"fmt"
	"io"
)

// PayloadType is the only type of payload that is accepted: a signature over
// anything else must not be taken for one over a statement.
const PayloadType = "application/vnd.in-toto+json"

// WritePAE writes what is signed: DSSE 1.0.2, protocol.md, "PAE".
func WritePAE(w io.Writer, payload []byte) {
	fmt.Fprintf(w, "DSSEv1 %d %s %d ", len(PayloadType), PayloadType, len(payload))
	_, _ = w.Write(payload) // a hash never fails
}

// WriteOldPAE writes what model_signing 0.2.0 signed: a capital V, and Python's
// repr() of the payload in place of its bytes. The encoding is injective, and
// its prefix keeps it apart from the proper one.
func WriteOldPAE(w io.Writer, payload []byte) {
	fmt.Fprintf(w, "DSSEV1 %d %s %d ", len(PayloadType), PayloadType, len(payload))
	_, _ = w.Write(pythonRepr(payload))
}

// pythonRepr is repr(bytes) of CPython: single quotes unless the bytes hold
// single and no double ones.
func pythonRepr(data []byte) []byte {
	quote, hasDouble := byte('\''), false
	for _, c := range data {
		if c == '\'' {
			quote = '"'
		}
		hasDouble = hasDouble || c == '"'
	}
	if hasDouble {
		quote = '\''
	}
	out := append(make([]byte, 0, len(data)+len(data)/8+3), 'b', quote)
	for _, c := range data {
		out = appendRepr(out, c, quote)
	}
	return append(out, quote)
}

func appendRepr(out []byte, c, quote byte) []byte {
	switch {
	case c == '\\' || c == quote:
		return append(out, '\\', c)
	case c == '\n':
		return append(out, `\n`...)
	case c == '\r':
		return append(out, `\r`...)
	case c == '\t':
		return append(out, `\t`...)
	case c < 0x20 || c >= 0x7f:
		return fmt.Appendf(out, `\x%02x`, c)
	}
	return append(out, c)
}
