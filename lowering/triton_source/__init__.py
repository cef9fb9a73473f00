"""Kernel functions of linalg as Triton kernels: loops with element-wise work and reductions."""
