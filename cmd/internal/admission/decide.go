package admission

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"assay/verify"
	"assay/verify/report"
)

// Mode says what a refusal does. The zero value refuses.
type Mode int

// The modes.
const (
	Enforce Mode = iota
	// UnsafeWarnOnly admits everything and says what would have been refused.
	UnsafeWarnOnly
)

// ErrNoVerdict is what Lookup wraps when the store was read and knows nothing of
// a reference. The text of the error is repeated in the answer.
var ErrNoVerdict = errors.New("no verdict")

// Bounds of what is said.
const (
	maxRefusals = 8   // references in a message
	maxReasons  = 3   // reasons of a verdict
	maxSaid     = 300 // bytes of one text from a report
)

// decide answers one request. It never fails: what goes wrong is a refusal.
func (h *webhook) decide(ctx context.Context, r *request) response {
	answer := response{UID: r.UID, AuditAnnotations: make(map[string]string)}
	refusals := h.judge(ctx, r, &answer)
	answer.Allowed = len(refusals) == 0
	if answer.Allowed {
		return answer
	}
	answer.AuditAnnotations["verdict"] = "deny"
	if h.Mode == UnsafeWarnOnly {
		answer.Allowed = true
		answer.AuditAnnotations["verdict"] = "warn"
		for _, refusal := range refusals[:min(len(refusals), maxRefusals)] {
			answer.Warnings = append(answer.Warnings, "assay would refuse this: "+refusal)
		}
		return answer
	}
	answer.Status = &status{Code: http.StatusForbidden, Reason: "Forbidden", Message: message(refusals)}
	return answer
}

func message(refusals []string) string {
	more := ""
	if n := len(refusals) - maxRefusals; n > 0 {
		refusals, more = refusals[:maxRefusals], fmt.Sprintf("; and %d more", n)
	}
	return "assay: " + strings.Join(refusals, "; ") + more
}

// judge returns one sentence for each reason to refuse.
func (h *webhook) judge(ctx context.Context, r *request, answer *response) []string {
	say := func(verdict string) { answer.AuditAnnotations["verdict"] = verdict }
	switch {
	case r.Operation == "DELETE":
		say("delete")
		return nil
	case r.Operation != "CREATE" && r.Operation != "UPDATE":
		return []string{fmt.Sprintf("operation %q cannot be judged; take it out of the webhook's rules", clip(r.Operation))}
	case r.SubResource == "status":
		// It cannot change what an object runs.
		say("status")
		return nil
	}
	x, err := h.read(r)
	if err != nil {
		return []string{err.Error()}
	}
	answer.Warnings = append(answer.Warnings, x.warnings...)
	answer.AuditAnnotations["references"] = fmt.Sprint(len(x.references))
	switch {
	case len(x.references) == 0:
		say("no-model")
		return nil
	case h.unchanged(r, x):
		say("unchanged")
		return nil
	}
	say("allow")
	return h.verdicts(ctx, r.Namespace, x.references, answer)
}

// read extracts the references of the object.
func (h *webhook) read(r *request) (*extraction, error) {
	k, ok := findKind(r.Kind)
	if !ok {
		return nil, fmt.Errorf("it is not known where a %s keeps its models, so it cannot be judged; take this kind out of the webhook's rules",
			clip(r.Kind.String()))
	}
	if err := checkObject(r.Kind, r.Object); err != nil {
		return nil, fmt.Errorf("the object cannot be read: %w", err)
	}
	x, err := extract(k, r.Object, h.Hub)
	if err != nil {
		return nil, fmt.Errorf("the %s cannot be read: %w", k.kind, err)
	}
	return x, nil
}

// unchanged reports an update that names the same models in the same places. The
// API server, not the user, says what the object was before.
func (h *webhook) unchanged(r *request, x *extraction) bool {
	if r.Operation != "UPDATE" {
		return false
	}
	before := *r
	before.Object = r.OldObject
	old, err := h.read(&before)
	return err == nil && slices.Equal(old.references, x.references)
}

// verdicts looks every reference up, equal ones once.
func (h *webhook) verdicts(ctx context.Context, namespace string, references []Reference, answer *response) (refusals []string) {
	known := make(map[string]string)
	for _, r := range references {
		if r.Pinned == "" {
			problem := fmt.Sprintf("%s: %s%s%s", r.Path, quoted(r.Raw), r.Problem, findPin(r.Ask))
			if r.Ask == "" && h.UnsafeAdmitUnresolved {
				answer.warn("assay cannot tell which model this is, and lets it pass: " + problem)
				continue
			}
			refusals = append(refusals, problem)
			continue
		}
		why, ok := known[r.Pinned]
		if !ok {
			why = h.verdict(ctx, namespace, r.Pinned, answer)
			known[r.Pinned] = why
		}
		if why != "" {
			refusals = append(refusals, fmt.Sprintf("%s: %s%s", r.Path, quoted(r.Raw), why))
		}
	}
	return refusals
}

func quoted(raw string) string {
	if raw == "" {
		return ""
	}
	return fmt.Sprintf("%q: ", raw)
}

// findPin says how to find the immutable form.
func findPin(ask string) string {
	if ask == "" {
		return ""
	}
	return " (`assay gate " + ask + "` verifies it and prints the pinned form)"
}

// verdict returns "" when a pinned reference may be used, and why not otherwise.
func (h *webhook) verdict(ctx context.Context, namespace, pinned string, answer *response) string {
	r, err := h.Lookup(ctx, namespace, pinned)
	switch {
	case errors.Is(err, ErrNoVerdict):
		return fmt.Sprintf("%v; run `assay gate %s` with the store of this webhook, and name the model as its report pins it", err, pinned)
	case err != nil:
		return fmt.Sprintf("the verdict for %s could not be read, so it is refused: %v; try again, or ask who runs the webhook", pinned, err)
	case r.Artifact.Pinned != pinned:
		return fmt.Sprintf("the store gave a verdict about another reference than %s; ask who runs the webhook", pinned)
	}
	switch r.Outcome() {
	case verify.Pass:
		if r.Verdict.Mode == "warn" && len(excused(r.Verdict)) > 0 {
			answer.warn("assay would refuse " + pinned + " if the policy enforced: " + reasons(verify.Verdict{Reasons: excused(r.Verdict)}))
		}
		return ""
	case verify.Fail:
		return "denied: " + reasons(r.Verdict)
	case verify.Nothing:
		return "there is nothing in it that could be verified"
	}
	return "could not be verified: " + reasons(r.Verdict)
}

// excused are the reasons that only the mode of the policy keeps from refusing.
func excused(v verify.Verdict) []verify.Reason {
	var list []verify.Reason
	for _, r := range v.Reasons {
		if r.Excused == "mode "+v.Mode {
			list = append(list, r)
		}
	}
	return list
}

// warn adds a warning, up to as many as a person reads.
func (a *response) warn(text string) {
	if len(a.Warnings) < maxRefusals {
		a.Warnings = append(a.Warnings, text)
	}
}

// reasons repeats the worst reasons of a verdict.
func reasons(v verify.Verdict) string {
	var list []string
	for _, r := range v.Reasons[:min(len(v.Reasons), maxReasons)] {
		text := r.What
		if r.File != "" {
			text = r.File + ": " + text
		}
		if r.Advice != "" {
			text += " (" + r.Advice + ")"
		}
		list = append(list, printable(text))
	}
	if n := len(v.Reasons) - maxReasons; n > 0 {
		list = append(list, fmt.Sprintf("and %d more reasons", n))
	}
	if len(list) == 0 {
		return "no reason was recorded"
	}
	return strings.Join(list, ", ")
}

// printable is a text of a report, which may be hostile, fit for a terminal.
func printable(s string) string {
	quotedText := fmt.Sprintf("%q", strings.ToValidUTF8(report.Clip(s, maxSaid), ""))
	return strings.ReplaceAll(quotedText[1:len(quotedText)-1], `\"`, `"`)
}
