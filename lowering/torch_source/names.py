"""Identifiers and comments that are safe whatever an IR file calls its symbols."""

from __future__ import annotations

import builtins
import keyword
import re
from urllib.parse import quote

RESERVED = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins))
MAX_LENGTH = 40


def identifier(text: str) -> str:
    """An ASCII Python identifier that reads like `text`: no keyword, no builtin, not dunder."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text)[:MAX_LENGTH].strip("_")
    if not name or name[0].isdigit():
        name = f"v{name}"
    return f"{name}_" if name in RESERVED else name


def comment(text: str) -> str:
    """`text` as one word of ASCII, at most 80 characters; what else is in it, percent-encoded."""
    word = quote(text, safe="@$:/+,", errors="replace")
    return word if len(word) <= 80 else f"{word[:77]}..."


class Namespace:
    """Hands out identifiers, each once."""

    def __init__(self, taken: frozenset[str]) -> None:
        self._taken = set(taken)

    def fresh(self, text: str) -> str:
        """An identifier that reads like `text` and is not taken."""
        base = name = identifier(text)
        count = 1
        while name in self._taken:
            name = f"{base}_{count}"
            count += 1
        self._taken.add(name)
        return name

    def nested(self) -> Namespace:
        """A scope inside this one: its names do not hide those taken here."""
        return Namespace(frozenset(self._taken))
