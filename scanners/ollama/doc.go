// Package ollama checks what Ollama reads beside the weights: Modelfiles, and the
// layers or files "template", "system" and "params" that they become.
//
// A template of Ollama is a text/template of Go. It cannot leave its engine: its
// functions are fixed, and its data are plain structures. What it can do is to
// steer the model, as the templates of Jinja can, and the same questions are
// asked: text that depends on what the user wrote, hidden text, addresses, orders
// against the user, cost.
//
// Left out: the manifests of a registry, whose digests the sources check before
// use (CVE-2024-37032); and the difference between a template here and the one in
// the GGUF file, for one file is seen at a time.
//
// # Security
//
// Nothing is executed: templates are only parsed, with text/template/parse, whose
// recursion is bounded by the size of what it is given, here 64 KiB. Larger
// texts are reported as not analysed.
package ollama
