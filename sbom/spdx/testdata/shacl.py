"""Checks SPDX 3 documents against the SHACL shapes of the model.

    shacl.py MODEL.ttl CONTEXT.jsonld DOCUMENT...

Prints one line per violation, and exits with 1 if there is any. It knows the part
of SHACL that the model uses (node kinds, counts, classes, datatypes, enumerations,
patterns, and abstract classes by sh:not), and fails for any other. It fetches
nothing: the context is read from a file.
"""
import json
import re
import sys

from rdflib import BNode, Graph, Literal, Namespace, OWL, RDF, RDFS, URIRef, XSD
from rdflib.collection import Collection

SH = Namespace("http://www.w3.org/ns/shacl#")
KNOWN = {SH[n] for n in ("path", "class", "datatype", "minCount", "maxCount", "in", "nodeKind", "pattern", "not", "hasValue", "message", "property")}
KINDS = {SH.IRI: (URIRef,), SH.Literal: (Literal,), SH.BlankNodeOrIRI: (BNode, URIRef)}

LEXICAL = {
    XSD.decimal: r"[+-]?(\d+(\.\d*)?|\.\d+)",
    XSD.integer: r"[+-]?\d+",
    XSD.nonNegativeInteger: r"\+?\d+|-0+",
    XSD.positiveInteger: r"\+?0*[1-9]\d*",
    XSD.boolean: r"true|false|0|1",
    XSD.dateTimeStamp: r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
}


def ancestors(model, cls):
    return set(model.transitive_objects(cls, RDFS.subClassOf))


class Checker:
    def __init__(self, model):
        self.model = model
        for _, p, _ in model:
            if p.startswith(str(SH)) and p not in KNOWN:
                raise SystemExit("the model uses %s, which is not checked here" % p)
        self.shapes = {cls: list(model.objects(cls, SH.property)) for cls in model.subjects(RDF.type, OWL.Class)}

    def is_a(self, data, node, cls):
        types = set(data.objects(node, RDF.type)) | set(self.model.objects(node, RDF.type))
        return any(cls in ancestors(self.model, t) for t in types)

    def check(self, data):
        out = []
        for node, cls in data.subject_objects(RDF.type):
            if cls not in self.shapes:
                out.append("%s has the class %s, which the model does not have" % (node, cls))
                continue
            known = {RDF.type}
            for a in ancestors(self.model, cls):
                kind = self.model.value(a, SH.nodeKind)
                if kind is not None and not isinstance(node, KINDS[kind]):
                    out.append("%s: a %s must be %s" % (node, cls, kind))
                for shape in self.shapes.get(a, ()):
                    known.add(self.model.value(shape, SH.path))
                    out += ["%s (%s): %s" % (node, cls, p) for p in self.violations(data, node, shape)]
            out += ["%s (%s): no property %s" % (node, cls, p) for p in data.predicates(node) if p not in known]
        return out

    def violations(self, data, node, shape):
        get = lambda name: self.model.value(shape, SH[name])
        path = get("path")
        values = set(data.objects(node, path))
        least, most = get("minCount"), get("maxCount")
        if least is not None and len(values) < int(least):
            yield "%s: %d values, at least %s" % (path, len(values), least)
        if most is not None and len(values) > int(most):
            yield "%s: %d values, at most %s" % (path, len(values), most)
        refused, allowed = get("not"), get("in")
        if refused is not None and self.model.value(refused, SH.hasValue) in values:
            yield str(get("message"))
        if allowed is not None:
            allowed = set(Collection(self.model, allowed))
        for v in values:
            kind, datatype, cls, pattern = get("nodeKind"), get("datatype"), get("class"), get("pattern")
            if kind is not None and not isinstance(v, KINDS[kind]):
                yield "%s: %r is no %s" % (path, v, kind)
            if allowed is not None and v not in allowed:
                yield "%s: %r is not in the list" % (path, v)
            if cls is not None and not self.is_a(data, v, cls):
                yield "%s: %r is no %s" % (path, v, cls)
            if datatype is not None and not well_formed(v, datatype):
                yield "%s: %r is no %s" % (path, v, datatype)
            if pattern is not None and not re.search(str(pattern), str(v)):
                yield "%s: %r does not match %s" % (path, v, pattern)


def well_formed(v, datatype):
    if not isinstance(v, Literal) or (v.datatype or XSD.string) != datatype:
        return False
    return datatype not in LEXICAL or re.fullmatch(LEXICAL[datatype], str(v)) is not None


def load(path, context):
    with open(path, encoding="utf-8") as f:
        document = json.load(f)
    document["@context"] = context  # its address must not be fetched
    return Graph().parse(data=json.dumps(document), format="json-ld")


def main(model, context, *documents):
    checker = Checker(Graph().parse(model, format="turtle"))
    with open(context, encoding="utf-8") as f:
        context = json.load(f)["@context"]
    bad = 0
    for path in documents:
        data = load(path, context)
        if not len(data):
            print(path + ": an empty graph")
            bad += 1
        for problem in sorted(set(checker.check(data))):
            print(path + ": " + problem)
            bad += 1
    sys.exit(1 if bad else 0)


main(*sys.argv[1:])
