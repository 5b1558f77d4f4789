package mlflowhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay/verify"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const created = `{"entity":"model_version","action":"created","data":{"name":"m","version":"1"}}`

// deliver sends an event as MLflow does, and returns the status.
func deliver(r *Receiver, secret, id string, at time.Time, body string) int {
	sent := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s.%s", id, sent, body)
	q := httptest.NewRequest(http.MethodPost, "/mlflow", strings.NewReader(body))
	q.Header.Set("X-MLflow-Delivery-Id", id)
	q.Header.Set("X-MLflow-Timestamp", sent)
	q.Header.Set("X-MLflow-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w.Code
}

// An empty secret is nobody's: everybody could sign with it.
func TestNoSecret(t *testing.T) {
	r := New(Config{Now: func() time.Time { return noon }})
	if code := deliver(r, "", "1", noon, created); code != http.StatusUnauthorized {
		t.Errorf("status %d", code)
	}
}

// A delivery counts once, also after more of them than anybody remembers, and what
// found no room may come again.
func TestOnce(t *testing.T) {
	now := noon
	r := New(Config{Secret: []byte("s"), Now: func() time.Time { return now }})
	if code := deliver(r, "s", "first", now, created); code != http.StatusAccepted {
		t.Fatalf("status %d", code)
	}
	refused := 0
	for i := range 3 * maxSeen {
		switch deliver(r, "s", fmt.Sprint(i), now, created) {
		case http.StatusServiceUnavailable:
			refused++
		case http.StatusAccepted:
			if i%2 == 0 {
				<-r.jobs
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused for want of room")
	}
	if code := deliver(r, "s", "first", now, created); code != http.StatusNoContent {
		t.Errorf("the first delivery again: status %d", code)
	}
	if len(r.seen) > maxSeen || len(r.order) != len(r.seen) {
		t.Errorf("%d remembered, %d in order", len(r.seen), len(r.order))
	}
	for len(r.jobs) > 0 {
		<-r.jobs
	}
	now = now.Add(3 * maxAge)
	if code := deliver(r, "s", "later", now, created); code != http.StatusAccepted {
		t.Errorf("later: status %d", code)
	}
	if len(r.seen) != 1 {
		t.Errorf("%d are remembered although they are too old to come again", len(r.seen))
	}
}

// What could not be judged is tagged as such, and loses the alias; what passes
// keeps it.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, verdict string
		report        verify.Report
		err           error
		removed       bool
	}{
		{"passes", "pass", verify.Report{Verdict: verify.Verdict{Decision: verify.Allow}}, nil, false},
		{"fails", "fail", verify.Report{Verdict: verify.Verdict{Decision: verify.Deny}}, nil, true},
		{"is not understood", "incomplete", verify.Report{}, nil, true},
		{"cannot be read", "error", verify.Report{}, errors.New("no network"), true},
	} {
		var tags map[string]string
		removed := false
		r := New(Config{
			Now:  func() time.Time { return noon },
			Gate: func(context.Context, string, string) (verify.Report, error) { return c.report, c.err },
			Tag: func(_ context.Context, _, _ string, got map[string]string) error {
				tags = got
				return nil
			},
			RemoveAlias: func(_ context.Context, name, version, alias string) error {
				removed = name == "m" && version == "1" && alias == "champion"
				return nil
			},
		})
		r.judge(t.Context(), job{"m", "1", "champion"})
		if tags[TagVerdict] != c.verdict || removed != c.removed {
			t.Errorf("%s: tags %v, alias removed %t", c.name, tags, removed)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(created))
	f.Add([]byte(`{"entity":"model_version_alias","action":"created","data":{"name":"m","alias":"a","version":"2"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		j, wanted, err := read(body)
		if wanted && (err != nil || j.name == "" || j.version == "") {
			t.Errorf("wants %+v, %v", j, err)
		}
	})
}
