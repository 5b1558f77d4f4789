package sevenzip

import (
	"math"
	"slices"
)

// The ids of sections (7zFormat.txt, "Property IDs").
const (
	idEnd = iota
	idHeader
	idArchiveProperties
	idAdditionalStreams
	idMainStreams
	idFiles
	idPackInfo
	idUnpackInfo
	idSubStreams
	idSize
	idCRC
	idFolder
	idUnpackSizes
	idNumStreams
	idEmptyStream
	idEmptyFile
	idAnti
	idNames
	idCTime
	idATime
	idMTime
	idAttributes
	idComment
	idEncodedHeader
)

// Bounds of a header, many times what any model has.
const (
	maxFiles   = 1 << 20
	maxFolders = 1 << 17
	maxCoders  = 8
)

// coder is one step of decompression.
type coder struct {
	id         string
	in, out    int
	properties []byte
}

// folder is data that is compressed in one piece.
type folder struct {
	coders   []coder
	binds    [][2]int // input, output
	packed   []int    // inputs that are read from the file
	sizes    []uint64 // of the outputs
	sum      *uint32
	at, size int64 // of the packed data, relative to the first byte after the signature header
}

// stream is one file's part of a folder.
type stream struct {
	folder int
	off    int64 // in the unpacked folder
	size   int64
	sum    *uint32
}

// streams are everything that is stored.
type streams struct {
	packs   []int64 // sizes
	at      int64   // of the first pack
	folders []folder
	list    []stream
}

func (c *cursor) size() int64 {
	n := c.number()
	if n > math.MaxInt64/2 {
		c.fail("a size of %d", n)
		return 0
	}
	return int64(n)
}

// streams reads a StreamsInfo.
func (c *cursor) streams() (s streams) {
	id := c.byte()
	if id == idPackInfo {
		s.at = c.size()
		n := c.count(maxFolders)
		id = c.byte()
		if id == idSize {
			for range n {
				s.packs = append(s.packs, c.size())
			}
			id = c.byte()
		}
		if id == idCRC {
			c.sums(n)
			id = c.byte()
		}
		c.ended(id)
		id = c.byte()
	}
	if id == idUnpackInfo {
		s.folders = c.folders()
		id = c.byte()
	}
	c.place(&s)
	if id == idSubStreams {
		c.subStreams(&s)
		id = c.byte()
	} else {
		for i, f := range s.folders {
			s.list = append(s.list, stream{folder: i, size: f.unpacked(), sum: f.sum})
		}
	}
	c.ended(id)
	return s
}

func (c *cursor) ended(id byte) {
	if id != idEnd {
		c.fail("section %d where a list ends", id)
	}
}

func (c *cursor) folders() []folder {
	c.want(idFolder)
	n := c.count(maxFolders)
	if c.byte() != 0 {
		c.fail("folders that are described elsewhere")
	}
	var list []folder
	for range n {
		if c.err != nil {
			return nil
		}
		list = append(list, c.folder())
	}
	c.want(idUnpackSizes)
	for i := range list {
		for _, k := range list[i].coders {
			for range k.out {
				list[i].sizes = append(list[i].sizes, uint64(c.size()))
			}
		}
	}
	id := c.byte()
	if id == idCRC {
		for i, sum := range c.sums(n) {
			if i < len(list) {
				list[i].sum = sum
			}
		}
		id = c.byte()
	}
	c.ended(id)
	return list
}

func (c *cursor) folder() (f folder) {
	in, out := 0, 0
	for range c.count(maxCoders) {
		flags := c.byte()
		k := coder{id: string(c.bytes(int(flags & 0x0f))), in: 1, out: 1}
		if flags&0x10 != 0 {
			k.in, k.out = c.count(maxCoders), c.count(maxCoders)
		}
		if flags&0x20 != 0 {
			k.properties = c.bytes(c.count(1 << 16))
		}
		if flags&0xc0 != 0 {
			c.fail("a coder with the flags %#x", flags)
		}
		in, out = in+k.in, out+k.out
		f.coders = append(f.coders, k)
	}
	if out == 0 || in < out-1 || in > maxCoders*maxCoders {
		c.fail("a folder of %d inputs and %d outputs", in, out)
		return f
	}
	for range out - 1 {
		f.binds = append(f.binds, [2]int{c.count(maxCoders), c.count(maxCoders)})
	}
	if n := in - (out - 1); n > 1 {
		for range n {
			f.packed = append(f.packed, c.count(maxCoders*maxCoders))
		}
		return f
	}
	for i := range in {
		if !slices.ContainsFunc(f.binds, func(b [2]int) bool { return b[0] == i }) {
			f.packed = append(f.packed, i)
		}
	}
	return f
}

// unpacked is the size of the output that no other coder reads.
func (f folder) unpacked() int64 {
	for i, size := range slices.Backward(f.sizes) {
		if !slices.ContainsFunc(f.binds, func(b [2]int) bool { return b[1] == i }) {
			return int64(size)
		}
	}
	return 0
}

// place says where the packed data of each folder are.
func (c *cursor) place(s *streams) {
	at, next := s.at, 0
	for i := range s.folders {
		f := &s.folders[i]
		f.at = at
		for range f.packed {
			if next >= len(s.packs) || s.packs[next] > math.MaxInt64/2-at {
				c.fail("folder %d has no packed data", i)
				return
			}
			f.size += s.packs[next]
			at += s.packs[next]
			next++
		}
	}
	if next != len(s.packs) {
		c.fail("%d packed streams belong to no folder", len(s.packs)-next)
	}
}

// subStreams divides the folders into files.
func (c *cursor) subStreams(s *streams) {
	counts := make([]int, len(s.folders))
	id := c.byte()
	for i := range counts {
		if counts[i] = 1; id == idNumStreams {
			counts[i] = int(min(c.number(), maxFiles+1))
		}
	}
	if id == idNumStreams {
		id = c.byte()
	}
	unknown := 0
	for i, n := range counts {
		rest, off := s.folders[i].unpacked(), int64(0)
		for k := range n {
			if len(s.list) >= maxFiles || c.err != nil {
				c.fail("more than %d files", maxFiles)
				return
			}
			size := rest
			if k < n-1 && id == idSize {
				size = c.size()
			} else if k < n-1 {
				c.fail("files without a size")
			}
			if size > rest {
				c.fail("files larger than their folder")
				return
			}
			s.list = append(s.list, stream{folder: i, off: off, size: size})
			rest, off = rest-size, off+size
		}
		if n != 1 || s.folders[i].sum == nil {
			unknown += n
		} else {
			s.list[len(s.list)-1].sum = s.folders[i].sum
		}
	}
	if id == idSize {
		id = c.byte()
	}
	if id == idCRC {
		sums := c.sums(unknown)
		for i := range s.list {
			if s.list[i].sum == nil && len(sums) > 0 {
				s.list[i].sum, sums = sums[0], sums[1:]
			}
		}
		id = c.byte()
	}
	c.ended(id)
}

// file is one entry of the archive.
type file struct {
	name       string
	empty      bool // it has no stream: a folder, or a file of no bytes
	plain      bool // an empty file
	anti       bool // it deletes a file
	attributes uint32
}

// files reads a FilesInfo.
func (c *cursor) files() []file {
	n := c.count(maxFiles)
	list := make([]file, n)
	var empty []int
	for c.err == nil {
		id := c.byte()
		if id == idEnd {
			break
		}
		length := c.size()
		if length > int64(c.left()) {
			c.fail("a property of %d bytes", length)
			break
		}
		part := &cursor{data: c.bytes(int(length)), base: c.base}
		switch id {
		case idEmptyStream:
			for i, is := range part.bits(n) {
				if list[i].empty = is; is {
					empty = append(empty, i)
				}
			}
		case idEmptyFile:
			for i, is := range part.bits(len(empty)) {
				list[empty[i]].plain = is
			}
		case idAnti:
			for i, is := range part.bits(len(empty)) {
				list[empty[i]].anti = is
			}
		case idNames:
			if part.byte() != 0 {
				part.fail("names that are kept elsewhere")
			}
			for i := range list {
				list[i].name = part.name()
			}
		case idAttributes:
			defined := part.optional(n)
			if part.byte() != 0 {
				part.fail("attributes that are kept elsewhere")
			}
			for i, is := range defined {
				if is {
					list[i].attributes = part.u32()
				}
			}
		}
		if part.err != nil {
			c.err = part.err
		}
	}
	return list
}
