"""Names become objects here: how the command line reaches players and screens without importing upward."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

from envs.errors import NOT_FOUND, UserError

__all__ = ["exists", "load"]


def exists(module: str) -> bool:
    """Whether a module of that name can be found; imports its parent packages and not the module."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def load(reference: str) -> Any:
    """The object that `"module:attribute"` names.

    Modules of the working folder are found too, after all installed ones.
    Raises UserError(NOT_FOUND) where there is no such module or attribute; an error inside the module passes.
    """
    _reach_working_folder()
    module, _, attribute = reference.partition(":")
    if not (attribute and exists(module)):
        raise UserError(
            f"nothing is called {reference!r}: write module:name, where module can be imported from here", NOT_FOUND
        )
    found = importlib.import_module(module)
    if not hasattr(found, attribute):
        raise UserError(f"module {module!r} has no {attribute!r}: write module:name", NOT_FOUND)
    return getattr(found, attribute)


def _reach_working_folder() -> None:
    """Let `arena` find what `python -m arena` finds: a player in a file where the user stands."""
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
