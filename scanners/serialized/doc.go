// Package serialized finds pickles that are written into text in base64: the file
// "data" of a Stable-Baselines3 archive (JSON whose ":serialized:" values go to
// cloudpickle.loads, stable_baselines3/common/save_util.py json_to_data), Keras
// configurations that embed a PyTorch module (TorchModuleWrapper), columns of
// tables and YAML.
//
// It judges nothing itself: what the text decodes to is handed on as a member, and
// the scanner of pickles looks at it.
//
// # Security
//
// The text is untrusted. A value below ":serialized:" is handed on whatever it
// begins with, and foreign characters are dropped as Python's decoder drops them;
// elsewhere a run of base64 counts when it begins with the magic number of a pickle
// of protocol 2 and above, plain or compressed. The text is read in pieces; a value
// of more than 64 MiB, and more than 4,096 of them, are a gap.
package serialized
