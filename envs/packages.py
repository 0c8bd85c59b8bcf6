"""A game that is a package: its constants and record types stand in files without a rule, and are part of its rules all the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envs.rules import rules_of

__all__ = ["shared", "sources"]


def sources(namespace: Mapping[str, Any]) -> list[str]:
    """The texts of all modules of the packages that a game and its rules come from; none for a game of one file."""
    files = {function.plain.__code__.co_filename for function in rules_of(namespace)} | {
        namespace.get("__file__") or ""
    }
    starts = {Path(name).with_name("__init__.py") for name in files if name}
    games = [
        start for start in sorted(starts) if start.is_file() and "\ndef build(" in start.read_text(encoding="utf-8")
    ]
    return [path.read_text(encoding="utf-8") for start in games for path in sorted(start.parent.glob("*.py"))]


def shared(namespace: Mapping[str, Any]) -> list[str]:
    """The texts of modules beside a game's package that functions of its namespace come from: what several games of a family share."""
    package = str(namespace.get("__package__") or "")
    family = package.rpartition(".")[0]
    others = {
        value.__code__.co_filename for value in namespace.values()
        if family and hasattr(value, "__code__") and value.__module__.rpartition(".")[0] == family
    }  # fmt: skip
    return [Path(name).read_text(encoding="utf-8") for name in sorted(others)]
