// Package keras checks the configuration of Keras models: config.json in a .keras
// archive, the model_config attribute of an HDF5 file, which the hdf5 scanner hands
// on, and files of their own.
//
// Such a configuration is a program in JSON: every object in it that has a
// class_name is looked up, by its module, its registered name or its class, and
// built or called. Each reference is judged against a list of what Keras itself
// exports and saves, wherever it stands: in nested models, compile_config, losses,
// metrics, wrapped layers.
//
// Python reads more than JSON: json.loads takes bytes in UTF-16 and UTF-32, with or
// without a byte order mark, NaN and lone surrogates, and keeps the last of two
// equal keys. All of this is read here too; another encoding and equal keys are
// findings, because a scanner that reads plain JSON sees another model.
//
// Configurations in YAML, as Keras below 2.6 wrote them, are judged by the same
// rules; tags of YAML that run code belong to the scanner of texts.
//
// # Security
//
// The document is read as a stream of tokens. Kept are the open objects with a dozen
// texts each, at most 64 KiB of one text and 1,000 levels: what json.loads of Python
// follows too. Byte code of a Lambda is never run or unmarshalled; names are read
// out of it to say what it is about. What is not on a list is a finding.
package keras
