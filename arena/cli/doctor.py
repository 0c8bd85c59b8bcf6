"""`arena doctor`: what this machine has, what it lacks, and what to do about it.

Reads versions from the installed packages' metadata and imports none of them, so it also works where one is
broken. A line is ok, warn (something works less well) or fail (something will not work; exit code 1).
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click

from arena import settings
from arena.cli import loading
from arena.text import safe_text
from envs.errors import FAILURE, UserError

__all__ = ["Finding", "command", "findings"]

SCHEMA = "palaestra.doctor/1"
ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
SMALLEST = (60, 20)
SQLITE_WAL_FIXED = (3, 51, 3)  # before it, a write that races a checkpoint of a second connection may corrupt a file
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer. `level` is "ok", "warn" or "fail"; `remedy` is empty where there is nothing to do."""

    name: str
    level: str
    text: str
    remedy: str = ""


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every check, in the order in which they are printed."""
    yield _python(sys.version_info[:2])
    yield from _packages()
    yield from _extras()
    yield _cores()
    yield _terminal_size(shutil.get_terminal_size())
    yield _colours(environ)
    yield _encoding(sys.stdout.encoding or "none")
    yield _compiler_cache(environ)
    yield from _settings(environ)
    yield _sqlite(sqlite3.sqlite_version_info)
    yield _walls(loading.load("agents.sandbox.walls:machine")())


def _python(version: tuple[int, ...]) -> Finding:
    text = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()}"
    allowed = _requires_python()
    if all(version >= bound if sign == ">=" else version < bound for sign, bound in allowed):
        return Finding("python", "ok", text)
    wanted = ", ".join(f"{sign} {'.'.join(map(str, bound))}" for sign, bound in allowed)
    return Finding("python", "fail", text, f"install a Python {wanted} and run `make clean run`")


def _requires_python() -> list[tuple[str, tuple[int, ...]]]:
    try:
        text = metadata.metadata("palaestra")["Requires-Python"] or ""
    except metadata.PackageNotFoundError:
        return []
    return [(sign, (int(major), int(minor))) for sign, major, minor in re.findall(r"(>=|<)(\d+)\.(\d+)", text)]


def _requirements() -> dict[str, list[str]]:
    """Names of the required packages by extra; those of the base installation under ''."""
    found: dict[str, list[str]] = {}
    for line in metadata.requires("palaestra") or []:
        if not _for_this_python(line):
            continue
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        found.setdefault(extra[1] if extra else "", []).append(re.split(r"[^\w.-]", line, maxsplit=1)[0])
    return found


def _for_this_python(requirement: str) -> bool:
    """Whether a requirement's own condition on the Python version, if it has one, holds here."""
    match = re.search(r"python_version\s*(>=|<)\s*['\"](\d+)\.(\d+)['\"]", requirement)
    if match is None:
        return True
    bound = (int(match[2]), int(match[3]))
    return sys.version_info[:2] >= bound if match[1] == ">=" else sys.version_info[:2] < bound


def _locked(lock: Path) -> dict[str, str]:
    """The pinned versions; empty where the installation came without the lock file."""
    if not lock.is_file():
        return {}
    pins = (line.partition("==") for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    return {_normal(name): version for name, _, version in pins}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _packages() -> Iterator[Finding]:
    try:
        names = _requirements().get("", [])
    except metadata.PackageNotFoundError:
        yield Finding("packages", "fail", "palaestra itself is not installed", "run `make run` or `pip install -e .`")
        return
    locked = _locked(LOCK)
    odd = [finding for name in names if (finding := _package(name, _installed(name), locked.get(_normal(name))))]
    yield from odd
    beside = f"as {LOCK.name} says" if locked else f"no {LOCK.name} beside this installation to compare with"
    yield Finding("packages", "ok", f"{len(names) - len(odd)} of {len(names)} required packages are here, {beside}")


def _package(name: str, version: str | None, pinned: str | None) -> Finding | None:
    """What is wrong with a required package, if anything; a local build (2.13.0+cpu) counts as its version."""
    if version is None:
        return Finding(name, "fail", "not installed", f"pip install -c {LOCK.name} {name}")
    if pinned is None or version.partition("+")[0] == pinned:
        return None
    return Finding(name, "warn", f"{version}, but {pinned} is the tested one", f"pip install {name}=={pinned}")


def _extras() -> Iterator[Finding]:
    try:
        required = _requirements()
    except metadata.PackageNotFoundError:
        return
    for extra, names in sorted(required.items()):
        missing = [name for name in names if _installed(name) is None]
        text = f"without {', '.join(missing)}" if missing else ", ".join(names)
        remedy = f"pip install -c {LOCK.name} 'palaestra[{extra}]' if you want it" if missing else ""
        if extra:
            yield Finding(f"extra {extra}", "ok", text, remedy)


def _cores() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("cores", "ok", f"{usable} of {os.cpu_count() or usable} usable")


def _terminal_size(size: os.terminal_size) -> Finding:
    if not sys.stdout.isatty():
        return Finding("terminal", "ok", "stdout is not a terminal: matches are printed as plain lines")
    text = f"{size.columns} x {size.lines}"
    if size.columns >= SMALLEST[0] and size.lines >= SMALLEST[1]:
        return Finding("terminal", "ok", text)
    return Finding("terminal", "warn", text, f"make the window at least {SMALLEST[0]} x {SMALLEST[1]}")


def _colours(environ: Mapping[str, str]) -> Finding:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR"):
        return Finding("colours", "ok", "none, because NO_COLOR is set")
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return Finding("colours", "ok", "16 million")
    if "256" in term:
        return Finding("colours", "ok", "256", "set COLORTERM=truecolor if this terminal can do more")
    return Finding("colours", "warn", f"few or none (TERM is {term!r})", "use a terminal with 256 colours or more")


def _encoding(name: str) -> Finding:
    if name.lower().replace("-", "") == "utf8":
        return Finding("encoding", "ok", name)
    return Finding("encoding", "warn", f"{name}: boards will be drawn with letters", "set LANG=C.UTF-8")


def _compiler_cache(environ: Mapping[str, str]) -> Finding:
    """numba keeps compiled rules in NUMBA_CACHE_DIR, else beside the source, else in the user's cache folder."""
    own = environ.get("NUMBA_CACHE_DIR")
    beside = ROOT / "envs" / "__pycache__"
    for folder in [Path(own)] if own else [beside, Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")]:
        if _writable(folder):
            return Finding("compiler cache", "ok", str(folder))
    remedy = "set NUMBA_CACHE_DIR to a folder that you may write to, or every start compiles the rules again"
    return Finding("compiler cache", "warn", f"{own or beside} cannot be written to", remedy)


def _settings(environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        chosen = settings.load(environ=environ)
    except UserError as error:
        yield Finding("settings", "fail", str(error), "mend what the line names")
        return
    where = ", ".join(f"{key} from {source}" for key, source in chosen.sources.items())
    yield Finding("settings", "ok", where or "all defaults")
    if _writable(chosen.runs):
        yield Finding("runs folder", "ok", str(chosen.runs.absolute()))
    else:
        yield Finding(
            "runs folder", "fail", f"{chosen.runs.absolute()} cannot be written to", "set runs in palaestra.toml"
        )


def _writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, or where the folder would be made. Leaves nothing behind."""
    there = next((place for place in [folder, *folder.absolute().parents] if place.exists()), None)
    try:
        with tempfile.TemporaryFile(dir=there):
            return True
    except OSError:
        return False


def _sqlite(version: tuple[int, ...]) -> Finding:
    text = ".".join(map(str, version))
    if version >= SQLITE_WAL_FIXED:
        return Finding("sqlite", "ok", text)
    return Finding("sqlite", "warn", f"{text} (before 3.51.3)", "harmless as long as one process alone writes a store")


def _walls(able: Mapping[str, object]) -> Finding:
    """What can hold an agent that nobody vouches for; tried in a process of its own."""
    kinds = {
        "Landlock": able["landlock"],
        "process namespace": able["pid"],
        "no network": able["net"],
        "seccomp": able["seccomp"],
    }
    text = ", ".join(f"{kind}{f' {value}' if kind == 'Landlock' else ''}" for kind, value in kinds.items() if value)
    if all(kinds.values()):
        return Finding("sandbox", "ok", f"isolated and sealed, by {text}")
    missing = ", ".join(kind for kind, value in kinds.items() if not value)
    return Finding(
        "sandbox",
        "warn",
        f"isolated by processes and bounds{f', {text}' if text else ''}; not sealed",
        f"this kernel lacks: {missing}",
    )


def _print(lines: Iterable[Finding]) -> None:
    for line in lines:
        level = click.style(f"{line.level:<5}", fg=COLOURS[line.level])
        remedy = f" -> {safe_text(line.remedy)}" if line.remedy else ""
        click.echo(f"{level}{safe_text(line.name):<15} {safe_text(line.text)}{remedy}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(as_json: bool) -> int:
    """Look at this machine: what works, what is missing, what to do."""
    found = list(findings(os.environ))
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "findings": [asdict(finding) for finding in found]}, indent=2))
    else:
        _print(found)
    return FAILURE if any(finding.level == "fail" for finding in found) else 0
