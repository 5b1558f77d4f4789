package store

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"

	"assay/verify"
)

// MaxEvidence bounds one document before compression, in bytes. A model of
// 100,000 files needs about 50 MiB.
const MaxEvidence = 256 << 20

// codec turns evidence into bytes and back without loss: nil and empty lists
// stay apart, so that a report rendered from stored evidence is the report that
// was rendered when it was gathered.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	// Concurrency 0 is one decoder per processor: readers do not wait in line.
	dec, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxEvidence), zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &codec{enc: enc, dec: dec}, nil
}

func (c *codec) close() error {
	c.dec.Close()
	return c.enc.Close()
}

func (c *codec) encode(e verify.Evidence) ([]byte, error) {
	// Text from a hostile file may be no UTF-8; it becomes U+FFFD, as it does in
	// every report.
	doc, err := json.Marshal(e, json.Deterministic(true), json.FormatNilSliceAsNull(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("encode evidence: %w", err)
	}
	if len(doc) > MaxEvidence {
		return nil, fmt.Errorf("evidence of %d bytes is above the limit of %d", len(doc), MaxEvidence)
	}
	return c.enc.EncodeAll(doc, nil), nil
}

// decode refuses a member that it does not know: a newer assay may have meant
// something by it that changes the verdict.
func (c *codec) decode(body []byte) (verify.Evidence, error) {
	var e verify.Evidence
	doc, err := c.dec.DecodeAll(body, nil)
	if err != nil {
		return verify.Evidence{}, fmt.Errorf("decompress: %w", err)
	}
	if err := json.Unmarshal(doc, &e, json.RejectUnknownMembers(true)); err != nil {
		return verify.Evidence{}, fmt.Errorf("decode: %w", err)
	}
	return e, nil
}
