"""The base installation: without any extra, what needs none works, and what needs one says in a line which."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from arena.training import cfr_plus, ppo
from envs.errors import UserError
from envs.extras import EXTRAS, absent, wanting

ROOT = Path(__file__).parents[1]
NAMES = {"av": "av", "math_verify": "math-verify", "pyspiel": "open_spiel", "stable_baselines3": "stable-baselines3"}
"""Module -> package, where they differ."""

WITHOUT = f"""
import importlib.abc, shlex, sys
class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sorted(m for modules in EXTRAS.values() for m in modules)}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone())
from arena.cli import run
for line in sys.stdin.read().splitlines():
    print("$", line, flush=True)
    print("=", run(shlex.split(line)), flush=True)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that somebody with all extras has trained."""
    folder = tmp_path_factory.mktemp("runs")
    small = {"steps": 1, "rows": 16, "ticks": 4, "hidden": 8}
    for kind in ("mlp", "conv"):
        ppo.train(ppo.Config.made({**small, "net": kind}, "connect_four"), "connect_four", folder / kind)
    ppo.train(ppo.Config.made({**small, "net": "gru"}, "kuhn_poker"), "kuhn_poker", folder / "gru")
    cfr_plus.train(cfr_plus.Config(steps=3), "kuhn_poker", folder / "table")
    return folder


def answers(folder: Path, *lines: str) -> list[tuple[int, str]]:
    """(exit code, what it printed) of commands that are given one after another without any extra."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], input="\n".join(lines), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    found = re.findall(r"^\$ .*\n((?:.*\n)*?)= (\d+)$", done.stdout, re.MULTILINE)
    assert len(found) == len(lines), done.stdout
    return [(int(code), text) for text, code in found]


def test_runs_are_played_and_judged_without_an_extra(trained: Path) -> None:
    lines = (
        "play connect_four mlp conv --episodes 2",
        "play connect_four 'mlp?search=5' random --episodes 1",
        "play kuhn_poker gru table --episodes 2",
        "eval conv --against random --episodes 2",
        "gate mlp",
        "exploit gru",
        "exploit table",
        "watch mlp",
    )
    for line, (code, text) in zip(lines, answers(trained, *lines), strict=True):
        assert code == 0, f"{line}: {text}"


def test_what_needs_an_extra_says_which_and_leaves_nothing(trained: Path) -> None:
    wanted = {
        f"train connect_four --algo {algo} --run new --steps 10": "train" for algo in ("ppo", "pqn", "dqn", "ga", "bc")
    }
    wanted |= {f"train kuhn_poker --algo {algo} --run new --steps 10": "train" for algo in ("mmd", "cfr+", "league")}
    wanted |= {
        "train double_agent --algo duel --run new": "train",
        "train --resume --run mlp --steps 100": "train",
        "exploit mlp": "train",
        "exploit gru --train": "train",
        "play connect_four 'llm?model=x&key_env=' random": "llm",
        "tournament --ray local all.toml": "ray",
    }
    (trained / "all.toml").write_bytes((ROOT / "docs" / "examples" / "all_games.toml").read_bytes())
    for (line, extra), (code, text) in zip(wanted.items(), answers(trained, *wanted), strict=True):
        assert code == 1 and f"pip install 'palaestra[{extra}]'" in text, f"{line}: {text}"
        assert "bug of ours" not in text and "Traceback" not in text
    assert not (trained / "new").exists()


def test_the_table_of_extras_is_that_of_the_project() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    names = {extra: {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines} for extra, lines in declared.items()}
    del names["dev"]
    assert {extra: {NAMES.get(module, module) for module in modules} for extra, modules in EXTRAS.items()} == names


def test_a_module_of_no_extra_is_nobodys() -> None:
    assert wanting(ModuleNotFoundError("No module named 'zzz'", name="zzz")) is None
    assert isinstance(wanting(ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")), UserError)
    assert (
        str(absent("av", "an .mp4", "or export a .gif"))
        == "an .mp4 needs av: pip install 'palaestra[video]', or export a .gif"
    )
