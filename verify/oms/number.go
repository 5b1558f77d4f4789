package oms

import (
	"errors"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds on lists.
const (
	maxResources   = 1 << 20 // as many as files in an artifact, or a petabyte of shards
	maxIgnorePaths = 4096
)

// wholeNumber is a number of bytes. Python writes it through protobuf's Struct,
// as 1000000000.0.
type wholeNumber int64

func (n *wholeNumber) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if i, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		*n = wholeNumber(i)
		return nil
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if v.Kind() != '0' || err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return errors.New("a whole number is wanted here")
	}
	*n = wholeNumber(f)
	return nil
}
