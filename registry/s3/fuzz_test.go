package s3

import (
	"testing"

	"assay/registry/internal/fetch"
)

// FuzzListing: whatever a listing says, its keys are below the prefix, its sizes are
// no less than nothing, and one state has one digest.
func FuzzListing(f *testing.F) {
	f.Add([]byte(`<ListVersionsResult><EncodingType>url</EncodingType><Version><Key>p/a%2Bb</Key><VersionId>1</VersionId><IsLatest>true</IsLatest><Size>3</Size><LastModified>2024-05-06T07:08:09.000Z</LastModified></Version><DeleteMarker><Key>p/c</Key><VersionId>2</VersionId></DeleteMarker></ListVersionsResult>`))
	f.Add([]byte(`<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken><Contents><Key>p/a</Key><ETag>"e"</ETag><Size>3</Size></Contents></ListBucketResult>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var p page
		if decode(text, &p) != nil {
			return
		}
		l := &location{source: &Source{cfg: Config{Scheme: "s3", Client: fetch.New(fetch.Config{})}}, bucket: "bucket", prefix: "p"}
		all, err := l.add(nil, p)
		if err != nil {
			return
		}
		for _, o := range all {
			if o.size < 0 || o.key != "p" && o.key[:2] != "p/" {
				t.Errorf("%+v", o)
			}
		}
		now := historyOf(all).state()
		if digestOf(now) != digestOf(historyOf(all).state()) {
			t.Error("one state, two digests")
		}
		h := historyOf(all)
		for range len(all) + 1 {
			_ = h.state()
			if !h.undo() {
				return
			}
		}
		t.Error("history has no beginning")
	})
}
