package text

import (
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

// sbertClasses and sbertModules are what modules.json may name: the modules of
// sentence-transformers 2 to 5 (sentence_transformers/models/__init__.py,
// sparse_encoder/models/__init__.py, base/modules, sentence_transformer/modules).
// The loader imports any name with dots, so that one that only begins with the
// package reaches whatever the package has imported.
var (
	sbertClasses = []string{
		"Transformer", "Pooling", "Normalize", "Dense", "Dropout", "LayerNorm", "CNN", "LSTM", "BoW", "WordEmbeddings", "WordWeights", "WeightedLayerPooling", "WKPooling",
		"CLIPModel", "Asym", "Router", "StaticEmbedding", "InputModule", "Module", "BERT", "ALBERT", "RoBERTa", "XLNet", "XLMRoBERTa", "DistilBERT", "CamemBERT", "T5",
		"MLMTransformer", "SpladePooling", "SparseAutoEncoder", "SparseStaticEmbedding", "CSR", "IDF", "CausalScoreHead", "LogitScore",
	}
	sbertModules = []string{
		"models", "modules", "base", "sentence_transformer", "sparse_encoder", "cross_encoder", "transformer", "pooling", "normalize", "dense", "dropout", "layer_norm", "cnn", "lstm", "bow",
		"word_embeddings", "word_weights", "weighted_layer_pooling", "clip_model", "router", "static_embedding", "mlm_transformer", "splade_pooling", "sparse_auto_encoder", "sparse_static_embedding",
	}
)

// sbertModule judges the fields of an entry of modules.json.
func (w *walk) sbertModule(key, text string, t jsontok.Token) {
	parts := strings.Split(text, ".")
	last := len(parts) - 1
	switch {
	case key == "path" && leavesFolder(text):
		w.add("text/path-escape", t.Offset, "modules.json names the folder %s", clip.Quote(text, 120))
	case key != "type" || last == 0:
	case parts[0] != "sentence_transformers":
		w.addAs(scanners.Critical, "text/remote-code", t.Offset, "modules.json imports %s, whatever the user said about remote code", clip.Quote(text, 120))
	case !slices.Contains(sbertClasses, parts[last]) || slices.ContainsFunc(parts[1:last], func(p string) bool { return !slices.Contains(sbertModules, p) && !slices.Contains(sbertClasses, p) }):
		w.addAs(scanners.High, "text/remote-code", t.Offset, "modules.json imports %s, which is no module of sentence-transformers", clip.Quote(text, 120))
	}
}
