package admission

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// podSpec is the part of core/v1 PodSpec that is used.
type podSpec struct {
	InitContainers      []container `json:"initContainers"`
	Containers          []container `json:"containers"`
	EphemeralContainers []container `json:"ephemeralContainers"`
	Volumes             []volume    `json:"volumes"`
}

type container struct {
	Name         string         `json:"name"`
	Image        jsontext.Value `json:"image"` // a string in a container; anything in a custom resource
	Command      []string       `json:"command"`
	Args         []string       `json:"args"`
	Env          []envVar       `json:"env"`
	EnvFrom      []struct{}     `json:"envFrom"`
	VolumeMounts []mount        `json:"volumeMounts"`
}

type envVar struct {
	Name      string         `json:"name"`
	Value     string         `json:"value"`
	ValueFrom jsontext.Value `json:"valueFrom"`
}

type mount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
}

type volume struct {
	Name  string `json:"name"`
	Image *struct {
		Reference string `json:"reference"`
	} `json:"image"`
	CSI *struct {
		Driver           string            `json:"driver"`
		VolumeAttributes map[string]string `json:"volumeAttributes"`
	} `json:"csi"`
}

func (x *extraction) podSpec(n node) error {
	var spec podSpec
	if err := json.Unmarshal(n.value, &spec); err != nil {
		return fmt.Errorf("%s: %w", n.path, err)
	}
	images := make(map[string]bool) // volumes whose content is judged
	for i, v := range spec.Volumes {
		at := fmt.Sprintf("%s.volumes[%d]", n.path, i)
		if v.Image != nil {
			images[v.Name] = true
			x.image(at+".image.reference", v.Image.Reference)
		}
		if v.CSI != nil {
			if key, ok := csiReferences[v.CSI.Driver]; ok {
				images[v.Name] = true
				x.image(at+".csi.volumeAttributes["+key+"]", v.CSI.VolumeAttributes[key])
			}
		}
	}
	for _, group := range []struct {
		name string
		list []container
	}{
		{"initContainers", spec.InitContainers}, {"containers", spec.Containers}, {"ephemeralContainers", spec.EphemeralContainers},
	} {
		for i, c := range group.list {
			x.container(fmt.Sprintf("%s.%s[%d]", n.path, group.name, i), c, images)
		}
	}
	return nil
}

// image adds an OCI reference without scheme. An empty one is mounted from
// nowhere yet: it is set later, by an update that is reviewed too, and refused
// until then, because a volume must name what it holds.
func (x *extraction) image(at, ref string) {
	r := Reference{Path: at, Raw: ref}
	pinImage(&r, ref)
	x.add(r)
}

// container finds the references of one container. images are the volumes of
// the Pod whose content is judged by itself.
func (x *extraction) container(at string, c container, images map[string]bool) {
	first := len(x.references)
	env := newEnvironment(at, c)
	args := env.words(at+".args", c.Args)
	p := process{extraction: x, env: env, judged: judgedMounts(c, images)}

	if c.Name == storageInitializer {
		p.storageInitializer(args)
	}
	if len(c.Command) == 0 && serveImages[imageName(c.Image)] && len(args) <= maxWords {
		p.first(word{path: at + ".image", text: imageName(c.Image)}, args, program{form: formName, revisions: revision})
	}
	p.command(append(env.words(at+".command", c.Command), args...), 0)
	p.variables()
	for _, name := range env.names {
		for _, v := range env.vars[name] {
			p.anywhere(v.path, v.text)
		}
	}
	p.checkHub(x.references[first:])
	if env.open && len(x.references) > first {
		p.warn("%s.envFrom: variables from elsewhere can change what is loaded, and are not judged", at)
	}
}

func judgedMounts(c container, images map[string]bool) (paths []string) {
	for _, m := range c.VolumeMounts {
		if images[m.Name] && m.MountPath != "" {
			paths = append(paths, path.Clean(m.MountPath))
		}
	}
	return paths
}

// imageName is the last part of a container image's name.
func imageName(image jsontext.Value) string {
	var ref string
	if image.Kind() != '"' || json.Unmarshal(image, &ref) != nil {
		return ""
	}
	ref, _, _ = strings.Cut(ref, "@")
	ref = ref[strings.LastIndexByte(ref, '/')+1:]
	ref, _, _ = strings.Cut(ref, ":")
	return ref
}

// storageInitializer takes pairs of URI and path.
func (p *process) storageInitializer(words []word) {
	for i := 0; i < len(words); i += 2 {
		p.wordValue(words[i], formURI, revisionOf{})
	}
}

// uriForm finds references in any text: the two schemes that nothing else uses.
var uriForm = regexp.MustCompile(`\b(?:hf|oci)://[^\s"'<>|;,&()\[\]{}\\` + "`" + `]+`)

// anywhere finds references in a text that no rule explains: a JSON document, a
// script, a flag that is not in the tables.
func (p *process) anywhere(at, text string) {
	if !strings.Contains(text, "://") {
		return
	}
	for _, uri := range uriForm.FindAllString(text, maxReferences) {
		p.value(at, strings.TrimRight(uri, "."), formURI, revisionOf{})
	}
}

// checkHub refuses names of the Hub in a container that is told to ask another
// one: the verdict is about what the Hub calls by that name.
func (p *process) checkHub(references []Reference) {
	for i := range references {
		r := &references[i]
		if why := p.otherHub(); why != "" && strings.HasPrefix(r.Ask, "hf://") {
			r.Pinned, r.Ask, r.Problem = "", "", why
		}
	}
	for _, name := range loadsLater {
		if p.env.isOn(name) {
			p.warn("%s is set: the server may load models later that nobody has judged", name)
		}
	}
}

func (p *process) otherHub() string {
	for _, v := range p.env.vars["HF_ENDPOINT"] {
		if !v.known || strings.TrimRight(v.text, "/") != strings.TrimRight(p.hub, "/") {
			return "the container is told to use another Hub (HF_ENDPOINT) than the one that verdicts are about; remove the variable"
		}
	}
	for _, name := range otherHub {
		if p.env.isOn(name) {
			return "the container is told to take models from elsewhere (" + name + ") than verdicts are about; remove the variable"
		}
	}
	return ""
}
