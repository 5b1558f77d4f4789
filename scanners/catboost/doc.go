// Package catboost checks models of CatBoost (.cbm): a mark, a size, a FlatBuffer
// with the trees, and the parts that the FlatBuffer names.
//
// A model holds numbers, names of features and texts about the training. The tables
// are those of catboost/libs/model/flatbuffers; what they do not have stays
// uncovered, and so do the tables of categorical features behind them
// (ModelPartIds). Exported models in Python or C++ are programs, and another
// scanner's.
//
// # Security
//
// Every offset is followed inside the file only; see package flatbuffers. Numbers
// are counted as data. Texts are kept up to 200 bytes for the bill of materials.
package catboost
