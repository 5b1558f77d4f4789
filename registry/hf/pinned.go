package hf

import (
	"fmt"
	"net/url"
	"strings"

	"assay/registry"
)

// endpointMark separates a pinned reference from the Hub it was resolved on.
const endpointMark = "?endpoint="

// PinnedAt completes a pinned reference, "hf://org/name@commit", with the Hub
// that was asked. The same name and commit on another Hub may be other content,
// so a verdict about one must not be found under the other. The public Hub, also
// written "", is left out. Anything that is no hf:// reference stays as it is.
func PinnedAt(endpoint, pinned string) string {
	u, err := url.Parse(strings.TrimRight(endpoint, "/"))
	if err != nil || endpoint == "" || !strings.HasPrefix(pinned, "hf://") {
		return pinned
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if u.String() == DefaultEndpoint {
		return pinned
	}
	return pinned + endpointMark + u.String()
}

// atThisHub removes the Hub from a reference and fails when it is another one.
func (s *Source) atThisHub(ref registry.Reference) (registry.Reference, error) {
	rest, endpoint, ok := strings.Cut(ref.Rest, endpointMark)
	if !ok {
		return ref, nil
	}
	bare := registry.Reference{Scheme: ref.Scheme, Rest: rest}
	if PinnedAt(endpoint, bare.String()) != PinnedAt(s.endpoint.String(), bare.String()) {
		return ref, fmt.Errorf("%w: %s is about another Hub: set HF_ENDPOINT to the one it names", registry.ErrReference, ref)
	}
	return bare, nil
}
