package repository

import (
	"path"
	"slices"
	"strings"

	"assay/scanners"
)

// weightNames are extensions under which loaders expect weights or arrays, none of
// which is a text or a page. safetensors and gguf have rules of their own.
var weightNames = []string{
	".bin", ".pt", ".pth", ".ckpt", ".ptl", ".pkl", ".pickle", ".joblib", ".dill", // torch.load, pickle.load, joblib.load
	".h5", ".hdf5", ".keras", ".npy", ".npz", ".pb", ".tflite", ".onnx", ".msgpack", // h5py, Keras, NumPy, TensorFlow, ONNX, Flax
	".pdparams", ".caffemodel", ".pte", ".nemo", ".mar", ".parquet", ".arrow", ".feather",
}

// documents are the formats of what a server sends instead of a file: a page, an
// error in XML (object stores), a line of text or JSON.
var documents = []string{"html", "xml", "text", "pdf"}

// contents reports weights that are a document. Every reader of documents finds
// nothing wrong with it, and every loader of weights fails: one of the two is not
// what the publisher meant. numpy knows a file by its name alone.
func (c *check) contents() {
	for i, f := range c.files {
		formats := slices.DeleteFunc(slices.Clone(f.Report.Formats), func(name string) bool { return name == "numpy" })
		extension := strings.ToLower(path.Ext(f.Name))
		if len(formats) == 0 || !slices.Contains(weightNames, extension) || isPointer(f.Report.Findings) {
			continue
		}
		if !slices.ContainsFunc(formats, func(name string) bool { return !slices.Contains(documents, name) }) {
			c.add(i, "wrong-content", "named like weights (%s), and its content is %s", extension, strings.Join(formats, ", "))
		}
	}
}

// isPointer reports a file whose content is elsewhere, which is said already.
func isPointer(list []scanners.Finding) bool {
	return slices.ContainsFunc(list, func(f scanners.Finding) bool { return f.Rule == "text/lfs-pointer" })
}
