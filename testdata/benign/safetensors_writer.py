"""Writes safetensors files after the format description, without the library.

Debian has no package of safetensors, so this is an independent second reading
of the format: 8 bytes little-endian header length, the header as JSON padded
with blanks, then the tensors' bytes one after another, without holes.
https://huggingface.co/docs/safetensors/index#format
"""

import json
import struct


def write(path, tensors, metadata=None, align=8):
    """tensors: name -> (dtype, shape, bytes), written in the order given."""
    header, offset = {}, 0
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % align)
    body = b"".join(data for _, _, data in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def write_index(path, weight_map, total_size):
    """The index beside a model that is split into several files."""
    index = {"metadata": {"total_size": total_size}, "weight_map": weight_map}
    path.write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")
