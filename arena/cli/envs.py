"""`arena envs`: the games that are installed, and `arena envs check`: whether a game keeps its promises.

The list is read from the games' declarations; a game that cannot be loaded is named with its reason and hides no other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from arena.cli.tables import option_rows, option_trees, table
from arena.text import safe_text
from envs.errors import FAILURE

if TYPE_CHECKING:
    from envs.spec import Role, Spec

__all__ = ["command"]

LIST_SCHEMA, CHECK_SCHEMA = "palaestra.envs/1", "palaestra.check/1"


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int | None:
    """List the games; check a game of your own.

    Besides the names listed, ENV may be "module:build", "path/to/file.py", "pettingzoo:MODULE" or "gymnasium:ID"; options follow a
    question mark: "liars_dice?seats=4&dice=3".
    """
    if ctx.invoked_subcommand is not None:
        return None
    specs, broken = _declared()
    if as_json:
        games = [_tree(spec) for spec in specs]
        click.echo(json.dumps({"schema": LIST_SCHEMA, "games": games, "broken": broken}, indent=2))
    else:
        click.echo(_listing(specs, broken))
    return 0


def _declared() -> tuple[list[Spec], dict[str, str]]:
    """The declaration of every game, and why the others have none."""
    from envs import registry  # noqa: PLC0415  (help is shown without it)

    broken = registry.broken()
    specs = []
    for name in registry.names():
        try:
            specs.append(registry.spec(name))
        except Exception as error:  # noqa: BLE001  (whatever a package's game raises must not hide the others)
            broken.setdefault(name, safe_text(error, width=200))
    return specs, broken


def _listing(specs: Sequence[Spec], broken: dict[str, str]) -> str:
    rows = [(spec.name, spec.title, _seats(spec), " ".join(sorted(spec.traits)) or "-") for spec in specs]
    lines = [table(("name", "title", "seats", "traits"), rows)]
    options = [row for spec in specs for row in option_rows(spec.name, spec.options)]
    if options:
        lines += ["", table(("game", "option", "default", "allowed"), options)]
    if broken:
        lines += ["", *(f"cannot be loaded: {safe_text(name)}: {safe_text(why)}" for name, why in broken.items())]
    lines += ["", 'options follow a question mark: arena play "liars_dice?seats=3" random random scripted']
    return "\n".join(lines)


def _seats(spec: Spec) -> str:
    """ "2", or "proposer + 3 solvers" where roles differ."""
    if len(spec.roles) == 1:
        return str(spec.seats)
    return " + ".join(role.name if role.count == 1 else f"{role.count} {role.name}s" for role in spec.roles)


def _tree(spec: Spec) -> dict[str, Any]:
    return {
        "name": spec.name, "id": spec.id, "title": spec.title, "seats": spec.seats, "traits": sorted(spec.traits),
        "limit": spec.limit, "points": [value if abs(value) < float("inf") else None for value in spec.points],
        "roles": [_role(role) for role in spec.roles], "options": option_trees(spec.options), "rules": spec.rules,
    }  # fmt: skip


def _role(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "count": role.count,
        "actions": type(role.actions).__name__,
        "factors": list(role.actions.factors),
    }


@dataclass(frozen=True)
class Finding:
    """One verdict of the check, as it is printed."""

    name: str
    ok: bool
    evidence: str


@command.command("check")
@click.argument("name", metavar="ENV")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--episodes", type=click.IntRange(1, 1_000_000), metavar="N", help="Random games for each check.")
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=0, metavar="S", help="Seed of the first (0).")
def check(name: str, as_json: bool, episodes: int | None, seed: int) -> int:
    """Check a game: every promise that matches, training and replays rely on.

    ENV is a name, module:build or path/to/file.py. Exit code 1 when a promise is broken.
    """
    chosen = {} if episodes is None else {"episodes": episodes}
    report = _checker()(name, seed=seed, **chosen)
    found = [Finding(str(each.name), bool(each.ok), str(each.evidence)) for each in report.verdicts]
    failed = [finding for finding in found if not finding.ok]
    if as_json:
        verdicts = [{"name": each.name, "ok": each.ok, "evidence": each.evidence} for each in found]
        click.echo(json.dumps({"schema": CHECK_SCHEMA, "game": name, "ok": not failed, "verdicts": verdicts}, indent=2))
    else:
        _print(name, found, failed)
    return FAILURE if failed else 0


def _checker() -> Any:
    """The conformance suite, which loads every face of a game."""
    import envs  # noqa: PLC0415  (listing games does without it)

    return envs.check


def _print(name: str, found: Sequence[Finding], failed: Sequence[Finding]) -> None:
    width = max((len(finding.name) for finding in found), default=0)
    for finding in found:
        mark = click.style("ok  " if finding.ok else "fail", fg="green" if finding.ok else "red")
        click.echo(f"{mark}  {safe_text(finding.name):<{width}}  {safe_text(finding.evidence)}")
    total = f"{len(found) - len(failed)} of {len(found)} promises are kept"
    click.echo(f"{safe_text(name)}: {total}")
