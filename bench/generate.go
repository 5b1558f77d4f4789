package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// pairs is the number of files of each format. Small enough that a file is large
// at 4 GiB, large enough that work divides evenly among a few cores.
const pairs = 4

// tensorSize is the size of one tensor, in bytes; real ones are of this order.
const tensorSize = 32 << 20

// generate writes pairs of safetensors files and PyTorch archives, which are no
// conversions of each other, with total
// bytes of random weights, always the same.
func generate(dir string, total int64) (files []string, written int64, err error) {
	each := total / (2 * pairs)
	if each < 1<<10 {
		return nil, 0, fmt.Errorf("%d bytes are too few for %d files", total, 2*pairs)
	}
	formats := []struct {
		name  string
		write func(w *bufio.Writer, tensors []int64, random io.Reader) error
	}{
		{"model-%d.safetensors", writeSafetensors},
		{"optimizer-%d.pt", writePyTorch},
	}
	for i := range pairs {
		for j, format := range formats {
			name := filepath.Join(dir, fmt.Sprintf(format.name, i))
			random := rand.NewChaCha8([32]byte{byte(i), byte(j)})
			size, err := writeFile(name, func(w *bufio.Writer) error { return format.write(w, split(each), random) })
			if err != nil {
				return nil, 0, err
			}
			files, written = append(files, name), written+size
		}
	}
	return files, written, nil
}

func writeFile(name string, write func(*bufio.Writer) error) (size int64, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := errors.Join(write(w), w.Flush()); err != nil {
		return 0, err
	}
	return f.Seek(0, io.SeekCurrent)
}

// split divides n bytes into tensors of four-byte numbers.
func split(n int64) []int64 {
	var sizes []int64
	for n >= 4 {
		size := min(n, tensorSize) &^ 3
		sizes, n = append(sizes, size), n-size
	}
	return sizes
}

// writeSafetensors follows the format description: length, header, tensors.
func writeSafetensors(w *bufio.Writer, tensors []int64, random io.Reader) error {
	type entry struct {
		DType   string   `json:"dtype"`
		Shape   []int64  `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	header, end := make(map[string]entry, len(tensors)), int64(0)
	for i, size := range tensors {
		header[tensorName(i)] = entry{"F32", []int64{size / 4}, [2]int64{end, end + size}}
		end += size
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	text = append(text, bytes.Repeat([]byte(" "), -len(text)&7)...)
	if err := binary.Write(w, binary.LittleEndian, uint64(len(text))); err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	_, err = io.CopyN(w, random, end)
	return err
}

func tensorName(i int) string { return fmt.Sprintf("layers.%d.weight", i) }

// writePyTorch writes what torch.save writes: a stored zip whose members begin
// at multiples of 64 bytes, a pickle that describes the tensors, and one member
// per storage.
func writePyTorch(w *bufio.Writer, tensors []int64, random io.Reader) error {
	counted := &counter{w: w}
	archive := zip.NewWriter(counted)
	add := func(name string, content io.Reader) error {
		if err := archive.Flush(); err != nil {
			return err
		}
		member, err := archive.CreateHeader(&zip.FileHeader{
			Name: name, Method: zip.Store, Extra: padding(counted.n + int64(30+len(name))),
		})
		if err != nil {
			return err
		}
		_, err = io.Copy(member, content)
		return err
	}
	if err := add("archive/data.pkl", strings.NewReader(stateDict(tensors))); err != nil {
		return err
	}
	for i, size := range tensors {
		if err := add(fmt.Sprintf("archive/data/%d", i), io.LimitReader(random, size)); err != nil {
			return err
		}
	}
	if err := add("archive/version", strings.NewReader("3\n")); err != nil {
		return err
	}
	return archive.Close()
}

// padding is PyTorch's extra field "FB", which moves the content from offset to
// the next multiple of 64.
func padding(offset int64) []byte {
	extra := []byte{'F', 'B', 0, 0}
	n := -(offset + int64(len(extra))) & 63
	binary.LittleEndian.PutUint16(extra[2:], uint16(n))
	return append(extra, bytes.Repeat([]byte("Z"), int(n))...)
}

// stateDict is the pickle (protocol 2) of a dict of float tensors.
func stateDict(tensors []int64) string {
	var b strings.Builder
	text := func(s string) {
		b.WriteByte('X')
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
		b.WriteString(s)
	}
	number := func(n int64) {
		b.WriteByte('J')
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
	}
	b.WriteString("\x80\x02}(") // PROTO 2, EMPTY_DICT, MARK
	for i, size := range tensors {
		text(tensorName(i))
		b.WriteString("ctorch._utils\n_rebuild_tensor_v2\n((")
		text("storage")
		b.WriteString("ctorch\nFloatStorage\n")
		text(fmt.Sprint(i))
		text("cpu")
		number(size / 4)
		b.WriteString("tQ") // TUPLE, BINPERSID
		number(0)           // offset in the storage
		number(size / 4)
		b.WriteByte('\x85') // TUPLE1: the shape
		number(1)
		b.WriteString("\x85\x89ccollections\nOrderedDict\n)RtR") // stride, no gradient, no hooks
	}
	b.WriteString("u.") // SETITEMS, STOP
	return b.String()
}

// counter counts the bytes that went through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
