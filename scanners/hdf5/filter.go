package hdf5

import (
	"assay/scanners"
	"assay/scanners/internal/clip"
)

// filter is one step of a pipeline.
type filter struct{ id int }

// builtIn are the filters of the library (H5Zpublic.h), of h5py and of PyTables,
// which come with their own code.
var builtIn = map[int]string{
	1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset",
	32000: "lzf",   // h5py lzf/lzf_filter.h
	305:   "lzo",   // PyTables src/H5Zlzo.h
	307:   "bzip2", // PyTables src/H5Zbzip2.h
	32001: "blosc", // PyTables, c-blosc hdf5
	32026: "blosc2",
}

// registered are filters with a number from The HDF Group's list of registered
// filter plug-ins. A plug-in must be installed.
var registered = map[int]string{
	257: "hzip", 258: "fpzip", 32002: "mafisc", 32003: "snappy", 32004: "lz4", 32005: "apax", 32006: "cbf", 32007: "jpeg-xr",
	32008: "bitshuffle", 32009: "spdp", 32010: "lpc-rice", 32011: "ccsds-123", 32012: "jpeg-ls", 32013: "zfp", 32014: "fpzip",
	32015: "zstd", 32016: "b3d", 32017: "sz", 32018: "fcidecomp", 32019: "jpeg", 32020: "vbz", 32021: "fapec", 32022: "bitgroom",
	32023: "granular bitround", 32024: "sz3", 32025: "delta-rice", 32027: "flac", 32028: "h5z-sperr", 32029: "trpx", 32030: "ffmpeg", 32031: "jpeg2000",
}

// filterPipeline reads a filter pipeline (IV.A.2.l).
func (s *scan) filterPipeline(h *header, m message, c *cursor) error {
	version, n := c.u8(), c.u8()
	if version != 1 && version != 2 {
		return s.unsupported(m.at, "filter pipeline version %d", version)
	}
	if version == 1 {
		c.skip(6)
	}
	for range n {
		id, nameSize := c.u16(), 0
		if version == 1 || id >= 256 {
			nameSize = c.u16()
		}
		c.skip(2)
		values := c.u16()
		if version == 1 {
			nameSize = (nameSize + 7) / 8 * 8
		}
		name := c.bytes(nameSize)
		c.skip(4 * values)
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		if c.short {
			return nil
		}
		h.filters = append(h.filters, filter{id})
		s.judgeFilter(h, id, name)
	}
	return nil
}

func (s *scan) judgeFilter(h *header, id int, name []byte) {
	if builtIn[id] != "" {
		return
	}
	if known := registered[id]; known != "" {
		s.found.AddAs(scanners.Low, "hdf5/filter-plugin", s.offset(h.address), "%s needs the plug-in %s (filter %d)", clip.Quote(h.path, maxWhat), known, id)
		return
	}
	s.found.Add("hdf5/filter-plugin", s.offset(h.address), "%s needs filter %d, called %s", clip.Quote(h.path, maxWhat), id, clip.Quote(name, 40))
}
