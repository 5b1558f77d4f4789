package attest

import (
	"errors"
	"fmt"

	"assay/verify"
	"assay/verify/internal/envelope"
)

// IsSigned reports whether data may be a signed attestation and not what one is
// about: it decides nothing but which reader is asked.
func IsSigned(data []byte) bool {
	if !looksSigned(data) {
		return false
	}
	_, err := envelope.DecodeAny(data)
	return err == nil
}

// Opened is what a trusted signer says.
type Opened struct {
	PredicateType string
	Predicate     []byte // JSON
	Signer        verify.Signer
}

// Open returns what a document with one attestation says, if somebody in Trust
// signed it. It compares no file: Prepare does, with the same document in Config.
func (v *Verifier) Open(d Document) (Opened, error) {
	if int64(len(d.Data)) > v.config.MaxDocument {
		return Opened{}, fmt.Errorf("%s: larger than %d bytes", d.Name, v.config.MaxDocument)
	}
	list, err := v.split(d, true)
	if err != nil {
		return Opened{}, err
	}
	if len(list) != 1 {
		return Opened{}, fmt.Errorf("%s: %d attestations, and one was expected", d.Name, len(list))
	}
	switch a := list[0]; {
	case a.problem != nil:
		return Opened{}, fmt.Errorf("%s: %s", d.Name, a.problem.What)
	case !a.Trusted || a.statement == nil:
		return Opened{}, errors.New(d.Name + ": it is not signed by anybody whose attestations count")
	default:
		return Opened{text(a.statement.PredicateType), a.statement.Predicate, a.Signer}, nil
	}
}
