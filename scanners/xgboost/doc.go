// Package xgboost checks models of XGBoost: JSON, UBJSON (the default since 2.1) and
// the old binary format.
//
// A model is trees in arrays, or weights. No part of it is code: what can be wrong
// are the indices and counts that the library, in C++, follows with few checks. The
// text of the format says which arrays belong together
// (xgboost doc/model.schema); the old format is that of LearnerModelParam,
// GBTreeModelParam, TreeParam and RTree::Node in the sources of 1.7.
//
// # Security
//
// All three are read as streams. Kept are the open containers, 512 at most, and of
// one tree the indices of its nodes, 4,194,304 at most. An array is never allocated
// by its declared length.
package xgboost
