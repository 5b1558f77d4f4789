package repository

import (
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
)

// weights compares the safetensors files of a folder with the files of the same
// model in an older format.
func (c *check) weights(members []int) {
	safe := make(map[string]map[string]inShard) // by model, by tensor
	var others []int
	for _, i := range members {
		o := c.outline(i)
		switch {
		case len(o.Tensors) == 0:
		case c.has(i, "safetensors"):
			model := c.model(i)
			if safe[model] == nil {
				safe[model] = make(map[string]inShard)
			}
			for k := range o.Tensors {
				safe[model][o.Tensors[k].Name] = inShard{i, &o.Tensors[k]}
			}
		case c.has(i, "pickle"):
			others = append(others, i)
		}
	}
	contents := &opened{check: c}
	defer contents.close()
	for _, i := range others {
		if twins := safe[c.model(i)]; len(twins) > 0 {
			c.conversion(i, twins, contents)
		}
	}
}

// model is the name of the model that a file is a part of: model.safetensors and
// pytorch_model-00001-of-00002.bin are of one, two checkpoints of a training are of
// two.
func (c *check) model(file int) string {
	base := c.base(file)
	if m := part.FindStringSubmatch(base); m != nil {
		base = m[1] + m[4]
	}
	return strings.TrimPrefix(strings.TrimSuffix(base, path.Ext(base)), "pytorch_")
}

// conversion compares one file with the safetensors files beside it.
func (c *check) conversion(other int, safe map[string]inShard, contents *opened) {
	shared, compared := 0, 0
	var differ []string
	o := c.outline(other)
	for k := range o.Tensors {
		t := &o.Tensors[k]
		twin, ok := safe[t.Name]
		if !ok {
			continue
		}
		shared++
		if !slices.Equal(t.Shape, twin.tensor.Shape) {
			c.add(twin.file, "conversion", "the tensor %s is %v, and %v in %s", quote(t.Name), twin.tensor.Shape, t.Shape, quote(path.Base(c.files[other].Name)))
			continue
		}
		if t.Dtype != twin.tensor.Dtype || t.Data.Len == 0 || t.Data.Len != twin.tensor.Data.Len {
			continue
		}
		same, err := contents.equal(other, t.Data, twin.file, twin.tensor.Data)
		if err != nil {
			continue // not compared; what cannot be read is a gap of its file
		}
		if compared++; !same {
			differ = append(differ, t.Name)
		}
	}
	if shared == 0 {
		return
	}
	file := safe[firstShared(o, safe)].file
	if len(differ) > 0 {
		c.add(file, "conversion", "%d of %d tensors are not those of %s, %s among them", len(differ), compared, quote(path.Base(c.files[other].Name)), quote(differ[0]))
	}
	c.add(other, "several-formats", "%d tensors are in %s too; %d were compared", shared, quote(path.Base(c.files[file].Name)), compared)
}

func firstShared(o *scanners.Outline, safe map[string]inShard) string {
	for _, t := range o.Tensors {
		if _, ok := safe[t.Name]; ok {
			return t.Name
		}
	}
	return ""
}

// opened holds the contents that are compared.
type opened struct {
	*check
	list map[int]scanners.CrossContent
}

var errNotOpened = errors.New("not opened for comparison")

func (o *opened) content(file int) (scanners.CrossContent, error) {
	if content, ok := o.list[file]; ok {
		return content, nil
	}
	if o.files[file].Open == nil {
		return nil, errNotOpened
	}
	content, err := o.files[file].Open(o.ctx)
	if err != nil {
		return nil, err
	}
	if o.list == nil {
		o.list = make(map[int]scanners.CrossContent)
	}
	o.list[file] = content
	return content, nil
}

func (o *opened) close() {
	for _, content := range o.list {
		_ = content.Close() // it was read to where it was needed
	}
}

const block = 64 << 10

// equal compares the bytes of two tensors.
func (o *opened) equal(a int, x scanners.Span, b int, y scanners.Span) (bool, error) {
	first, err := o.content(a)
	if err != nil {
		return false, err
	}
	second, err := o.content(b)
	if err != nil {
		return false, err
	}
	left, right := make([]byte, block), make([]byte, block)
	for at := int64(0); at < x.Len; at += block {
		if err := o.ctx.Err(); err != nil {
			return false, err
		}
		n := min(block, x.Len-at)
		if _, err := io.ReadFull(io.NewSectionReader(first, x.Off+at, n), left[:n]); err != nil {
			return false, err
		}
		if _, err := io.ReadFull(io.NewSectionReader(second, y.Off+at, n), right[:n]); err != nil {
			return false, err
		}
		if !bytes.Equal(left[:n], right[:n]) {
			return false, nil
		}
	}
	return true, nil
}

// claims compares what the card says with what the files say.
func (c *check) claims(members []int) {
	card := slices.IndexFunc(members, func(i int) bool { return c.base(i) == "readme.md" })
	if card < 0 {
		return
	}
	said := c.facts(members[card], "text/card/base_model")
	if len(said) == 0 {
		return
	}
	for _, i := range members {
		switch {
		case c.base(i) == "adapter_config.json":
			if base := c.fact(i, "text/config/base_model_name_or_path"); isRepository(base) && !containsFold(said, base) {
				c.add(i, "claim", "the base is %s, and %s according to the card", quote(base), quote(said[0]))
			}
		case c.has(i, "gguf"):
			for _, url := range c.facts(i, "gguf/base-model/repo_url") {
				base, ok := strings.CutPrefix(url, "https://huggingface.co/")
				if ok && !containsFold(said, base) {
					c.addAs(scanners.Low, i, "claim", "the base is %s, and %s according to the card", quote(base), quote(said[0]))
				}
			}
		}
	}
}

// isRepository tells a repository from a folder of the machine of its author.
func isRepository(name string) bool {
	return strings.Count(name, "/") == 1 && !strings.ContainsAny(name[:1], "/.~") && !strings.Contains(name, `\`)
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
