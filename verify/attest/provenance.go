package attest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"assay/verify"
	"assay/verify/internal/envelope"
)

// provenance is what both versions of SLSA provenance say.
type provenance struct {
	builder, buildType   string
	source, ref, trigger string
	finished             string
	parameters           map[string]string // dotted path -> scalar as JSON writes it, strings unquoted
}

// provenanceV1 is https://slsa.dev/provenance/v1.
type provenanceV1 struct {
	BuildDefinition struct {
		BuildType          string         `json:"buildType"`
		ExternalParameters jsontext.Value `json:"externalParameters"`
		InternalParameters struct {
			GitHub struct {
				Event string `json:"event_name"`
			} `json:"github"`
		} `json:"internalParameters"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
		Metadata struct {
			Finished string `json:"finishedOn"`
		} `json:"metadata"`
	} `json:"runDetails"`
}

// provenanceV02 is https://slsa.dev/provenance/v0.2.
type provenanceV02 struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
	BuildType  string `json:"buildType"`
	Invocation struct {
		ConfigSource struct {
			URI string `json:"uri"`
		} `json:"configSource"`
		Parameters  jsontext.Value `json:"parameters"`
		Environment jsontext.Value `json:"environment"`
	} `json:"invocation"`
	Metadata struct {
		Finished string `json:"buildFinishedOn"`
	} `json:"metadata"`
}

func readProvenance(st *statement) (provenance, error) {
	var p provenance
	var err error
	if st.PredicateType == TypeProvenanceV02 {
		err = p.readV02(st.Predicate)
	} else {
		err = p.readV1(st.Predicate)
	}
	switch {
	case err != nil:
		return p, err
	case p.builder == "":
		return p, errors.New("provenance without a builder id")
	case p.buildType == "":
		return p, errors.New("provenance without a build type")
	}
	return p, nil
}

func (p *provenance) readV1(predicate jsontext.Value) error {
	var d provenanceV1
	if err := envelope.DecodeWide(predicate, &d); err != nil {
		return err
	}
	parameters, err := flatten(d.BuildDefinition.ExternalParameters)
	if err != nil {
		return fmt.Errorf("external parameters: %w", err)
	}
	p.builder, p.buildType, p.parameters = d.RunDetails.Builder.ID, d.BuildDefinition.BuildType, parameters
	p.trigger, p.finished = d.BuildDefinition.InternalParameters.GitHub.Event, d.RunDetails.Metadata.Finished
	return p.findSource()
}

// sources are where known build types keep repository and ref in their external
// parameters: GitHub workflows, SLSA generators, Google Cloud Build. What a
// builder resolved along the way (resolvedDependencies) is not asked: any
// repository can be among it.
var sources = [][2]string{
	{"workflow.repository", "workflow.ref"},
	{"buildConfigSource.repository", "buildConfigSource.ref"},
	{"sourceToBuild.repository", "sourceToBuild.ref"},
	{"source.uri", "source.ref"},
	{"configSource.uri", "configSource.ref"},
	{"source", "ref"},
}

func (p *provenance) findSource() error {
	for _, keys := range sources {
		uri, ok := p.parameters[keys[0]]
		if !ok {
			continue
		}
		source, ref := splitSource(uri)
		if other := p.parameters[keys[1]]; ref != "" && other != "" && ref != other {
			return fmt.Errorf("two refs of the source: %.200q and %.200q", ref, other)
		} else if ref == "" {
			ref = other
		}
		if p.source != "" && p.source != source {
			return fmt.Errorf("two sources: %.200q and %.200q", p.source, source)
		}
		if p.source == "" {
			p.source, p.ref = source, ref
		}
	}
	return nil
}

func (p *provenance) readV02(predicate jsontext.Value) error {
	var d provenanceV02
	if err := envelope.DecodeWide(predicate, &d); err != nil {
		return err
	}
	parameters, err := flatten(d.Invocation.Parameters)
	if err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	environment, err := flatten(d.Invocation.Environment)
	if err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	p.builder, p.buildType, p.parameters = d.Builder.ID, d.BuildType, parameters
	p.trigger, p.finished = cmp.Or(environment["github_event_name"], environment["GITHUB_EVENT_NAME"]), d.Metadata.Finished
	p.source, p.ref = splitSource(d.Invocation.ConfigSource.URI)
	return nil
}

// splitSource reads "git+https://host/owner/name.git@refs/heads/main".
func splitSource(uri string) (source, ref string) {
	source = strings.TrimPrefix(uri, "git+")
	if i := strings.LastIndexByte(source, '@'); i > strings.LastIndexByte(source, '/') || i > 0 && strings.HasPrefix(source[i+1:], "refs/") {
		source, ref = source[:i], source[i+1:]
	}
	return cleanSource(source), ref
}

// cleanSource makes two spellings of a repository equal.
func cleanSource(uri string) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(uri, "git+"), "/"), ".git")
}

// Bounds on parameters.
const (
	maxParameters     = 4096
	maxParameterDepth = 8
)

// flatten turns an object into dotted paths to scalars.
func flatten(object jsontext.Value) (map[string]string, error) {
	out := make(map[string]string)
	if len(object) == 0 || object.Kind() == 'n' {
		return out, nil
	}
	if object.Kind() != '{' {
		return nil, errors.New("no object")
	}
	return out, flattenInto(out, "", object, 0)
}

func flattenInto(out map[string]string, prefix string, v jsontext.Value, depth int) error {
	if depth > maxParameterDepth || len(out) > maxParameters {
		return fmt.Errorf("deeper than %d or more than %d values", maxParameterDepth, maxParameters)
	}
	switch v.Kind() {
	case '{':
		var members map[string]jsontext.Value
		if err := envelope.DecodeWide(v, &members); err != nil {
			return err
		}
		for name, member := range members {
			if err := flattenInto(out, strings.TrimPrefix(prefix+"."+name, "."), member, depth+1); err != nil {
				return err
			}
		}
		return nil
	case '"':
		s, err := jsontext.AppendUnquote(nil, v)
		return put(out, prefix, string(s), err)
	}
	return put(out, prefix, string(v), nil)
}

// put refuses two paths that are written alike: {"a.b":1,"a":{"b":2}}.
func put(out map[string]string, path, value string, err error) error {
	if _, twice := out[path]; twice {
		return fmt.Errorf("%.80q means two values", path)
	}
	out[path] = value
	return err
}

// provenance compares; what it says goes into a.
func (j *judge) provenance(st *statement, a *verify.Attestation) error {
	p, err := readProvenance(st)
	if err != nil {
		return err
	}
	a.Builder, a.BuildType, a.Source = text(p.builder), text(p.buildType), text(p.source)
	a.Ref, a.Trigger, a.Time = text(p.ref), text(p.trigger), text(p.finished)
	e := j.expect
	j.oneOf(CodeBuilder, "the builder", p.builder, e.Builders)
	j.exact(CodeBuildType, "the build type", p.buildType, e.BuildType)
	j.exact(CodeSource, "the source", p.source, cleanSource(e.Source))
	j.exact(CodeRef, "the source's ref", p.ref, e.Ref)
	j.oneOf(CodeTrigger, "the trigger", p.trigger, e.Triggers)
	j.parameters(p.parameters)
	return nil
}

// parameters wants the expected values and no other input: a build with one more
// input is another build.
func (j *judge) parameters(got map[string]string) {
	if len(j.expect.Parameters) == 0 {
		return
	}
	for _, name := range sorted(j.expect.Parameters) {
		want := j.expect.Parameters[name]
		if value, ok := got[name]; !ok {
			j.fail(CodeParameter, "parameter %s is not set, expected is %.200q", name, want)
		} else if value != want {
			j.fail(CodeParameter, "parameter %s is %.200q, expected is %.200q", name, value, want)
		}
	}
	for _, name := range sorted(got) {
		if _, expected := j.expect.Parameters[name]; !expected && strings.HasPrefix(name, "inputs.") {
			j.fail(CodeParameter, "parameter %.200s is set, and nobody expects it", name)
		}
	}
}

func sorted(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
