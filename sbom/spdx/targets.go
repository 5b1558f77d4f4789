package spdx

import (
	"strings"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// factTarget is the property of an AI package that a fact goes to.
type factTarget struct {
	property string
	add      func(*v3_0.AIPackage, sbom.Fact)
}

// prose makes a target of a property of one text. Several sections are joined.
func prose(property string, at func(*v3_0.AIPackage) *string) factTarget {
	return factTarget{property, func(p *v3_0.AIPackage, f sbom.Fact) {
		*at(p) = joined(*at(p), f.Value.Text)
	}}
}

func joined(before, text string) string {
	if before == "" {
		return text
	}
	return before + "; " + text
}

// entries makes a target of a dictionary. The key is that of the fact, or what is
// written before the equals sign of a metric.
func entries(property string, at func(*v3_0.AIPackage) *v3_0.DictionaryEntryList) factTarget {
	return factTarget{property, func(p *v3_0.AIPackage, f sbom.Fact) {
		e := &v3_0.DictionaryEntry{Key: f.Key, Value: f.Value.Text}
		if f.Key == "text/card/metric" {
			i := strings.LastIndexByte(f.Value.Text, '=')
			e.Key, e.Value = f.Value.Text[:max(i, 0)], f.Value.Text[i+1:]
		}
		if e.Key != "" {
			*at(p) = append(*at(p), e)
		}
	}}
}

// texts makes a target of a list.
func texts(property string, at func(*v3_0.AIPackage) *[]string) factTarget {
	return factTarget{property, func(p *v3_0.AIPackage, f sbom.Fact) {
		*at(p) = append(*at(p), f.Value.Text)
	}}
}

var (
	toDomain         = texts("ai_domain", func(p *v3_0.AIPackage) *[]string { return &p.Domains })
	toType           = texts("ai_typeOfModel", func(p *v3_0.AIPackage) *[]string { return &p.TypeOfModels })
	toPreprocessing  = texts("ai_modelDataPreprocessing", func(p *v3_0.AIPackage) *[]string { return &p.ModelDataPreprocessings })
	toExplainability = texts("ai_modelExplainability", func(p *v3_0.AIPackage) *[]string { return &p.ModelExplainabilities })
	toHyperparameter = entries("ai_hyperparameter", func(p *v3_0.AIPackage) *v3_0.DictionaryEntryList { return &p.Hyperparameters })
	toMetric         = entries("ai_metric", func(p *v3_0.AIPackage) *v3_0.DictionaryEntryList { return &p.Metrics })
	toDescription    = prose("description", func(p *v3_0.AIPackage) *string { return &p.Description })
	toLimitation     = prose("ai_limitation", func(p *v3_0.AIPackage) *string { return &p.Limitation })
	toTraining       = prose("ai_informationAboutTraining", func(p *v3_0.AIPackage) *string { return &p.InformationAboutTraining })
	toApplication    = prose("ai_informationAboutApplication", func(p *v3_0.AIPackage) *string { return &p.InformationAboutApplication })
)

// factTargets are the facts of the artifact that an AI package has properties
// for. Hyperparameters keep the plain keys of the facts. The others are in the
// annotations of their files.
var factTargets = map[string]factTarget{
	"safetensors/parameters": toHyperparameter,
	"safetensors/tensors":    toHyperparameter,
	"safetensors/dtypes":     toHyperparameter,

	"gguf/architecture":   toType,
	"gguf/parameters":     toHyperparameter,
	"gguf/dtypes":         toHyperparameter,
	"gguf/file-type":      toHyperparameter,
	"gguf/context-length": toHyperparameter,
	"gguf/vocabulary":     toHyperparameter,
	"gguf/tokenizer":      toHyperparameter,

	"text/oci-config/descriptor/description":          toDescription,
	"text/oci-config/package/description":             toDescription,
	"text/oci-config/descriptor/family":               toType,
	"text/oci-config/config/architecture":             toType,
	"text/oci-config/config/paramSize":                toHyperparameter,
	"text/oci-config/config/parameters":               toHyperparameter,
	"text/oci-config/config/precision":                toHyperparameter,
	"text/oci-config/config/quantization":             toHyperparameter,
	"text/oci-config/config/capabilities/inputTypes":  toApplication,
	"text/oci-config/config/capabilities/outputTypes": toApplication,

	"text/card/pipeline_tag":           toDomain,
	"text/card/metric":                 toMetric,
	"text/card/section/description":    toDescription,
	"text/card/section/uses":           toApplication,
	"text/card/section/usage":          toApplication,
	"text/card/section/limitations":    toLimitation,
	"text/card/section/bias":           toLimitation,
	"text/card/section/out-of-scope":   toLimitation,
	"text/card/section/training":       toTraining,
	"text/card/section/training-data":  toTraining,
	"text/card/section/preprocessing":  toPreprocessing,
	"text/card/section/explainability": toExplainability,

	"text/config/architectures": toType,
	"text/config/model_type":    toType,
	"text/config/_class_name":   toType,
	"text/component":            toHyperparameter,

	"text/config/dtype":                            toHyperparameter,
	"text/config/hidden_size":                      toHyperparameter,
	"text/config/lora_alpha":                       toHyperparameter,
	"text/config/max_position_embeddings":          toHyperparameter,
	"text/config/num_attention_heads":              toHyperparameter,
	"text/config/num_key_value_heads":              toHyperparameter,
	"text/config/num_hidden_layers":                toHyperparameter,
	"text/config/peft_type":                        toHyperparameter,
	"text/config/r":                                toHyperparameter,
	"text/config/target_modules":                   toHyperparameter,
	"text/config/task_type":                        toHyperparameter,
	"text/config/torch_dtype":                      toHyperparameter,
	"text/config/vocab_size":                       toHyperparameter,
	"text/config/quantization_config/quant_method": toHyperparameter,
	"text/config/quantization_config/bits":         toHyperparameter,
	"text/merge/method":                            toHyperparameter,
}

// newDataset is the package of a dataset with what its card and its Croissant
// description declare.
func (b *builder) newDataset() *v3_0.DatasetPackage {
	p := &v3_0.DatasetPackage{
		PrimaryPurpose:                  v3_0.SoftwarePurpose_Data,
		DatasetTypes:                    []v3_0.DatasetType{v3_0.DatasetType_NoAssertion},
		DatasetSize:                     v3_0.NonNegativeInt(b.totalSize()),
		HasSensitivePersonalInformation: v3_0.PresenceType_NoAssertion,
	}
	for _, f := range b.doc.Facts {
		switch text := f.Value.Text; f.Key {
		case "text/card/section/description", "text/croissant/description":
			p.Description = joined(p.Description, text)
		case "text/card/section/uses", "text/croissant/rai:dataUseCases":
			p.IntendedUse = joined(p.IntendedUse, text)
		case "text/card/section/collection", "text/croissant/rai:dataCollection":
			p.DataCollectionProcess = joined(p.DataCollectionProcess, text)
		case "text/card/section/bias", "text/card/section/limitations", "text/croissant/rai:dataBiases":
			p.KnownBias = append(p.KnownBias, text)
		case "text/card/section/preprocessing", "text/croissant/rai:dataPreprocessingProtocol":
			p.DataPreprocessings = append(p.DataPreprocessings, text)
		case "text/croissant/rai:dataReleaseMaintenancePlan":
			p.DatasetUpdateMechanism = joined(p.DatasetUpdateMechanism, text)
		}
	}
	return p
}
