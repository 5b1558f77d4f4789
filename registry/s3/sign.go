package s3

import (
	"cmp"
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"

	"assay/registry/internal/remote"
)

// FromEnv fills in endpoint, region and credentials the way the programs of the
// provider do.
//
// S3: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL; AWS_REGION or AWS_DEFAULT_REGION;
// AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, else the
// profile AWS_PROFILE of AWS_SHARED_CREDENTIALS_FILE or ~/.aws, else the role of
// the machine, container or pod, unless AWS_EC2_METADATA_DISABLED.
//
// Google: GOOGLE_OAUTH_ACCESS_TOKEN (as gcloud auth print-access-token gives it),
// or an HMAC key in GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY.
func FromEnv(cfg Config, getenv func(string) string) Config {
	if cfg.Scheme == "gs" {
		return googleFromEnv(cfg, getenv)
	}
	cfg.Endpoint = cmp.Or(cfg.Endpoint, getenv("AWS_ENDPOINT_URL_S3"), getenv("AWS_ENDPOINT_URL"))
	cfg.Region = cmp.Or(cfg.Region, getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), "us-east-1")
	if cfg.Offline {
		return cfg
	}
	if id := getenv("AWS_ACCESS_KEY_ID"); id != "" {
		value := credentials.Value{AccessKeyID: id, SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: getenv("AWS_SESSION_TOKEN")}
		cfg.Sign = signV4(credentials.NewStatic(value.AccessKeyID, value.SecretAccessKey, value.SessionToken, credentials.SignatureV4), cfg)
		return cfg
	}
	if getenv("AWS_NO_SIGN_REQUEST") != "" || getenv("HOME") == "" && getenv("AWS_SHARED_CREDENTIALS_FILE") == "" {
		return cfg
	}
	providers := []credentials.Provider{&credentials.FileAWSCredentials{
		Filename: cmp.Or(getenv("AWS_SHARED_CREDENTIALS_FILE"), filepath.Join(getenv("HOME"), ".aws", "credentials")),
		Profile:  cmp.Or(getenv("AWS_PROFILE"), "default"),
	}}
	if getenv("AWS_EC2_METADATA_DISABLED") == "" {
		providers = append(providers, &credentials.IAM{Client: &http.Client{Transport: cfg.Client.Transport(), Timeout: 2 * time.Second}})
	}
	cfg.Sign = signV4(credentials.NewChainCredentials(providers), cfg)
	return cfg
}

func googleFromEnv(cfg Config, getenv func(string) string) Config {
	cfg.Endpoint = cmp.Or(cfg.Endpoint, getenv("STORAGE_EMULATOR_HOST"))
	cfg.Region = "auto"
	if token := getenv("GOOGLE_OAUTH_ACCESS_TOKEN"); token != "" {
		cfg.Sign = func(_ context.Context, r *http.Request) (*http.Request, error) {
			r.Header.Set("Authorization", "Bearer "+token)
			return r, nil
		}
		return cfg
	}
	if id := getenv("GS_ACCESS_KEY_ID"); id != "" {
		cfg.Sign = signV4(credentials.NewStatic(id, getenv("GS_SECRET_ACCESS_KEY"), "", credentials.SignatureV4), cfg)
	}
	return cfg
}

// emptySum is the SHA-256 of no body.
const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// signV4 signs each request with the credentials of the moment. Without any, the
// requests go out as anybody's.
func signV4(chain *credentials.Credentials, cfg Config) func(context.Context, *http.Request) (*http.Request, error) {
	var mu sync.Mutex
	anonymous := false // looked for once: asking a machine for its role takes seconds where there is none
	return func(ctx context.Context, r *http.Request) (*http.Request, error) {
		mu.Lock()
		defer mu.Unlock()
		if anonymous {
			return r, nil
		}
		value, err := chain.GetWithContext(&credentials.CredContext{Context: ctx, Client: &http.Client{Transport: cfg.transport(), Timeout: 10 * time.Second}})
		if err != nil && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil || value.AccessKeyID == "" || value.SignerType.IsAnonymous() {
			anonymous = true
			return r, nil // public buckets want no credentials
		}
		r.Header.Set("X-Amz-Content-Sha256", emptySum)
		return signer.SignV4(*r, value.AccessKeyID, value.SecretAccessKey, value.SessionToken, cmp.Or(cfg.Region, "us-east-1")), nil
	}
}

func (cfg Config) transport() http.RoundTripper {
	if cfg.Client == nil {
		return remote.SignIn{Next: http.DefaultTransport}
	}
	return cfg.Client.Transport()
}
