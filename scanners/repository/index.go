package repository

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
)

// indexes compares every index of a folder with its shards.
func (c *check) indexes(dir string, members []int) {
	numbered := c.numbered(members)
	for _, i := range members {
		shards := make(map[string][]string) // name of a file: the tensors that are said to be in it
		for _, r := range c.outline(i).Refs {
			switch r.Kind {
			case scanners.RefShard:
				shards[r.Name] = append(shards[r.Name], r.Key)
			case scanners.RefModule:
				if _, ok := c.find(dir, r.Name); !ok {
					c.add(i, "missing-module", "%s is in %s, which is not there", quote(r.Key), quote(r.Name))
				}
			}
		}
		if len(shards) > 0 {
			c.index(dir, i, shards, numbered)
		}
	}
}

// inShard is a tensor as the header of a shard has it.
type inShard struct {
	file   int
	tensor *scanners.Tensor
}

func (c *check) index(dir string, i int, shards map[string][]string, numbered map[string][]int) {
	names := slices.Sorted(maps.Keys(shards))
	found, whole := make(map[string]inShard), true
	listed := make(map[int]bool)
	for _, name := range names {
		c.indexFormat(i, name)
		shard, ok := c.find(dir, name)
		if !ok {
			whole = false
			if len(c.files) == 1 {
				continue // somebody asked about the index alone
			}
			c.add(i, "index-missing-shard", "%d tensors are in %s, which is not there", len(shards[name]), quote(name))
			continue
		}
		listed[shard] = true
		whole = c.tensorsOf(shard, found) && whole
	}
	c.unlistedShards(i, names, listed, numbered)
	for _, name := range names {
		shard, ok := c.find(dir, name)
		for _, key := range shards[name] {
			at, known := found[key]
			switch {
			case known && ok && at.file != shard:
				c.add(i, "index-tensor", "%s is in %s, not in %s", quote(key), quote(path.Base(c.files[at.file].Name)), quote(name))
			case !known && ok && whole:
				c.addAs(scanners.Medium, i, "index-tensor", "no shard has the tensor %s", quote(key))
			}
			delete(found, key)
		}
	}
	if c.outline(i).Cut {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		c.add(found[key].file, "unlisted-tensor", "%s does not list the tensor %s", quote(path.Base(c.files[i].Name)), quote(key))
	}
}

// tensorsOf adds the tensors of a shard. It is false when they are not known.
func (c *check) tensorsOf(file int, found map[string]inShard) bool {
	o := c.outline(file)
	for k := range o.Tensors {
		t := &o.Tensors[k]
		before, twice := found[t.Name]
		if !twice {
			found[t.Name] = inShard{file, t}
			continue
		}
		if before.file == file {
			continue // the scanner of the format reports these
		}
		severity := scanners.Medium
		if before.tensor.Dtype != t.Dtype || !slices.Equal(before.tensor.Shape, t.Shape) {
			severity = scanners.High
		}
		c.addAs(severity, file, "duplicate-tensor", "%s is in %s too", quote(t.Name), quote(path.Base(c.files[before.file].Name)))
	}
	return len(o.Tensors) > 0 && !o.Cut
}

// indexFormat compares what the name of an index promises with what it names.
func (c *check) indexFormat(i int, shard string) {
	want := path.Ext(strings.TrimSuffix(c.base(i), ".index.json"))
	if want != ".safetensors" && want != ".bin" && want != ".h5" {
		return
	}
	if have := strings.ToLower(path.Ext(shard)); have != want {
		c.add(i, "index-format", "an index of %s files names %s", want, quote(shard))
	}
}

// part is how shards are numbered.
var part = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})(\.[a-z0-9]+)$`)

// numbered are the shards of a folder by the model that they are of.
func (c *check) numbered(members []int) map[string][]int {
	out := make(map[string][]int)
	for _, k := range members {
		if m := part.FindStringSubmatch(path.Base(c.files[k].Name)); m != nil {
			model := m[1] + m[3] + m[4]
			out[model] = append(out[model], k)
		}
	}
	return out
}

// unlistedShards reports shards of the same model that the index leaves out. A
// shard is reported once and then no longer looked at: a folder may hold as many
// indexes as shards.
func (c *check) unlistedShards(i int, names []string, listed map[int]bool, numbered map[string][]int) {
	for _, name := range names {
		m := part.FindStringSubmatch(path.Base(name))
		if m == nil {
			continue
		}
		model := m[1] + m[3] + m[4]
		kept := numbered[model][:0]
		for _, k := range numbered[model] {
			if listed[k] {
				kept = append(kept, k)
				continue
			}
			c.add(k, "unlisted-shard", "%s does not name it", quote(path.Base(c.files[i].Name)))
		}
		numbered[model] = kept
	}
}

// parts looks for the missing parts of split GGUF files, which have no index.
func (c *check) parts(members []int) {
	have := make(map[string]int)
	var first []int
	for _, i := range members {
		m := part.FindStringSubmatch(path.Base(c.files[i].Name))
		if m == nil || m[4] != ".gguf" {
			continue
		}
		key := m[1] + "-of-" + m[3]
		if have[key]++; have[key] == 1 {
			first = append(first, i)
		}
	}
	for _, i := range first {
		m := part.FindStringSubmatch(path.Base(c.files[i].Name))
		var all int
		_, _ = fmt.Sscanf(m[3], "%d", &all)
		if n := have[m[1]+"-of-"+m[3]]; n < all {
			c.add(i, "index-missing-shard", "%d of %d parts are there", n, all)
		}
	}
}
