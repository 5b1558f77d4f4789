package trust

import (
	"context"
	"fmt"
	"slices"

	"assay/verify"
)

// Apply is what evidence says when the list is believed, too: denied content is a
// failed claim, and whatever a denied signer signed fails. The evidence that was
// given is not changed. It is for evidence that was gathered before somebody was
// denied; a gate asks the list while it verifies.
func (d DenyList) Apply(e verify.Evidence, name string) (verify.Evidence, error) {
	if d.Len() == 0 {
		return e, nil
	}
	e.Claims = slices.Clone(e.Claims)
	for i, c := range e.Claims {
		reason, denied := d.Key(c.Identity.KeyID)
		if !denied {
			reason, denied = d.Identity(c.Identity.Subject)
		}
		if !denied {
			continue
		}
		c.Standing = verify.Failed
		c.Problems = append(slices.Clone(c.Problems), verify.Problem{Code: "denied", What: fmt.Sprintf("the signer is denied: %s", reason)})
		e.Claims[i] = c
	}
	check, err := d.Verifier(name).Prepare(context.Background(), nil)
	if err != nil {
		return e, err
	}
	e.Claims = append(e.Claims, check.Claims(verify.DigestsOf(e))...)
	return e, nil
}
