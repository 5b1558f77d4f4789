package image

import "encoding/binary"

const pngMagic = "\x89PNG\r\n\x1a\n"

// walkPNG walks the chunks of a PNG (ISO 15948, section 5). Pixels and the
// chunks that decoders skip are data; the letter case of a chunk's type says
// whether a decoder may skip it.
func walkPNG(s *scan) (int64, error) {
	s.result.Parsed.Add(0, int64(len(pngMagic)))
	for at := int64(len(pngMagic)); ; {
		head, err := s.bytes(at, 8)
		if err != nil {
			return 0, err
		}
		n, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
		switch {
		case n > 1<<31-1 || !isChunkType(kind):
			return 0, broken(at, "not a PNG chunk")
		case at == int64(len(pngMagic)) && kind != "IHDR":
			return 0, broken(at, "the first chunk is not IHDR")
		case isCritical(kind) && kind != "IHDR" && kind != "PLTE" && kind != "IDAT" && kind != "IEND":
			return 0, broken(at, "unknown critical chunk %s", kind)
		}
		if err := s.inside(at, n+12); err != nil {
			return 0, err
		}
		s.result.Parsed.Add(at, 8)
		s.result.Opaque.Add(at+8, n)
		s.result.Parsed.Add(at+8+n, 4)
		if at += n + 12; kind == "IEND" {
			return at, nil
		}
	}
}

func isChunkType(kind string) bool {
	for i := range len(kind) {
		if c := kind[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func isCritical(kind string) bool { return kind[0]&0x20 == 0 }
