package envelope

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// maxTimestamps is the number of timestamps in one bundle, as in sigstore-go.
const maxTimestamps = 32

// timestamps are RFC 3161 responses over the signature.
type timestamps struct {
	Stamps stampList `json:"rfc3161Timestamps"`
}

type stampList []stamp

type stamp struct {
	Response Encoded `json:"signedTimestamp"`
}

// UnmarshalJSONFrom bounds the list while it is read.
func (l *stampList) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return DecodeList(dec, maxTimestamps, (*[]stamp)(l))
}

// stamped is the time at which a timestamp authority of the trusted root saw the
// signature; zero when none did, or no root was given, and then the time is now. A
// stamp by nobody who is known proves nothing, and takes nothing away.
func (c *Checker) stamped(d *Signed, raw jsontext.Value, sig []byte) (time.Time, error) {
	if IsEmpty(raw) {
		return time.Time{}, nil
	}
	var list timestamps
	if err := DecodeStrict(raw, &list, json.RejectUnknownMembers(true)); err != nil {
		return time.Time{}, fmt.Errorf("timestamps: %w", err)
	}
	if c.keyless != nil {
		for _, s := range list.Stamps {
			for _, authority := range c.keyless.stampers {
				if at, ok := checkStamp(authority, s.Response, sig); ok {
					d.Time, d.TimeSource = at.UTC().Format(time.RFC3339), "TimestampAuthority"
					return at, nil
				}
			}
		}
	}
	d.Notes = append(d.Notes, "timestamps of the bundle were not checked: none is by an authority of the trusted root")
	return time.Time{}, nil
}

// checkStamp takes a crash over a hostile response for a stamp that is no good.
func checkStamp(a root.TimestampingAuthority, response, sig []byte) (at time.Time, ok bool) {
	defer func() {
		if recover() != nil {
			at, ok = time.Time{}, false
		}
	}()
	t, err := a.Verify(response, sig)
	if err != nil {
		return time.Time{}, false
	}
	return t.Time, true
}
