package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/scanners"
)

// The form of a policy file. What is left out keeps the built-in value.
type (
	document struct {
		APIVersion   string                    `yaml:"apiVersion"`
		Kind         string                    `yaml:"kind"`
		Metadata     metadata                  `yaml:"metadata"`
		Mode         string                    `yaml:"mode"`
		FailOn       string                    `yaml:"failOn"`
		Defaults     defaultsDocument          `yaml:"defaults"`
		Signers      map[string]signerDocument `yaml:"signers"`
		Require      requireDocument           `yaml:"require"`
		Rules        []ruleDocument            `yaml:"rules"`
		Environments []environmentDocument     `yaml:"environments"`
		Waivers      []waiverDocument          `yaml:"waivers"`
		Approvers    *approversDocument        `yaml:"waiverApprovers"`
	}
	metadata struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
	}
	defaultsDocument struct {
		Unmatched  string `yaml:"unmatched"`
		Unpinned   string `yaml:"unpinned"`
		Unresolved string `yaml:"unresolved"`
		Missing    string `yaml:"missing"`
		Error      string `yaml:"error"`
	}
	requireDocument struct {
		Signature   bool                 `yaml:"signature"`
		SignedBy    *signedByDocument    `yaml:"signedBy"`
		Pinned      bool                 `yaml:"pinned"`
		Formats     *listsDocument       `yaml:"formats"`
		Coverage    string               `yaml:"coverage"`
		Evidence    []string             `yaml:"evidence"`
		RemoteCode  string               `yaml:"remoteCode"`
		Licenses    *listsDocument       `yaml:"licenses"`
		MinAge      string               `yaml:"minAge"`
		SignedAfter string               `yaml:"signedAfter"`
		NoRollback  bool                 `yaml:"noRollback"`
		FreshWithin string               `yaml:"freshWithin"`
		Attested    []attestedDocument   `yaml:"attested"`
		That        []expressionDocument `yaml:"that"`
	}
	attestedDocument struct {
		AtLeast int      `yaml:"atLeast"`
		Kind    string   `yaml:"kind"`
		By      []string `yaml:"by"`
		Builder string   `yaml:"builder"`
		Source  string   `yaml:"source"`
		Result  string   `yaml:"result"`
	}
	signedByDocument struct {
		AtLeast   int      `yaml:"atLeast"`
		Of        []string `yaml:"of"`
		Including []string `yaml:"including"`
	}
	approversDocument struct {
		Of       []string `yaml:"of"`
		AtLeast  int      `yaml:"atLeast"`
		Critical int      `yaml:"critical"`
	}
	listsDocument struct {
		Allow []string `yaml:"allow"`
		Deny  []string `yaml:"deny"`
	}
	ruleDocument struct {
		Name    string          `yaml:"name"`
		Match   *matchDocument  `yaml:"match"`
		Mode    string          `yaml:"mode"`
		FailOn  string          `yaml:"failOn"`
		Require requireDocument `yaml:"require"`
	}
	matchDocument struct {
		Refs         []string `yaml:"refs"`
		Kinds        []string `yaml:"kinds"`
		Environments []string `yaml:"environments"`
	}
	environmentDocument struct {
		Name       string   `yaml:"name"`
		Namespaces []string `yaml:"namespaces"`
		Mode       string   `yaml:"mode"`
		FailOn     string   `yaml:"failOn"`
	}
)

// rules checks the document and turns it into what decides.
func (d *document) rules(read readFunc) (Rules, error) {
	var r Rules
	var err error
	if r.FailOn, err = severity(d.FailOn); err != nil {
		return r, err
	}
	mode, err := modeOf(d.Mode)
	if err != nil {
		return r, err
	}
	if mode != nil {
		r.Mode = *mode
	}
	if r.Defaults, err = d.Defaults.check(); err != nil {
		return r, fmt.Errorf("defaults.%w", err)
	}
	if r.Named, r.Trust, err = d.readSigners(read); err != nil {
		return r, err
	}
	if r.Require, err = d.Require.requirements(r.Named); err != nil {
		return r, fmt.Errorf("require: %w", err)
	}
	r.RequireSignature, r.RequirePinned = r.Require.Signature, r.Require.Pinned
	if r.Environments, err = d.environments(); err != nil {
		return r, err
	}
	if r.Rules, err = d.ruleList(r); err != nil {
		return r, err
	}
	if r.Approvers, err = d.Approvers.check(r.Named); err != nil {
		return r, fmt.Errorf("waiverApprovers: %w", err)
	}
	if d.Approvers != nil && len(d.Waivers) > 0 {
		return r, errors.New("waivers: keep them in a file of their own, which approvers can sign: this policy asks for that")
	}
	r.Waivers, err = waivers(d.Waivers)
	return r, err
}

// check lets critical findings need two approvers where the policy does not say.
func (d *approversDocument) check(signers map[string]Signer) (Approvers, error) {
	if d == nil {
		return Approvers{}, nil
	}
	by, err := (&signedByDocument{AtLeast: max(d.AtLeast, 1), Of: d.Of}).check(signers)
	a := Approvers{Of: by.Of, AtLeast: by.AtLeast, Critical: d.Critical}
	switch {
	case err != nil:
		return a, err
	case d.AtLeast < 0 || d.Critical < 0:
		return a, errors.New("atLeast and critical are numbers of people")
	case d.Critical == 0:
		a.Critical = min(2, len(d.Of))
	case d.Critical < a.AtLeast || d.Critical > len(d.Of):
		return a, fmt.Errorf("critical is %d: %d to %d are possible", d.Critical, a.AtLeast, len(d.Of))
	}
	a.Critical = max(a.Critical, a.AtLeast)
	return a, nil
}

func (d defaultsDocument) check() (Defaults, error) {
	return Defaults(d), errors.Join(
		oneOf("unmatched", d.Unmatched, "deny", "warn", "builtin"),
		oneOf("unpinned", d.Unpinned, "allow", "warn", "deny"),
		oneOf("unresolved", d.Unresolved, "deny", "warn"),
		oneOf("missing", d.Missing, "deny", "incomplete"),
		oneOf("error", d.Error, "incomplete", "deny"))
}

func (d *document) environments() ([]Environment, error) {
	list := make([]Environment, 0, len(d.Environments))
	for _, e := range d.Environments {
		if e.Name == "" || slices.ContainsFunc(list, func(o Environment) bool { return o.Name == e.Name }) {
			return nil, fmt.Errorf("environment %q: every environment needs a name of its own", e.Name)
		}
		failOn, err := severity(e.FailOn)
		if err != nil {
			return nil, fmt.Errorf("environment %s: %w", e.Name, err)
		}
		mode, err := modeOf(e.Mode)
		if err != nil {
			return nil, fmt.Errorf("environment %s: %w", e.Name, err)
		}
		env := Environment{Name: e.Name, FailOn: failOn, Mode: mode}
		for _, text := range e.Namespaces {
			g, err := ParseGlob(text)
			if err != nil {
				return nil, fmt.Errorf("environment %s: namespaces: %w", e.Name, err)
			}
			env.Namespaces = append(env.Namespaces, g)
		}
		list = append(list, env)
	}
	return list, nil
}

func (d *document) ruleList(r Rules) ([]Rule, error) {
	if d.Rules != nil && len(d.Rules) == 0 {
		return nil, errors.New("rules: an empty list matches nothing: leave it out, or add a rule")
	}
	names := make(map[string]bool)
	list := make([]Rule, 0, len(d.Rules))
	for _, rd := range d.Rules {
		if rd.Name == "" || names[rd.Name] {
			return nil, fmt.Errorf("rule %q: every rule needs a name of its own", rd.Name)
		}
		names[rd.Name] = true
		rule, err := rd.rule(r)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", rd.Name, err)
		}
		list = append(list, rule)
	}
	return list, nil
}

func (d ruleDocument) rule(r Rules) (Rule, error) {
	rule := Rule{Name: d.Name}
	if d.Match == nil || len(d.Match.Refs)+len(d.Match.Kinds)+len(d.Match.Environments) == 0 {
		return rule, errors.New(`it matches nothing: to match everything write match: {refs: ["**"]}`)
	}
	rule.Kinds, rule.Environments = d.Match.Kinds, d.Match.Environments
	for _, text := range d.Match.Refs {
		g, err := ParseGlob(text)
		if err != nil {
			return rule, err
		}
		rule.Refs = append(rule.Refs, g)
	}
	for _, kind := range rule.Kinds {
		if err := oneOf("match.kinds", kind, "model", "dataset", "adapter", "unknown"); err != nil {
			return rule, err
		}
	}
	for _, env := range rule.Environments {
		if _, err := r.InEnvironment(env); err != nil || env == "" {
			return rule, fmt.Errorf("match.environments: %q is not among the environments of the policy", env)
		}
	}
	var err error
	if rule.FailOn, err = severity(d.FailOn); err != nil {
		return rule, err
	}
	if rule.Mode, err = modeOf(d.Mode); err != nil {
		return rule, err
	}
	if rule.Require, err = d.Require.requirements(r.Named); err != nil {
		return rule, fmt.Errorf("require: %w", err)
	}
	return rule, nil
}

func (d requireDocument) requirements(signers map[string]Signer) (Requirements, error) {
	q := Requirements{Signature: d.Signature, Pinned: d.Pinned, Evidence: d.Evidence, RemoteCode: d.RemoteCode == "deny"}
	err := errors.Join(oneOf("coverage", d.Coverage, "complete", "hashed"), oneOf("remoteCode", d.RemoteCode, "deny", "allow"))
	if d.Coverage != "" {
		hashed := d.Coverage == "hashed"
		q.CoverageHashed = &hashed
	}
	for _, name := range d.Evidence {
		if _, ok := minimums[name]; !ok {
			err = errors.Join(err, fmt.Errorf("evidence: unknown %q: one of %s", name, strings.Join(slices.Sorted(maps.Keys(minimums)), ", ")))
		}
	}
	var e error
	if q.SignedBy, e = d.SignedBy.check(signers); e != nil {
		err = errors.Join(err, fmt.Errorf("signedBy: %w", e))
	}
	if q.Formats, e = d.Formats.lists(); e != nil {
		err = errors.Join(err, fmt.Errorf("formats: %w", e))
	}
	q.Licenses, e = d.Licenses.lists()
	if e = errors.Join(e, q.Licenses.checkLicenses()); e != nil {
		err = errors.Join(err, fmt.Errorf("licenses: %w", e))
	}
	if q.MinAge, e = duration(d.MinAge); e != nil {
		err = errors.Join(err, fmt.Errorf("minAge: %w", e))
	}
	if q.SignedAfter, e = instant(d.SignedAfter); e != nil {
		err = errors.Join(err, fmt.Errorf("signedAfter: %w", e))
	}
	q.NoRollback = d.NoRollback
	if q.FreshWithin, e = duration(d.FreshWithin); e != nil {
		err = errors.Join(err, fmt.Errorf("freshWithin: %w", e))
	}
	for _, ad := range d.Attested {
		want, e := ad.attested(signers)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("attested: %w", e))
		}
		q.Attested = append(q.Attested, want)
	}
	for _, xd := range d.That {
		x, e := xd.expression()
		if e != nil {
			err = errors.Join(err, fmt.Errorf("that: %w", e))
		}
		q.That = append(q.That, x)
	}
	return q, err
}

func (d *listsDocument) lists() (Lists, error) {
	if d == nil {
		return Lists{}, nil
	}
	l := Lists{Allow: d.Allow, Deny: d.Deny}
	if l.empty() {
		return l, errors.New("needs allow or deny")
	}
	for _, text := range slices.Concat(l.Allow, l.Deny) {
		if _, err := ParseGlob(text); err != nil {
			return l, err
		}
		if slices.Contains(l.Allow, text) && slices.Contains(l.Deny, text) {
			return l, fmt.Errorf("%q is allowed and denied", text)
		}
	}
	return l, nil
}

func severity(text string) (*scanners.Severity, error) {
	if text == "" {
		return nil, nil
	}
	s := new(scanners.Severity)
	if err := s.UnmarshalText([]byte(text)); err != nil {
		return nil, fmt.Errorf("failOn: %w", err)
	}
	return s, nil
}

func modeOf(text string) (*Mode, error) {
	if err := oneOf("mode", text, "enforce", "warn", "audit"); err != nil || text == "" {
		return nil, err
	}
	mode := Mode(text)
	if text == "enforce" {
		mode = Enforce
	}
	return &mode, nil
}

// duration reads 720h or 30d; it must be positive.
func duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		if n > 36500 {
			err = errors.New("more than a hundred years")
		}
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q: write it like 72h or 30d", text)
	}
	return d, nil
}
