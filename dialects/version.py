"""The version of the IR's form, which a module carries as `taso.version`."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.utils.exceptions import VerifyException

VERSION = 1
"""Goes up when text of an older version would mean something else, or nothing."""

VERSION_ATTRIBUTE = "taso.version"


def stamp_version(module: ModuleOp) -> None:
    """Mark a module as written by this version."""
    module.attributes[VERSION_ATTRIBUTE] = IntegerAttr(VERSION, i64)


def check_version(module: ModuleOp) -> None:
    """Raise `VerifyException` unless this version reads the module's.

    A module that names no version is taken as written for this one.
    """
    match module.attributes.get(VERSION_ATTRIBUTE):
        case None:
            return
        case IntegerAttr() as version if version.type == i64:
            number = version.value.data
        case other:
            raise VerifyException(f"{VERSION_ATTRIBUTE} is {other}, expected an i64")
    if not 1 <= number <= VERSION:
        raise VerifyException(
            f"{VERSION_ATTRIBUTE} is {number}, but this release reads 1 to {VERSION}"
        )
