"""Runs linalg on tensors through upstream MLIR: the oracle of the lowering tests.

The text of a module (builtin, func, arith, math, tensor, linalg; static shapes)
goes through the parser, the verifier, one-shot bufferization and the LLVM JIT of
the wheel `torch-mlir`. Nothing of `taso` and nothing of xDSL takes part.
"""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import ml_dtypes
import numpy as np
from torch_mlir import ir
from torch_mlir.execution_engine import ExecutionEngine
from torch_mlir.passmanager import PassManager

DTYPES: dict[str, np.dtype] = {
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "i1": np.dtype(np.bool_),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
}

# Order matters: math goes to LLVM intrinsics first and to libm for the rest (erf, tanh),
# and results become out-parameters before the memrefs are lowered. No hoist-static-allocs:
# it crashes when a function returns one value twice. f16 and bf16 arithmetic runs in f32
# and rounds after each op.
PIPELINE = """builtin.module(
    one-shot-bufferize{bufferize-function-boundaries=true
        function-boundary-type-conversion=identity-layout-map},
    buffer-results-to-out-params{modify-public-functions=true},
    buffer-deallocation-pipeline,
    convert-bufferization-to-memref,
    convert-linalg-to-loops,
    expand-strided-metadata,
    lower-affine,
    convert-scf-to-cf,
    math-extend-to-supported-types,
    arith-emulate-unsupported-floats{source-types=f16,bf16 target-type=f32},
    arith-expand{include-bf16=true},
    convert-math-to-llvm,
    convert-math-to-libm,
    convert-arith-to-llvm,
    convert-index-to-llvm,
    finalize-memref-to-llvm,
    convert-func-to-llvm,
    convert-cf-to-llvm,
    reconcile-unrealized-casts
)"""


class MlirError(Exception):
    """Upstream MLIR refused a module; the message names the stage and the reason."""


def run_linalg(
    module_text: str, inputs: Sequence[np.ndarray], entry: str = "main"
) -> list[np.ndarray]:
    """Run the function `entry` of an MLIR module.

    Args:
        module_text: A module in custom or generic form.
        inputs: One array for each argument, of its shape and type (any strides;
            `ml_dtypes.bfloat16` for bf16, `bool` for i1). They are never written to.
        entry: The name of a function from static ranked tensors to such tensors.

    Returns:
        One new array for each result; rank 0 gives an array of shape `()`.

    Raises:
        MlirError: The module does not parse, verify, lower, or link.
        ValueError: There is no such function, its signature is not supported, or an
            input does not fit it.
    """
    with ir.Context() as context, ir.Location.unknown():
        context.enable_multithreading(False)
        with _stage("parse and verify"):
            module = ir.Module.parse(module_text)
        function = _find(module, entry)
        signature = ir.FunctionType(function.type)
        arguments = [_shape_and_dtype(t) for t in signature.inputs]
        if len(inputs) != len(arguments):
            raise ValueError(f"@{entry} takes {len(arguments)} inputs, got {len(inputs)}")
        for i, (array, (shape, dtype)) in enumerate(zip(inputs, arguments, strict=True)):
            if array.shape != shape or array.dtype != dtype:
                raise ValueError(
                    f"input {i} of @{entry} is {dtype}{list(shape)}, "
                    f"got {array.dtype}{list(array.shape)}"
                )
        results = [np.zeros(*_shape_and_dtype(t)) for t in signature.results]
        # Bufferization may write into an argument: hand it copies.
        operands = [np.array(array, order="C", copy=True) for array in inputs]

        function.attributes["llvm.emit_c_interface"] = ir.UnitAttr.get()
        with _stage("lower"):
            PassManager.parse(PIPELINE).run(module.operation)
        with _stage("link"):
            engine = ExecutionEngine(module, opt_level=2)
            for name, function in RUNTIME.items():
                engine.raw_register_runtime(name, ctypes.cast(function, ctypes.c_void_p))
            call = engine.lookup(entry)
        # The packed form: pointers to the arguments, which are pointers to descriptors.
        descriptors = [_descriptor(array) for array in (*operands, *results)]
        pointers = [ctypes.pointer(descriptor) for descriptor in descriptors]
        call((ctypes.c_void_p * len(pointers))(*map(ctypes.addressof, pointers)))
        return results


@contextmanager
def _stage(name: str) -> Iterator[None]:
    try:
        yield
    except (ir.MLIRError, RuntimeError) as error:
        raise MlirError(f"upstream MLIR cannot {name} the module: {error}") from error


def _find(module: ir.Module, entry: str) -> ir.OpView:
    """The function named `entry`; ValueError if there is none with a body."""
    for op in module.body.operations:
        if op.operation.name == "func.func" and op.name.value == entry and not op.is_external:
            return op
    raise ValueError(f"the module has no function @{entry} with a body")


def _shape_and_dtype(type_: ir.Type) -> tuple[tuple[int, ...], np.dtype]:
    """Of a static ranked tensor type; ValueError for every other type."""
    if isinstance(type_, ir.RankedTensorType) and type_.has_static_shape:
        dtype = DTYPES.get(str(type_.element_type))
        if dtype is not None:
            return tuple(type_.shape), dtype
    raise ValueError(f"type {type_} is not supported in the signature of the entry function")


def _descriptor(array: np.ndarray) -> ctypes.Array[ctypes.c_int64]:
    """The memref descriptor: base, data, offset, sizes, strides (in elements)."""
    address = array.ctypes.data
    strides = [stride // array.itemsize for stride in array.strides]
    words = [address, address, 0, *array.shape, *strides]
    return (ctypes.c_int64 * len(words))(*words)


class _Unranked(ctypes.Structure):
    """An unranked memref: a rank and the pointer to a ranked descriptor."""

    _fields_ = [("rank", ctypes.c_int64), ("descriptor", ctypes.POINTER(ctypes.c_int64))]


def _view(itemsize: int, memref: _Unranked) -> np.ndarray:
    """The memory of a memref as an array of raw elements."""
    words = memref.descriptor[: 3 + 2 * memref.rank]
    shape, strides = words[3 : 3 + memref.rank], words[3 + memref.rank :]
    if 0 in shape:
        return np.empty(shape, f"V{itemsize}")
    extent = 1 + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    data = (ctypes.c_char * (extent * itemsize)).from_address(words[1] + words[2] * itemsize)
    return np.ndarray(shape, f"V{itemsize}", data, 0, [stride * itemsize for stride in strides])


@ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.POINTER(_Unranked), ctypes.POINTER(_Unranked))
def _memref_copy(itemsize: int, source: Sequence[_Unranked], target: Sequence[_Unranked]) -> None:
    """The runtime function that `memref.copy` between strided buffers calls."""
    np.copyto(_view(itemsize, target[0]), _view(itemsize, source[0]))


def _bits(number: np.generic) -> float:
    """The float whose low half holds the 16 bits: how a half travels in a register."""
    return float(np.uint32(number.view(np.uint16)).view(np.float32))


def _double_to_bf16(x: float) -> np.generic:
    """Rounded once: through f32 with rounding to odd (ml_dtypes rounds twice)."""
    with np.errstate(over="ignore"):
        single = np.float32(x)
    word = single.view(np.uint32)
    if float(single) != x:
        word = (word - np.uint32(abs(float(single)) > abs(x))) | np.uint32(1)
    return word.view(np.float32).astype(ml_dtypes.bfloat16)


@ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)
def _extend_f16(register: float) -> float:
    return float(np.float32(register).view(np.uint32).astype(np.uint16).view(np.float16))


@ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)
def _truncate_f32_f16(x: float) -> float:
    with np.errstate(over="ignore"):
        return _bits(np.float16(x))


@ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_double)
def _truncate_f64_f16(x: float) -> float:
    with np.errstate(over="ignore"):
        return _bits(np.float16(x))


@ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)
def _truncate_f32_bf16(x: float) -> float:
    return _bits(np.float32(x).astype(ml_dtypes.bfloat16))


@ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_double)
def _truncate_f64_bf16(x: float) -> float:
    return _bits(_double_to_bf16(x))


# What compiled code may call: the copy of MLIR's own runner library, and compiler-rt's
# conversions, which LLVM uses where the processor has no instruction for them.
RUNTIME = {
    "memrefCopy": _memref_copy,
    "__extendhfsf2": _extend_f16,
    "__truncsfhf2": _truncate_f32_f16,
    "__truncdfhf2": _truncate_f64_f16,
    "__truncsfbf2": _truncate_f32_bf16,
    "__truncdfbf2": _truncate_f64_bf16,
}
