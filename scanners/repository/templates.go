package repository

import (
	"path"
	"slices"

	"assay/scanners"
)

// templates compares the chat templates of a folder. Which one a program takes
// depends on the program: what is reviewed on the page of the repository must be
// what llama.cpp finds inside of the GGUF file.
func (c *check) templates(members []int) {
	shown := make(map[string]bool)
	var files, models []int
	for _, i := range members {
		list := c.templatesOf(i)
		switch {
		case len(list) == 0:
		case c.has(i, "gguf"):
			models = append(models, i)
		default:
			files = append(files, i)
			for _, digest := range list {
				shown[digest] = true
			}
		}
	}
	if len(files) == 0 && len(models) > 0 {
		c.likeTheFirst(models)
		return
	}
	for _, i := range models {
		if !shown[c.templatesOf(i)[0]] {
			c.add(i, "template-differs", "the template in the model is not that of %s", quote(path.Base(c.files[files[0]].Name)))
		}
	}
	c.reviewed(files)
}

// templatesOf are the digests of the templates of a file; the first is the one
// that is used when nobody chooses.
func (c *check) templatesOf(file int) []string {
	var list []string
	for _, m := range c.outline(file).Marks {
		if m.Key != scanners.MarkTemplate {
			continue
		}
		if len(m.Path) > 0 && m.Path[len(m.Path)-1] == "tokenizer.chat_template.jinja" {
			list = slices.Insert(list, 0, m.Value)
			continue
		}
		list = append(list, m.Value)
	}
	return list
}

// likeTheFirst compares the quantisations of one model, which have one template.
func (c *check) likeTheFirst(models []int) {
	first := c.templatesOf(models[0])[0]
	for _, i := range models[1:] {
		if c.templatesOf(i)[0] != first {
			c.addAs(scanners.Medium, i, "template-differs", "another template than in %s", quote(path.Base(c.files[models[0]].Name)))
		}
	}
}

// reviewed compares chat_template.jinja with the configuration. Transformers
// prefers the file; older versions and other programs know the configuration only.
func (c *check) reviewed(files []int) {
	for _, i := range files {
		if c.base(i) != "chat_template.jinja" {
			continue
		}
		mine := c.templatesOf(i)[0]
		for _, k := range files {
			if k != i && (c.base(k) == "tokenizer_config.json" || c.base(k) == "chat_template.json") && !slices.Contains(c.templatesOf(k), mine) {
				c.addAs(scanners.Medium, i, "template-differs", "another template than in %s", quote(path.Base(c.files[k].Name)))
			}
		}
	}
}
