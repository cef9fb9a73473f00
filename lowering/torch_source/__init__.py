"""Linalg on tensors as readable torch source: one Python file that needs torch alone.

`torch_source(module)` writes it. The parts: `names` makes identifiers of what an IR file
calls things; `code` holds the statements of a function, and decides what is done in place and
when a temporary dies; `elementwise`, `contraction`, `reductions`, `movement` and `constants`
translate ops, `records` calls ATen for those that a private function records; `function` writes
one function, `module` the file.
"""

from taso.lowering.torch_source.module import file_name, torch_source

__all__ = ["file_name", "torch_source"]
