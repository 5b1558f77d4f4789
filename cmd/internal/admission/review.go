package admission

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	reviewVersion = "admission.k8s.io/v1"
	reviewKind    = "AdmissionReview"
)

// review is the part of k8s.io/api/admission/v1 AdmissionReview that is used.
type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID         string         `json:"uid"`
	Kind        groupKind      `json:"kind"` // what Object is, converted to what the webhook asked for
	SubResource string         `json:"subResource"`
	Namespace   string         `json:"namespace"`
	Name        string         `json:"name"`
	Operation   string         `json:"operation"`
	Object      jsontext.Value `json:"object"`
	OldObject   jsontext.Value `json:"oldObject"`
}

type groupKind struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

func (k groupKind) String() string {
	if k.Group == "" {
		return k.Version + " " + k.Kind
	}
	return k.Group + "/" + k.Version + " " + k.Kind
}

type response struct {
	UID              string            `json:"uid"`
	Allowed          bool              `json:"allowed"`
	Status           *status           `json:"status,omitempty"`
	Warnings         []string          `json:"warnings,omitempty"`
	AuditAnnotations map[string]string `json:"auditAnnotations,omitempty"`
}

type status struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// decodeReview accepts an AdmissionReview v1 with a request, and nothing else.
func decodeReview(body []byte) (*request, error) {
	var r review
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("not an AdmissionReview: %w", err)
	}
	switch {
	case r.APIVersion != reviewVersion || r.Kind != reviewKind:
		return nil, fmt.Errorf("want apiVersion %s and kind %s: set admissionReviewVersions: [v1]", reviewVersion, reviewKind)
	case r.Request == nil:
		return nil, errors.New("the AdmissionReview has no request")
	case r.Request.UID == "" || len(r.Request.UID) > 256:
		return nil, errors.New("the request has no usable uid")
	}
	return r.Request, nil
}

func encodeResponse(r response) ([]byte, error) {
	return json.Marshal(review{APIVersion: reviewVersion, Kind: reviewKind, Response: &r}, json.Deterministic(true))
}

// checkObject compares what the object says it is with what the API server says.
func checkObject(k groupKind, object jsontext.Value) error {
	var meta struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := json.Unmarshal(object, &meta); err != nil {
		return err
	}
	want := k.Version
	if k.Group != "" {
		want = k.Group + "/" + k.Version
	}
	if meta.APIVersion != want || meta.Kind != k.Kind {
		return fmt.Errorf("the object says it is %q %q, the request says %s", meta.APIVersion, meta.Kind, k)
	}
	return nil
}
