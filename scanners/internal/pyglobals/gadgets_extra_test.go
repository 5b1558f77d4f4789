package pyglobals

import (
	"strings"
	"testing"
)

// TestFileAndTextReaders: libraries around plots, images and tables whose functions
// evaluate text or open what they are given.
func TestFileAndTextReaders(t *testing.T) {
	for names, want := range map[string]Capability{
		"matplotlib.rcsetup:validate_cycler matplotlib.rcsetup:cycler asteval:Interpreter":                                                         Exec,
		"tifffile:imread fs:open_fs matplotlib.style:use matplotlib.pyplot:imread rasterio:open networkx.readwrite.gpickle:read_gpickle zarr:open": Read,
	} {
		for name := range strings.FieldsSeq(names) {
			module, attr, _ := strings.Cut(name, ":")
			if d, ok := Classify(module, attr); !ok || d.Caps&want == 0 || Lookup(module, attr) != nil {
				t.Errorf("%s: %v %+v, want %v", name, ok, d, want)
			}
		}
	}
	for _, name := range []string{"matplotlib.colors:ListedColormap", "networkx.classes.graph:Graph", "matplotlib.cm:get_cmap"} {
		module, attr, _ := strings.Cut(name, ":")
		if d, ok := Classify(module, attr); ok {
			t.Errorf("%s: %+v, want nothing", name, d)
		}
	}
}
