"""The command line: a table of verbs, one module per verb, one door for every error.

`arena.cli.VERB` holds `command: click.Command`; it is imported when the verb is used, so `--help` loads no
verb, no numpy and no game. Players, sinks and screens are named by strings and reached through `loading`:
nothing here imports upward. Exit codes: those of `envs.errors`, 1 for anything else, 130 when interrupted.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

__all__ = ["VERBS", "VerbGroup", "group", "run"]

INTERRUPTED = 130
LOBBY = "tui.app:lobby"

# In the order of the help page. A verb whose module is not in the package is not offered.
VERBS = {
    "envs": "List the games; check a game of your own.",
    "agents": "List the players and their options.",
    "doctor": "Look at this machine: what works, what is missing, what to do.",
    "play": "Play matches and print wins, draws, losses and faults.",
    "watch": "Watch a match, a recording, a training run or a server.",
    "replay": "Show, verify, recover, compare and export recordings.",
    "train": "Train a policy into a run folder.",
    "eval": "Evaluate a run's checkpoint.",
    "gate": "Let a run's newest checkpoint challenge its best.",
    "exploit": "Measure how exploitable a run's checkpoint is.",
    "serve": "Host matches for players over a network.",
    "join": "Play on a host with a player of yours.",
    "token": "Make, list and revoke the tokens of a host.",
    "tournament": "Play the tournament that a file describes.",
    "rank": "Print the ratings.",
    "bench": "Measure the speed of games on this machine.",
    "llm-bench": "Measure language models as players.",
    "rollouts": "Print what models wrote, with rewards, as rows to train from.",
    "level": "Check, show and write level files of tower defence.",
}


class VerbGroup(click.Group):
    """A group whose commands are modules of a package, named in a table and imported on use.

    `verbs` maps a verb to its one line of help; its module is `package.verb` and must lie in `folder`.
    """

    def __init__(self, *, verbs: dict[str, str], package: str, folder: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self._package = package
        self.verbs = {verb: line for verb, line in verbs.items() if _has_module(folder, verb)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs whose module is there, in the order of the table."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module and take its `command`; None for an unknown verb."""
        if cmd_name not in self.verbs:
            return None
        command: click.Command = importlib.import_module(f"{self._package}.{_module(cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing a verb."""
        if self.verbs:
            with formatter.section("Commands"):
                formatter.write_dl(list(self.verbs.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown verb is answered from the table."""
        if args[0] not in self.verbs and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"no command {args[0]!r}: {self.hint(args[0])}", ctx)
        return super().resolve_command(ctx, args)

    def hint(self, word: str) -> str:
        """What somebody may have meant who wrote this in the place of a verb."""
        near = difflib.get_close_matches(word, self.verbs, n=1)
        return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(self.verbs)}"


def _module(verb: str) -> str:
    """The module of a verb: play-on is in play_on.py."""
    return verb.replace("-", "_")


def _has_module(folder: Path, verb: str) -> bool:
    return (folder / f"{_module(verb)}.py").is_file() or (folder / _module(verb) / "__init__.py").is_file()


def _lobby(ctx: click.Context) -> int | None:
    """`arena` alone: the lobby in a terminal, help elsewhere."""
    if ctx.invoked_subcommand is not None:
        return None
    from arena.cli import terminal  # noqa: PLC0415 (as below)

    if terminal.draws():
        from arena.cli import loading  # noqa: PLC0415 (--help pays for nothing that it does not need)

        if loading.exists(LOBBY.partition(":")[0]):
            code: int | None = loading.load(LOBBY)()
            return code
    click.echo(ctx.get_help())
    return None


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib import metadata  # noqa: PLC0415 (a fifth of the time that --help may take)

    try:
        click.echo(f"arena {metadata.version('palaestra')}")
    except metadata.PackageNotFoundError:
        raise click.ClickException(
            "palaestra is not installed here, so it has no version: `make run` installs it"
        ) from None
    ctx.exit()


group = VerbGroup(
    verbs=VERBS,
    package=__name__,
    folder=Path(__file__).parent,
    name="arena",
    help="A multi-agent arena: games, matches, training, replays and a terminal to watch them in.",
    callback=click.pass_context(_lobby),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
        ),
        click.Option(["--debug"], is_flag=True, expose_value=False, help="Show the traceback of a bug."),
    ],
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Every error leaves through here, as one line on stderr."""
    try:
        answer = group.main([a for a in arguments if a != "--debug"], prog_name="arena", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _hang_up()
    except Exception as error:  # noqa: BLE001 (the last door: no traceback reaches a user)
        from arena.cli.errors import told  # noqa: PLC0415 (only an error pays for it)

        return told(error, debug="--debug" in arguments)
    return answer if isinstance(answer, int) else 0


def _hang_up() -> int:
    """The reader of our output has left: keep the interpreter from complaining when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
