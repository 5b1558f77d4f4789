// Package tensorops knows the operators of TensorFlow by name: which compute, and
// what the others can do. SavedModels, TFLite's Flex operators and TensorFlow.js
// name the same operators.
//
// # Security
//
// The lists decide what is taken for harmless. An operator that is in none of them
// is Unknown, which no caller may take for Computes.
package tensorops

import (
	_ "embed"
	"strings"
	"sync"
)

// Capability is what an operator can do beside computing. The zero value is
// Unknown.
type Capability uint8

// The capabilities.
const (
	Unknown    Capability = iota
	Computes              // from tensors to tensors, in this process
	Library               // computes, in a native library that the user has to load
	Code                  // runs Python, or native code by its name
	Compiled              // holds a program for another compiler or an accelerator
	Reads                 // reads files that its inputs or attributes name
	Writes                // writes or deletes files
	Table                 // fills a lookup table from a file: ordinary for assets
	Restores              // reads a checkpoint: in the saver of every SavedModel
	Saves                 // writes a checkpoint: in the saver of every SavedModel
	Network               // talks to other processes
	Debugs                // sends tensors to the addresses in its attributes
	Prints                // writes to where an attribute says
	Stops                 // ends the process
	NestsGraph            // runs the graph in its input
)

//go:embed ops.txt
var computing string

// Of is the capability of an operator.
func Of(name string) Capability {
	if c, ok := special[name]; ok {
		return c
	}
	if known()[name] {
		return Computes
	}
	return Unknown
}

var known = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool, 2000)
	for line := range strings.Lines(computing) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			set[line] = true
		}
	}
	return set
})

// special are the operators that do more than compute. Source, where none is
// given: core/ops/*.cc of TensorFlow 2.18 and 1.15, by what the kernel does.
var special = merge(map[Capability]string{
	// The functions are found by a token of the same process, or by a name in a
	// native registry (compiler/tf2xla/ops/xla_ops.cc).
	Code: "PyFunc PyFuncStateless EagerPyFunc XlaCustomCall XlaCustomCallV2 RemoteFusedGraphExecute",

	// StableHLO, MLIR, TensorRT engines, programs for TPUs.
	Compiled: "XlaCallModule TRTEngineOp MlirPassthroughOp IfrtCall TPUCompile TPUExecute TPUExecuteAndUpdateVariables TPUPartitionedCall _XlaCompile _XlaRun _TPUReplicate",

	// ImmutableConst maps the file that an attribute names; DecodeProtoV2 and
	// EncodeProto read descriptor_source; RecordInput reads file_pattern.
	Reads: `ReadFile MatchingFiles WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 FixedLengthRecordReader
		FixedLengthRecordReaderV2 TFRecordReader TFRecordReaderV2 LMDBReader IdentityReader IdentityReaderV2 LoadAndRemapMatrix
		GenerateVocabRemapping TextLineDataset FixedLengthRecordDataset FixedLengthRecordDatasetV2 TFRecordDataset TFRecordDatasetV2
		CSVDataset CSVDatasetV2 ExperimentalCSVDataset LMDBDataset ExperimentalLMDBDataset SqlDataset ExperimentalSqlDataset
		MatchingFilesDataset ExperimentalMatchingFilesDataset LoadDataset DecodeProtoV2 EncodeProto ImmutableConst RecordInput
		SnapshotDatasetReader SnapshotNestedDatasetReader SnapshotChunkDataset ListSnapshotChunksDataset`,

	Writes: `WriteFile DatasetToTFRecord ExperimentalDatasetToTFRecord SaveDataset SaveDatasetV2 SnapshotDataset SnapshotDatasetV2
		CacheDataset CacheDatasetV2 SummaryWriter CreateSummaryFileWriter CreateSummaryDbWriter WriteSummary WriteGraphSummary
		WriteRawProtoSummary WriteScalarSummary WriteHistogramSummary WriteImageSummary WriteAudioSummary FlushSummaryWriter
		CloseSummaryWriter ImportEvent StatsAggregatorSetSummaryWriter DistributedSave`,

	Table:    "InitializeTableFromTextFile InitializeTableFromTextFileV2",
	Restores: "Restore RestoreSlice RestoreV2 DTensorRestoreV2",
	Saves:    "Save SaveSlices SaveV2 MergeV2Checkpoints",

	Network: `DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4 DummyIterationCounter RegisterDataset
		RegisterDatasetV2 RemoteCall Rpc TryRpc BigQueryReader GcsConfigureCredentials GcsConfigureBlockCache FileSystemSetConfiguration
		Send Recv _Send _Recv _HostSend _HostRecv WorkerHeartbeat`,

	Debugs: "DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary DebugNumericSummaryV2 Copy CopyHost",
	Prints: "PrintV2",
	Stops:  "Abort",

	NestsGraph: "DatasetFromGraph",

	// tensorflow_text/core/ops (TensorFlow Text 2.18), tensorflow_decision_forests/tensorflow/ops (1.11), and
	// the operator of TensorFlow Lite that the Object Detection API leaves in a graph: all computing.
	Library: `CaseFoldUTF8 ConstrainedSequence FastBertNormalize FastWordpieceTokenizeWithOffsets FastWordpieceDetokenize
		FastSentencepieceTokenize FastSentencepieceDetokenize MaxSpanningTree MstTask NgramsStringJoin NormalizeUTF8
		NormalizeUTF8WithOffsetsMap PhraseTokenizeWithOffsets PhraseDetokenize RegexSplitWithOffsets RougeL
		SentenceFragments SentencepieceOp SentencepieceTokenizeOp SentencepieceTokenizeWithOffsetsOp SentencepieceDetokenizeOp
		SentencepieceIdToStringOp SentencepieceStringToIdOp SentencepieceVocabSizeOp SplitMergeFromLogitsTokenizeWithOffsets
		SplitMergeTokenizeWithOffsets TextByteSplit TextByteSplitByOffsets UnicodeScriptTokenizeWithOffsets UnicodeWordTokenize
		WhitespaceTokenizeWithOffsets WhitespaceTokenizeWithOffsetsV2 WordpieceTokenizeWithOffsets WordpieceDetokenize TokenizerFromLogits
		SimpleMLCreateModelResource SimpleMLInferenceOp SimpleMLInferenceOpWithHandle SimpleMLInferenceLeafIndexOpWithHandle
		SimpleMLLoadModelFromPath SimpleMLLoadModelFromPathWithHandle
		TFLite_Detection_PostProcess`,
})

func merge(groups map[Capability]string) map[string]Capability {
	all := make(map[string]Capability)
	for c, names := range groups {
		for name := range strings.FieldsSeq(names) {
			all[name] = c
		}
	}
	return all
}
