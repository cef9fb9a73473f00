"""A tensor-graph superoptimizer: the cheapest of the equal programs that rewrite rules reach."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taso.frontends.compile import compile

__version__ = "0.1.0"
__all__ = ["__version__", "compile"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `import taso` and `taso-opt` on an IR file do not import torch.
    if name == "compile":
        from taso.frontends.compile import compile

        globals()["compile"] = compile
        return compile
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
