// Package admission answers Kubernetes admission reviews (admission.k8s.io/v1):
// may this object run with the models that it names?
//
// It finds the models in Pods and workloads (kinds.go says where each kind keeps
// them, programs.go how servers spell them), pins each name to an immutable form
// and looks its verdict up. It reads no weights and asks no registry: a model is
// verified once, by `assay gate`, and admitted often, from the evidence store.
//
// Every reference needs a verdict. One that is not pinned, cannot be resolved
// from the object alone, or has no verdict is refused, and the answer says what
// to do. A path inside the container is no reference: it is admitted with a
// warning, unless it lies in an image volume, which is judged by its digest. An
// object that names no model is admitted. An update that leaves all references
// as they were is admitted too: it starts nothing, and refusing it would keep
// controllers from removing finalizers and from scaling a bad model down; the
// Pods that it may cause are judged when they are created.
//
// # Limits
//
// What a container does on its own account is not seen: a model that its image
// or its program fetches, a name in a ConfigMap, a request to a server that
// loads models at run time. The verdict is about the pinned name; that a server
// loads what it was told to is proved by an image volume only, whose digest the
// kubelet checks.
//
// # Security
//
// Trusted: the caller's Lookup. Not trusted: the object. Nothing in it can
// weaken a decision: there is no annotation, label or variable that exempts.
// Reviews are decoded strictly (duplicate members, invalid UTF-8 and other types
// than the API's are errors, and errors refuse). Bodies, reviews in flight,
// bytes in flight, references, expansions and nesting are bounded, and the time
// for lookups too. What does not depend on the object, an unknown path or method
// say, is answered by HTTP status, and the API server's failurePolicy decides:
// it must be Fail. Credentials in a URL are not repeated in any answer.
package admission
