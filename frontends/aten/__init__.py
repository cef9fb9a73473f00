"""ATen ops as taso ops: a converter for each overload, by family."""
