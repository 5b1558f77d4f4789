package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"assay/verify/trust"
)

// tokenVariable is where an identity token comes from, as other Sigstore clients
// take it.
const tokenVariable = "SIGSTORE_ID_TOKEN"

// Where a workflow of GitHub Actions with "id-token: write" asks for a token
// (docs.github.com, "OpenID Connect reference").
const (
	actionsURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	actionsToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// identityToken is the token of a file, of the variable, or of the workflow that
// this runs in.
func (a *app) identityToken(ctx context.Context, file string) (string, error) {
	if file != "" {
		data, err := trust.ReadFile(file, trust.MaxFile)
		if err != nil {
			return "", usageError("--identity-token: %w", err)
		}
		return strings.TrimSpace(string(data)), nil
	}
	if token := strings.TrimSpace(a.Getenv(tokenVariable)); token != "" {
		return token, nil
	}
	if from, bearer := a.Getenv(actionsURL), a.Getenv(actionsToken); from != "" && bearer != "" {
		return workflowToken(ctx, from, bearer)
	}
	return "", usageError("--keyless needs an identity token: --identity-token FILE, the variable %s, or a GitHub workflow with 'id-token: write'", tokenVariable)
}

// workflowToken asks for a token with the audience of Sigstore. No error holds the
// URL, the bearer or the answer.
func workflowToken(ctx context.Context, from, bearer string) (string, error) {
	u, err := url.Parse(from)
	if err != nil || !isSecure(from) {
		return "", usageError("%s is no https:// URL", actionsURL)
	}
	query := u.Query()
	query.Set("audience", "sigstore")
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", usageError("%s is no https:// URL", actionsURL)
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(request)
	if err != nil {
		return "", errors.New("ask the workflow for an identity token: no answer")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask the workflow for an identity token: status %d", resp.StatusCode)
	}
	var answer struct {
		Value string `json:"value"`
	}
	if err := json.UnmarshalRead(io.LimitReader(resp.Body, trust.MaxFile), &answer); err != nil || answer.Value == "" {
		return "", errors.New("ask the workflow for an identity token: the answer holds none")
	}
	return answer.Value, nil
}
