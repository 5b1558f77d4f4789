// Package lightgbm checks models of LightGBM, which are text: settings, one block for
// each tree, and the parameters of the training.
//
// No part is code. The loader jumps from tree to tree by the sizes in the head
// (tree_sizes, GBDT::LoadModelFromString), where it is told to, and by the marks of
// the blocks otherwise; and it follows the indices of children. Both are checked.
//
// # Security
//
// The file is read line by line, 16 MiB at most of one; of a tree two lists of
// 1,048,576 children at most are kept.
package lightgbm
