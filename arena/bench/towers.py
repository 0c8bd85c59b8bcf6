"""Tower defence, measured: what each player keeps of the base on the five levels, and how fast the world turns.

    python -m arena.bench.towers scores [--players greedy,expert] [--seeds 20] [--record]
    python -m arena.bench.towers layouts [--layouts 16] [--write]
    python -m arena.bench.towers siege [--defenders weak,strong] [--seeds 20] [--record]

play every player on every level, the expert on random levels, and every defender of the siege against every attacker, on seeds 0 to n - 1,
and print a table; with --record (--write) the rows stand in docs/results/towers.jsonl, one a player or defender. The sides `world` and
`alone` are asked by
`arena bench towers`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from arena.bench.sides import Work, steady
from arena.bench.studies import as_command, mean_figure, share_figure, study_row
from envs.errors import unknown

__all__ = ["LEVELS", "PLAYERS", "alone", "load_text", "scores", "siege", "world"]

LEVELS = ("1", "2", "3", "4", "5")
PLAYERS: Mapping[str, tuple[str, str]] = {
    "random": ("scripted?style=random", "&actions=raw"),
    "valid-random": ("scripted?style=valid-random", ""),
    "greedy": ("scripted?style=greedy", ""),
    "expert": ("scripted", ""),
    "mcts": ("mcts?simulations=16&depth=24", ""),
    "trained": ("runs/studies/tower-level-{level}/ppo-0", "&period=64"),
}
"""Address and options of the game. Triples leave room for what is not valid; so `random` draws triples. `trained` is the first seed of the
studies of arena.training.studies, which have to be there; it decides a quarter as often as the others."""
STRENGTHS = ("weak", "fair", "strong")
"""Of both sides of the siege."""
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "towers.jsonl"
SOLVABLE = Path(__file__).parents[2] / "envs" / "towerdefence" / "tower_defence" / "levels" / "solvable.toml"


# ------------------------------------------------------------------ the table of scores
@click.group()
def main() -> None:
    """Figures of tower defence."""


@main.command("scores")
@click.option("--players", default=",".join(PLAYERS), metavar="A,B", help="Which players.")
@click.option("--levels", default=",".join(LEVELS), metavar="1,2", help="Which levels.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=20, metavar="N", help="Seeds 0 to N - 1 (20).")
@click.option("--record", is_flag=True, help="Append rows to docs/results/towers.jsonl.")
def scores(players: str, levels: str, seeds: int, record: bool) -> None:
    """Lives kept of twenty, and the share of valid acts, for each player and level."""
    from arena.bench.results import append  # noqa: PLC0415

    for player in players.split(","):
        row = _row(player, levels.split(","), range(seeds))
        told = (f"{name} {figure['median']:.2f}" for name, figure in row["figures"].items())
        click.echo(f"{player}: {', '.join(told)}")
        if record:
            append(RESULTS, [row])


def _row(player: str, levels: Sequence[str], seeds: Sequence[int]) -> dict[str, Any]:
    if player not in PLAYERS:
        raise unknown("player", player, PLAYERS)
    figures = {}
    for level in levels:
        played = [_played(player, level, seed) for seed in seeds]
        figures[f"level_{level}"] = mean_figure([20.0 + each["score"] for each in played], "lives")
        figures[f"valid_{level}"] = mean_figure([each["valid_per_mille"] / 10 for each in played], "%")
    address, options = PLAYERS[player]
    config = {"agent": address, "options": options, "levels": list(levels)}
    of = "" if tuple(levels) == LEVELS else f" --levels {','.join(levels)}"
    command = f"python -m arena.bench.towers scores --players {player}{of} --seeds {len(seeds)} --record"
    return study_row(
        f"tower-defence/{player}", player, command, datetime.now(UTC), config=config, seeds=list(seeds), figures=figures
    )


def _played(player: str, level: str, seed: int) -> Mapping[str, Any]:
    """The metrics of one match."""
    from arena.matches import play  # noqa: PLC0415

    address, options = PLAYERS[player]
    return play(f"tower_defence?level={level}{options}", [address.format(level=level)], seed=seed).metrics


# ------------------------------------------------------------------ the siege
@main.command("siege")
@click.option("--defenders", default=",".join(STRENGTHS), metavar="A,B", help="Which defenders.")
@click.option("--level", default="2", metavar="L", help="The level (2).")
@click.option("--seeds", type=click.IntRange(1, 1000), default=20, metavar="N", help="Seeds 0 to N - 1 (20).")
@click.option("--record", is_flag=True, help="Append rows to docs/results/towers.jsonl.")
def siege(defenders: str, level: str, seeds: int, record: bool) -> None:
    """Lives kept of twenty by each defender against each attacker."""
    from arena.bench.results import append  # noqa: PLC0415

    for defender in defenders.split(","):
        row = _siege_row(defender, level, range(seeds))
        told = (f"{name} {figure['median']:.2f}" for name, figure in row["figures"].items())
        click.echo(f"{defender}: {', '.join(told)}")
        if record:
            append(RESULTS, [row])


def _siege_row(defender: str, level: str, seeds: Sequence[int]) -> dict[str, Any]:
    from arena.matches import play  # noqa: PLC0415

    figures, spent = {}, time.process_time()
    for attacker in STRENGTHS:
        sides = [f"scripted?style={defender}", f"scripted?style={attacker}"]
        lost = [play(f"siege?level={level}", sides, seed=seed).metrics["lost"] for seed in seeds]
        figures[f"{attacker}_attacker"] = mean_figure([20.0 - each for each in lost], "lives")
        figures[f"held_{attacker}"] = share_figure(sum(each < 20 for each in lost), len(lost))
    config = {
        "level": level,
        "defender": f"scripted?style={defender}",
        "processor_seconds": round(time.process_time() - spent),
    }
    command = f"python -m arena.bench.towers siege --defenders {defender} --seeds {len(seeds)} --record"
    return study_row(
        f"siege/{defender}",
        f"{defender} defender",
        command,
        datetime.now(UTC),
        config=config,
        seeds=list(seeds),
        figures=figures,
    )


# ------------------------------------------------------------------ random levels
@main.command("layouts")
@click.option(
    "--layouts",
    type=click.IntRange(1, 1000),
    default=16,
    metavar="N",
    help="Layouts 0 to N - 1 of each difficulty (16).",
)
@click.option("--write", is_flag=True, help="Write levels/solvable.toml, and a row into docs/results/towers.jsonl.")
def layouts(layouts: int, write: bool) -> None:
    """Which random levels the scripted expert holds with a life left, on seed 0, for each tenth of difficulty."""
    from arena.bench.results import append  # noqa: PLC0415

    held: dict[str, list[int]] = {}
    for tenths in range(11):
        held[f"{tenths / 10:.1f}"] = [layout for layout in range(layouts) if _held(tenths / 10, layout)]
        click.echo(f"{tenths / 10:.1f}: {len(held[f'{tenths / 10:.1f}'])} of {layouts}")
    if write:
        figures = {f"held_{name}": share_figure(len(found), layouts) for name, found in held.items()}
        command = f"python -m arena.bench.towers layouts --layouts {layouts} --write"
        config = {"layouts": layouts, "agent": "scripted"}
        append(
            RESULTS,
            [
                study_row(
                    "random-levels/expert",
                    "expert",
                    command,
                    datetime.now(UTC),
                    config=config,
                    seeds=[0],
                    figures=figures,
                )
            ],
        )
        SOLVABLE.write_text(_written(held, command), encoding="utf-8")


def _written(held: Mapping[str, Sequence[int]], command: str) -> str:
    """The list as a TOML file. UserError where a difficulty has none."""
    from envs.errors import UserError  # noqa: PLC0415

    empty = [name for name, found in held.items() if not found]
    if empty:
        raise UserError(f"the expert holds no layout of difficulty {', '.join(empty)}: try more --layouts")
    lines = [f'"{name}" = {list(found)}' for name, found in held.items()]
    return (
        "\n".join(
            [f"# Layouts that the scripted expert has held, by difficulty. Made by `{command}`.", "[held]", *lines]
        )
        + "\n"
    )


def _held(difficulty: float, layout: int) -> bool:
    """Whether the expert has a life left after a random level."""
    from arena.matches import play  # noqa: PLC0415

    generator = import_module("envs.towerdefence.tower_defence.generator")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "level.toml"
        path.write_text(generator.level_text(difficulty, layout), encoding="utf-8")
        return bool(play(f"tower_defence?level={path}", ["scripted"], seed=0).metrics["score"] > -20)


# ------------------------------------------------------------------ speed
def load_text(living: int) -> str:
    """A level on which so many enemies live at once and for long: slow, hard to kill, on one winding road, under towers and fog."""
    waves = [min(living, 25), *([living - 25] if living > 25 else [])]
    slots = [f"[[slot]]\nat = [{-24 + 12 * (i % 5)}e-1, {(17, -1, -18)[i // 5]}e-1]" for i in range(15)]
    return "\n".join([
        'title = "Load"', "[rules]", "gold = 30000", "max_gold = 30000", "lives = 200", "refund = 1.0",
        f"first_wave = {0.1 if living else 600.0}", "wave_interval = 3.0", "[fog]", "radius = 0.9", "[[path]]",
        "points = [[-3.0, 2.6], [2.6, 2.6], [2.6, 0.8], [-2.6, 0.8], [-2.6, -1.0], [2.6, -1.0], [2.6, -2.6], [-3.0, -2.6]]",
        *slots,
        *(f'[[wave]]\nspacing = 0.1\ngroups = [["load", {max(each, 1)}, 1]]' for each in waves),
        "[enemy.load]", "health = 1000000", "speed = 0.07", "damage = 20", "extra = 10",
    ])  # fmt: skip


def world(living: int, num: int, seed: int, encode: str = "compact", threads: int = 1, processor: bool = False) -> Work:
    """Frames of `num` rows with so many living enemies, random acts from the mask, every decision observed; counts frames.

    processor: seconds are those of the processor, which is what a core does whoever else uses it; else those of the wall.
    """
    import envs  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "load.toml"
        path.write_text(load_text(living), encoding="utf-8")
        env = envs.make(
            f"tower_defence?level={path}", view="vector", num=num, encode=encode or (), threads=threads, checked=False
        )
    env.reset(seed=seed)
    frames = int(env.game.spec.frames)
    for _ in range(100):  # the first towers are built, and all enemies have come
        env.step(env.sample())

    def batch() -> int:
        for _ in range(4):
            env.step(env.sample())
        return 4 * num * frames

    return steady(batch, time.process_time if processor else time.perf_counter)


def alone(pixels: bool, seed: int) -> Work:
    """One match after another on the Gymnasium face, random acts from the mask; with a picture of 512 x 512 a decision, or without."""
    import envs  # noqa: PLC0415
    from envs import keys  # noqa: PLC0415

    env = envs.make("tower_defence?level=5", view="gym", render_mode="rgb_array" if pixels else None)
    held = [env.reset(seed=seed)[0], 0]
    frames = int(env.unwrapped.game.spec.frames)

    def batch() -> int:
        for _ in range(32):
            held[1] += 1
            allowed = held[0]["action_mask"].nonzero()[0]
            held[0], _, over, cut, _ = env.step(int(allowed[keys.below(keys.fold(seed, held[1]), len(allowed))]))
            if pixels:
                env.render()
            if over or cut:
                held[0] = env.reset()[0]
        return 32 * frames

    return steady(batch)


if __name__ == "__main__":
    as_command(lambda words: main(words, prog_name="python -m arena.bench.towers"))
