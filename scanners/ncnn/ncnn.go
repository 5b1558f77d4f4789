// Package ncnn checks the graphs of NCNN models in text (.param): a magic number, two
// counts, and a line for each layer with its type, its name, how many blobs go in and
// out, and their names (docs/developer-guide/param-and-model-file-structure.md).
//
// Layers compute. One that NCNN does not have needs a class in the program that
// loads the model. The weights beside a graph have no structure of their own.
//
// # Security
//
// Lines are read up to 64 KiB, one at a time, and a file up to 64 MiB. Counts are
// compared with what there is: loaders allocate by them.
package ncnn

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

const (
	shown   = 100
	magic   = "7767517"
	maxLine = 64 << 10
	maxFile = 64 << 20
	maxKept = 4096
)

var rules = []scanners.Rule{
	{
		ID: "ncnn/custom-layer", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The model uses a layer that is not part of NCNN.",
		Help:    "Only native code in the program that loads it can provide the layer. Take that from its publisher, never from the model's repository.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "ncnn/count", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The counts of layers and blobs are not those that the file has.",
		Help:    "The loader allocates by the counts and fills in by the lines: more lines than stated write beyond the memory. Convert the model again.",
		CWE:     []string{"CWE-787", "CWE-789", "CWE-1284"}, ATLAS: []string{"AML.T0076", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	},
}

// layers are those of src/layer of NCNN 20240820.
const layers = `
AbsVal ArgMax BNLL BatchNorm Bias BinaryOp CELU Cast Clip Concat Convolution Convolution1D Convolution3D ConvolutionDepthWise
ConvolutionDepthWise1D ConvolutionDepthWise3D CopyTo Crop CumulativeSum Deconvolution Deconvolution1D Deconvolution3D
DeconvolutionDepthWise DeconvolutionDepthWise1D DeconvolutionDepthWise3D DeformableConv2D Dequantize DetectionOutput Diag
Dropout ELU Einsum Eltwise Embed Erf Exp ExpandDims Flatten Fold GELU GLU GRU Gemm GridSample GroupNorm HardSigmoid
HardSwish InnerProduct Input InstanceNorm Interp InverseSpectrogram LRN LSTM LayerNorm Log MVN MatMul MemoryData Mish
MultiHeadAttention Noop Normalize PReLU PSROIPooling Packing Padding Permute PixelShuffle Pooling Pooling1D Pooling3D Power
PriorBox Proposal Quantize RMSNorm RNN ROIAlign ROIPooling ReLU Reduction Reorg Requantize Reshape Scale SELU Shrink
ShuffleChannel Sigmoid Slice Softmax Softplus Spectrogram Split Squeeze StatisticsPooling Swish TanH Threshold Tile UnaryOp
Unfold Yolov3DetectionOutput YoloDetectionOutput SDPA RotaryEmbed`

// Scanner scans graphs of NCNN.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "ncnn", Title: "NCNN graph", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the magic number on a line of its own.
func (Scanner) Match(h scanners.Head) bool {
	rest, ok := bytes.CutPrefix(h.Start, []byte(magic))
	return ok && len(rest) > 0 && (rest[0] == '\n' || rest[0] == '\r')
}

// Scan reads every line.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	found := findings.New(rules)
	n, err := read(ctx, f, found)
	result := scanners.Result{Findings: found.All(), Facts: []scanners.Fact{{Key: "ncnn/layers", Value: strconv.Itoa(n)}}}
	if err == nil {
		result.Parsed.Add(0, f.Size)
		base := path.Base(f.Name)
		result.Outline.AddRef(scanners.Ref{Kind: scanners.RefData, Name: strings.TrimSuffix(base, path.Ext(base)) + ".bin", Key: "weights"})
	}
	return result, err
}

func read(ctx context.Context, f scanners.File, found *findings.List) (int, error) {
	if f.Size > maxFile {
		return 0, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("a graph of %d bytes", f.Size)}
	}
	known := make(map[string]bool)
	for name := range strings.FieldsSeq(layers) {
		known[name] = true
	}
	lines := bufio.NewScanner(io.NewSectionReader(f, 0, f.Size))
	lines.Buffer(make([]byte, 4<<10), maxLine)
	var at int64
	stated, blobs, count, made := int64(-1), int64(0), 0, int64(0)
	for number := 0; lines.Scan(); number++ {
		if err := ctx.Err(); err != nil {
			return count, err
		}
		fields := strings.Fields(lines.Text())
		switch {
		case number == 0 || len(fields) == 0:
		case stated < 0:
			if len(fields) != 2 {
				return 0, &scanners.FormatError{Offset: at, Err: errors.New("no counts of layers and blobs")}
			}
			var err1, err2 error
			stated, err1 = strconv.ParseInt(fields[0], 10, 32)
			blobs, err2 = strconv.ParseInt(fields[1], 10, 32)
			if err1 != nil || err2 != nil || stated < 0 || blobs < 0 {
				return 0, &scanners.FormatError{Offset: at, Err: errors.New("the counts of layers and blobs are no numbers")}
			}
		default:
			outputs, err := layer(fields)
			if err != nil {
				return count, &scanners.FormatError{Offset: at, Err: err}
			}
			count++
			made += outputs
			if !known[fields[0]] && len(known) < maxKept {
				known[fields[0]] = true
				found.Add("ncnn/custom-layer", at, "%s", clip.Quote(fields[0], shown))
			}
		}
		at += int64(len(lines.Bytes())) + 1
	}
	if err := lines.Err(); err != nil {
		return count, fmt.Errorf("read a line: %w", err)
	}
	switch {
	case stated < 0 || int64(count) < stated:
		return count, scanners.CutOff(f.Size, f.Size+1)
	case int64(count) > stated || made > blobs:
		found.Add("ncnn/count", 0, "%d layers with %d blobs are stated, %d with %d are there", stated, blobs, count, made)
	}
	return count, nil
}

// layer is how many blobs a line makes.
func layer(fields []string) (int64, error) {
	if len(fields) < 4 {
		return 0, fmt.Errorf("a layer with %d words", len(fields))
	}
	inputs, err1 := strconv.ParseInt(fields[2], 10, 32)
	outputs, err2 := strconv.ParseInt(fields[3], 10, 32)
	if err1 != nil || err2 != nil || inputs < 0 || outputs < 0 || inputs+outputs > int64(len(fields)-4) {
		return 0, errors.New("a layer with other blobs than it says")
	}
	return outputs, nil
}
