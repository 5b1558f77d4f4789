// Package all lists every scanner: one line each.
//
// # Security
//
// A scanner that is not listed here does not run, and a folder that is not
// listed fails a test.
package all

import (
	_ "embed"

	"assay/scanners"
	"assay/scanners/arrow"
	"assay/scanners/caffe"
	"assay/scanners/catboost"
	"assay/scanners/compress"
	"assay/scanners/coreml"
	"assay/scanners/dependencies"
	"assay/scanners/dsstore"
	"assay/scanners/engine"
	"assay/scanners/executorch"
	"assay/scanners/flax"
	"assay/scanners/gguf"
	"assay/scanners/hdf5"
	"assay/scanners/html"
	"assay/scanners/image"
	"assay/scanners/jinja"
	"assay/scanners/keras"
	"assay/scanners/lightgbm"
	"assay/scanners/media"
	"assay/scanners/mxnet"
	"assay/scanners/ncnn"
	"assay/scanners/notebook"
	"assay/scanners/numpy"
	"assay/scanners/ollama"
	"assay/scanners/onnx"
	"assay/scanners/openvino"
	"assay/scanners/paddle"
	"assay/scanners/parquet"
	"assay/scanners/pdf"
	"assay/scanners/pickle"
	"assay/scanners/pmml"
	"assay/scanners/python"
	"assay/scanners/rar"
	"assay/scanners/rdata"
	"assay/scanners/repository"
	"assay/scanners/safetensors"
	"assay/scanners/script"
	"assay/scanners/sentencepiece"
	"assay/scanners/serialized"
	"assay/scanners/sevenzip"
	"assay/scanners/shell"
	"assay/scanners/skops"
	"assay/scanners/tar"
	"assay/scanners/tensorbundle"
	"assay/scanners/tensorflow"
	"assay/scanners/text"
	"assay/scanners/tfevents"
	"assay/scanners/tfjs"
	"assay/scanners/tflite"
	"assay/scanners/tfrecord"
	"assay/scanners/tokenizer"
	"assay/scanners/torchexport"
	"assay/scanners/torchscript"
	"assay/scanners/torchserve"
	"assay/scanners/xgboost"
	"assay/scanners/xml"
	"assay/scanners/zip"
)

// source is the digest of the code and the knowledge of all scanners. A test
// fails when it is not current; `make generate` writes it.
//
//go:embed source.sha256
var source string

// Ruleset names the scanners with everything that decides what they say. It
// changes with every change below the folder scanners, and is the same on every
// system.
func Ruleset() string { return scanners.Ruleset(Scanners(), source) }

// Scanners returns every scanner, in the order in which they run.
func Scanners() []scanners.Scanner {
	return []scanners.Scanner{
		arrow.Scanner{},
		caffe.Scanner{},
		catboost.Scanner{},
		compress.Scanner{},
		coreml.Scanner{},
		dependencies.Scanner{},
		dsstore.Scanner{},
		engine.Scanner{},
		executorch.Scanner{},
		flax.Scanner{},
		gguf.Scanner{},
		hdf5.Scanner{},
		html.Scanner{},
		image.Scanner{},
		jinja.Scanner{},
		keras.Scanner{},
		lightgbm.Scanner{},
		media.Scanner{},
		mxnet.Scanner{},
		ncnn.Scanner{},
		notebook.Scanner{},
		numpy.Scanner{},
		ollama.Scanner{},
		onnx.Scanner{},
		openvino.Scanner{},
		paddle.Scanner{},
		parquet.Scanner{},
		pdf.Scanner{},
		pickle.Scanner{},
		pmml.Scanner{},
		python.Scanner{},
		rar.Scanner{},
		rdata.Scanner{},
		repository.Scanner{},
		safetensors.Scanner{},
		script.Scanner{},
		sentencepiece.Scanner{},
		serialized.Scanner{},
		sevenzip.Scanner{},
		shell.Scanner{},
		skops.Scanner{},
		tar.Scanner{},
		tensorbundle.Scanner{},
		tensorflow.Scanner{},
		text.Scanner{},
		tfevents.Scanner{},
		tfjs.Scanner{},
		tflite.Scanner{},
		tfrecord.Scanner{},
		tokenizer.Scanner{},
		torchexport.Scanner{},
		torchscript.Scanner{},
		torchserve.Scanner{},
		xgboost.Scanner{},
		xml.Scanner{},
		zip.Scanner{},
	}
}
