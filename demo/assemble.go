package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// assembleModel writes a model folder whose weights are a PyTorch archive with
// the assembled pickle in it.
func assembleModel(dir string) error {
	text, err := os.ReadFile(models + "/runs-code/data.pkl.asm")
	if err != nil {
		return err
	}
	pickle, err := assemble(string(text))
	if err != nil {
		return err
	}
	weights, err := archive(map[string][]byte{"data.pkl": pickle, "version": []byte("3\n")}, "data.pkl", "version")
	if err != nil {
		return err
	}
	config, err := os.ReadFile(models + "/good/config.json")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "pytorch_model.bin"), weights, 0o600),
		os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600),
	)
}

// archive stores members the way torch.save does, uncompressed and in order.
func archive(content map[string][]byte, order ...string) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range order {
		member, err := w.CreateHeader(&zip.FileHeader{Name: "pytorch_model/" + name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := member.Write(content[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// opcodes are the few of Python's pickletools that the demo needs: the code, the
// number of arguments, and what stands before, between and after them.
var opcodes = map[string]struct {
	code           string
	args           int
	counted        bool // the argument is preceded by its length, four bytes little-endian
	separator, end string
}{
	"BINUNICODE": {code: "X", args: 1, counted: true},
	"EMPTY_DICT": {code: "}"},
	"GLOBAL":     {code: "c", args: 2, separator: "\n", end: "\n"},
	"MARK":       {code: "("},
	"REDUCE":     {code: "R"},
	"SETITEM":    {code: "s"},
	"STOP":       {code: "."},
	"TUPLE":      {code: "t"},
}

// assemble turns one opcode per line into a pickle. The last argument reaches to
// the end of the line; a line that begins with # is a comment.
func assemble(text string) ([]byte, error) {
	var out []byte
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		op, ok := opcodes[name]
		args := strings.SplitN(rest, " ", max(op.args, 1))
		if rest == "" {
			args = nil
		}
		if !ok || len(args) != op.args {
			return nil, fmt.Errorf("line %d: %q is not an opcode of this assembler with its arguments", i+1, line)
		}
		argument := strings.Join(args, op.separator) + op.end
		out = append(out, op.code...)
		if op.counted {
			out = binary.LittleEndian.AppendUint32(out, uint32(len(argument)))
		}
		out = append(out, argument...)
	}
	return out, nil
}
