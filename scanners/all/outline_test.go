package all

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// tensorsOf are the bytes of the tensors that the outline of a file has.
func tensorsOf(t *testing.T, name string) (map[string][]byte, map[string]scanners.Tensor) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/benign/" + name)
	if err != nil {
		t.Fatal(err)
	}
	values, tensors := make(map[string][]byte), make(map[string]scanners.Tensor)
	for _, x := range scannertest.Scan(Scanners(), name, data).Outline.Tensors {
		values[x.Name], tensors[x.Name] = data[x.Data.Off:x.Data.End()], x
	}
	return values, tensors
}

// TestOutlines: whichever way torch.save wrote a state, its tensors are found at their
// places.
func TestOutlines(t *testing.T) {
	zip, of := tensorsOf(t, "pytorch/state_dict.pt")
	if len(zip) < 5 {
		t.Fatalf("%d tensors", len(zip))
	}
	untouched := 0
	for _, name := range []string{"pytorch/legacy_state_dict.pt", "pytorch/protocol4.pt", "pytorch/pytorch_model.bin"} {
		values, tensors := tensorsOf(t, name)
		if !slices.Equal(slices.Sorted(maps.Keys(values)), slices.Sorted(maps.Keys(zip))) {
			t.Errorf("%s: other names: %v", name, slices.Sorted(maps.Keys(values)))
			continue
		}
		for key := range zip {
			if !slices.Equal(tensors[key].Shape, of[key].Shape) || tensors[key].Dtype != of[key].Dtype {
				t.Errorf("%s: %s: %+v, want %+v", name, key, tensors[key], of[key])
			}
			// What training did not touch is as it was made: ones and zeros.
			if strings.HasSuffix(key, "running_var") || strings.HasSuffix(key, "num_batches_tracked") {
				untouched++
				if !bytes.Equal(values[key], zip[key]) {
					t.Errorf("%s: %s: %x, want %x", name, key, values[key], zip[key])
				}
			}
		}
	}
	if untouched < 6 {
		t.Errorf("%d tensors compared", untouched)
	}
	for key, x := range of {
		width := map[string]int64{"F32": 4, "I64": 8}[x.Dtype]
		for _, n := range x.Shape {
			width *= n
		}
		if x.Data.Len != width {
			t.Errorf("%s: %d bytes for %v of %s", key, x.Data.Len, x.Shape, x.Dtype)
		}
	}
	// The state of an optimiser has the same names for every parameter.
	if _, tensors := tensorsOf(t, "pytorch/optimizer.pt"); len(tensors) > 0 {
		t.Errorf("optimizer.pt: %v", tensors)
	}
}
