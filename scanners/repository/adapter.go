package repository

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
)

var (
	// peftName is how peft names the tensors of an adapter
	// (peft/utils/save_and_load.py); a part before the suffix may name the adapter.
	peftName = regexp.MustCompile(`^(.+)\.(lora_A|lora_B|lora_embedding_A|lora_embedding_B|lora_magnitude_vector|hada_w[12]_[ab]|lokr_w[12](?:_[ab])?|ia3_l|oft_r|vera_lambda_[bd]|vera_[AB]|boft_[Rs]|fourierft_spectrum|hra_u|lora_E|ranknum|trainable_tokens_delta|prompt_embeddings)(\.[^.]+)??(\.weight)?$`)
	// kohyaName is how image generators do.
	kohyaName = regexp.MustCompile(`^(lora_(?:unet|te\d?|transformer|prior)_?.*)\.(lora_down|lora_up|lora_mid|alpha|dora_scale|diff|diff_b|hada_w[12]_[ab]|lokr_w[12](?:_[ab])?)(\.weight)?$`)
	// diffusersName is what diffusers writes itself.
	diffusersName = regexp.MustCompile(`^(.+)\.(lora(?:_linear_layer)?\.(?:up|down)|lora_[AB]|alpha)(\.weight)?$`)
)

// adapter compares adapter_config.json with the tensors beside it, and these with
// the base when it is here too.
func (c *check) adapter(dir string, members []int) {
	config := slices.IndexFunc(members, func(i int) bool { return c.base(i) == "adapter_config.json" })
	for _, i := range members {
		if stem := strings.TrimSuffix(c.base(i), path.Ext(c.base(i))); stem != "adapter_model" || len(c.outline(i).Tensors) == 0 {
			continue
		}
		var saved []string
		rank := int64(0)
		if config >= 0 {
			saved = c.facts(members[config], "text/config/modules_to_save")
			rank, _ = strconv.ParseInt(c.fact(members[config], "text/config/r"), 10, 64)
		}
		c.adapterTensors(i, saved, rank)
		c.adapterBase(dir, i)
	}
	if config >= 0 {
		c.scaling(members[config])
		c.pinned(members[config])
	}
}

// adapterTensors looks for tensors that no adapter has, and for halves of pairs.
func (c *check) adapterTensors(file int, saved []string, rank int64) {
	halves := make(map[string][2]*scanners.Tensor)
	ranks := make(map[int64]int)
	o := c.outline(file)
	for k := range o.Tensors {
		t := &o.Tensors[k]
		m := adapterName(t.Name)
		if m == nil {
			c.smuggled(file, t, saved)
			continue
		}
		pair := halves[m[1]]
		switch m[2] {
		case "lora_A", "lora_down", "lora.down", "lora_linear_layer.down":
			pair[0] = t
			if len(t.Shape) > 0 {
				ranks[t.Shape[0]]++
			}
		case "lora_B", "lora_up", "lora.up", "lora_linear_layer.up":
			pair[1] = t
		default:
			continue
		}
		halves[m[1]] = pair
	}
	for _, module := range slices.Sorted(maps.Keys(halves)) {
		a, b := halves[module][0], halves[module][1]
		switch {
		case a == nil || b == nil:
			c.add(file, "adapter-pair", "one half of the pair of %s is missing", quote(module))
		case len(a.Shape) > 0 && len(b.Shape) > 1 && a.Shape[0] != b.Shape[1]:
			c.add(file, "adapter-pair", "the pair of %s does not fit together: %v and %v", quote(module), a.Shape, b.Shape)
		}
	}
	if rank > 0 && len(ranks) > 0 && ranks[rank] == 0 {
		c.add(file, "adapter-pair", "the configuration says rank %d, and no pair has it", rank)
	}
}

func adapterName(name string) []string {
	if name == "prompt_embeddings" { // prompt tuning has nothing else
		return []string{name, "", ""}
	}
	for _, pattern := range []*regexp.Regexp{peftName, kohyaName, diffusersName} {
		if m := pattern.FindStringSubmatch(name); m != nil {
			return m
		}
	}
	return nil
}

// smuggled reports whole weights. What modules_to_save announces is ordinary, if
// worth knowing when it is what the model answers with.
func (c *check) smuggled(file int, t *scanners.Tensor, saved []string) {
	for _, module := range saved {
		if slices.Contains(strings.Split(t.Name, "."), module) {
			return
		}
	}
	severity := scanners.Medium
	if strings.Contains(t.Name, "lm_head") || strings.Contains(t.Name, "embed_tokens") {
		severity = scanners.High
	}
	c.addAs(severity, file, "adapter-tensor", "%s %v replaces a weight of the base", quote(t.Name), t.Shape)
}

// adapterBase compares the shapes with those of the base, when it is beside the
// adapter or in the folder above.
func (c *check) adapterBase(dir string, file int) {
	base := make(map[string]inShard)
	for _, folder := range []string{dir, path.Dir(dir)} {
		for _, i := range c.byFolder[folder] {
			if i != file && c.has(i, "safetensors") && !strings.HasPrefix(c.base(i), "adapter_") {
				for k := range c.outline(i).Tensors {
					base[c.outline(i).Tensors[k].Name] = inShard{i, &c.outline(i).Tensors[k]}
				}
			}
		}
	}
	if len(base) == 0 {
		return
	}
	for _, t := range c.outline(file).Tensors {
		m := peftName.FindStringSubmatch(t.Name)
		if m == nil || len(t.Shape) != 2 {
			continue
		}
		of, ok := base[strings.TrimPrefix(m[1], "base_model.model.")+".weight"]
		if !ok || len(of.tensor.Shape) != 2 {
			continue
		}
		in, out := of.tensor.Shape[1], of.tensor.Shape[0]
		if m[2] == "lora_A" && t.Shape[1] != in || m[2] == "lora_B" && t.Shape[0] != out {
			c.add(file, "adapter-shape", "%s is %v, for a weight of %v in %s", quote(t.Name), t.Shape, of.tensor.Shape, quote(c.files[of.file].Name))
		}
	}
}

// hubName is a model by name, and not a path of the machine where it was trained.
var (
	hubName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*$`)
	commit  = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// pinned asks whether the base is named by commit.
func (c *check) pinned(config int) {
	base, revision := c.fact(config, "text/config/base_model_name_or_path"), c.fact(config, "text/config/revision")
	if hubName.MatchString(base) && !commit.MatchString(revision) {
		c.add(config, "adapter-base", "the base %s, at whatever it is", quote(base))
	}
}

// scaling is lora_alpha / r: the factor with which the adapter counts.
func (c *check) scaling(config int) {
	alpha, err1 := strconv.ParseFloat(c.fact(config, "text/config/lora_alpha"), 64)
	rank, err2 := strconv.ParseFloat(c.fact(config, "text/config/r"), 64)
	if err1 == nil && err2 == nil && rank > 0 && alpha/rank > 64 {
		c.add(config, "adapter-scaling", "lora_alpha %g for rank %g", alpha, rank)
	}
}
