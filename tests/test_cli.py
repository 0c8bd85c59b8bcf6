"""The command line: lazy verbs, one door for errors, and the doctor."""

from __future__ import annotations

import importlib.machinery
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import pytest

from arena import cli
from arena.cli import doctor, loading
from envs.errors import CORRUPT, NOT_FOUND, UserError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Callable[[], object]], None]:
    """Gives the command line a verb `trial` that calls a function; bugs are logged under tmp_path."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def install(function: Callable[[], object]) -> None:
        module = ModuleType("arena.cli.trial")
        module.command = click.Command("trial", callback=function)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "arena.cli.trial", module)
        monkeypatch.setitem(cli.group.verbs, "trial", "A verb for this test.")

    return install


def raising(error: BaseException) -> Callable[[], object]:
    def function() -> object:
        raise error

    return function


def test_help_lists_only_verbs_whose_module_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    commands = capsys.readouterr().out.partition("Commands:")[2].splitlines()
    listed = [line.split()[0] for line in commands if line.startswith("  ") and line.strip()]
    folder = ROOT / "arena" / "cli"
    modules = {verb: verb.replace("-", "_") for verb in cli.VERBS}
    assert listed == [
        verb for verb, m in modules.items() if (folder / f"{m}.py").exists() or (folder / m / "__init__.py").exists()
    ]
    assert "doctor" in listed


def test_a_verb_without_module_is_not_offered(tmp_path: Path) -> None:
    (tmp_path / "here.py").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").write_text("")
    table = {"here": "x", "away": "y", "folder": "z"}
    assert list(cli.VerbGroup(verbs=table, package="p", folder=tmp_path).verbs) == ["here", "folder"]


def test_without_a_terminal_the_command_alone_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    assert capsys.readouterr().out.startswith("Usage: arena")


def test_in_a_terminal_the_command_alone_opens_the_lobby(monkeypatch: pytest.MonkeyPatch) -> None:
    lobby = ModuleType("lobby_of_this_test")
    lobby.__spec__ = importlib.machinery.ModuleSpec(lobby.__name__, None)
    lobby.open = lambda: 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, lobby.__name__, lobby)
    monkeypatch.setattr(cli, "LOBBY", "lobby_of_this_test:open")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert cli.run([]) == 7


def test_in_a_terminal_without_screens_the_command_alone_prints_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "LOBBY", "no_such_package.app:lobby")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert cli.run([]) == 0
    assert capsys.readouterr().out.startswith("Usage: arena")


def test_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib import metadata

    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"arena {metadata.version('palaestra')}\n"


def test_an_unknown_verb_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["docotr"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "arena: no command 'docotr': did you mean 'doctor'? (`arena --help` tells more)\n"


@pytest.mark.parametrize("arguments", [["--wrong"], ["doctor", "--wrong"], ["doctor", "extra"], ["zzzzzz"]])
def test_a_usage_error_is_one_line_and_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("arena: ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_a_user_error_is_its_line_and_its_code(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str], code: int
) -> None:
    verb(raising(UserError("the board\nis upside down", code)))
    assert cli.run(["trial"]) == code
    assert capsys.readouterr().err == "arena: the board is upside down\n"


def test_a_user_error_cannot_command_the_terminal(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    verb(raising(UserError("no player '\x1b]52;c;aGk=\x07\x9b2J'", NOT_FOUND)))
    assert cli.run(["trial"]) == NOT_FOUND
    assert [c for c in capsys.readouterr().err.rstrip("\n") if not c.isprintable()] == []


def test_the_answer_of_a_verb_is_the_exit_code(verb: Callable[..., None]) -> None:
    verb(lambda: CORRUPT)
    assert cli.run(["trial"]) == CORRUPT
    verb(lambda: None)
    assert cli.run(["trial"]) == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_exits_130_without_a_traceback(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    verb(raising(error))
    assert cli.run(["trial"]) == 130
    assert capsys.readouterr().err.strip() == ""


def test_a_bug_is_one_line_and_its_traceback_is_kept(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    verb(raising(RuntimeError("the\x1b[2J dice are square")))
    assert cli.run(["trial"]) == 1
    line = capsys.readouterr().err
    log = tmp_path / "palaestra" / "errors.log"
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert str(log) in line
    assert "RuntimeError" in line
    assert "Traceback (most recent call last)" in log.read_text()


def test_debug_shows_the_traceback_wherever_it_stands(
    verb: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    verb(raising(RuntimeError("the dice are square")))
    for arguments in (["--debug", "trial"], ["trial", "--debug"]):
        assert cli.run(arguments) == 1
        assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_bug_is_still_told_where_the_log_cannot_be_written(
    verb: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    verb(raising(RuntimeError("the dice are square")))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert cli.run(["trial"]) == 1
    assert "could not be written" in capsys.readouterr().err


def test_a_log_of_bugs_does_not_grow_for_ever(verb: Callable[..., None], tmp_path: Path) -> None:
    verb(raising(RuntimeError("the dice are square")))
    log = tmp_path / "palaestra" / "errors.log"
    log.parent.mkdir()
    log.write_text("x" * 1_000_001)
    cli.run(["trial"])
    assert log.stat().st_size < 100_000


@pytest.mark.parametrize(
    "reference", ["nowhere:x", "arena.cli:nothing", "arena.cli", "arena.cli.nothing:run", "", ":", "arena..cli:run"]
)
def test_a_reference_that_names_nothing_is_not_found(reference: str) -> None:
    with pytest.raises(UserError) as caught:
        loading.load(reference)
    assert caught.value.code == NOT_FOUND


def test_a_reference_gives_the_object() -> None:
    assert loading.load("arena.cli:run") is cli.run


def test_a_reference_reaches_modules_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "player_of_this_test.py").write_text("name = 'mine'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [entry for entry in sys.path if entry])
    assert loading.load("player_of_this_test:name") == "mine"


def arena(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "arena", *arguments],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_reader_that_has_left_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "arena", "--help"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == b""
    assert process.returncode == 1


def test_help_loads_nothing_heavy() -> None:
    """How long it takes is a row of `arena bench start`; what would make it long is told here."""
    code = "import sys, arena.cli; arena.cli.run(['--help']); print(sorted(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    *lines, loaded = answer.stdout.splitlines()
    assert any("tournament" in line for line in lines)
    for heavy in ("numpy", "numba", "torch", "textual", "rich", "pettingzoo", "asyncio", "msgspec"):
        assert f"'{heavy}'" not in loaded, heavy


def test_the_doctor_prints_one_json_document() -> None:
    answer = arena("doctor", "--json")
    document = json.loads(answer.stdout)
    assert document["schema"] == doctor.SCHEMA
    assert {finding["level"] for finding in document["findings"]} <= {"ok", "warn", "fail"}
    assert {"python", "packages", "cores", "compiler cache", "runs folder", "sqlite"} <= {
        finding["name"] for finding in document["findings"]
    }
    assert answer.stderr == ""


def test_the_doctor_fails_on_broken_settings_and_says_where() -> None:
    answer = arena("doctor", PALAESTRA_FPS="many")
    assert answer.returncode == 1
    assert [line for line in answer.stdout.splitlines() if line.startswith("fail") and "PALAESTRA_FPS" in line]


def test_the_doctor_fails_on_a_runs_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = arena("doctor", PALAESTRA_RUNS=str(tmp_path / "file"))
    assert answer.returncode == 1
    assert "fail runs folder" in answer.stdout


def test_the_doctor_leaves_no_file_behind(tmp_path: Path) -> None:
    arena("doctor", PALAESTRA_RUNS=str(tmp_path / "deep" / "runs"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "pinned", "level"),
    [
        (None, "1.0", "fail"),
        ("1.1", "1.0", "warn"),
        ("1.0", "1.0", None),
        ("1.0+cpu", "1.0", None),
        ("1.1", None, None),
    ],
)
def test_the_doctor_compares_versions_with_the_lock(version: str | None, pinned: str | None, level: str | None) -> None:
    found = doctor._package("numpy", version, pinned)
    assert (found and found.level) == level


@pytest.mark.parametrize(("version", "level"), [((3, 10), "fail"), ((3, 11), "ok"), ((3, 14), "ok"), ((3, 15), "fail")])
def test_the_doctor_knows_which_pythons_are_supported(version: tuple[int, int], level: str) -> None:
    assert doctor._python(version).level == level


def test_the_doctor_names_old_sqlite_only_as_a_warning() -> None:
    assert doctor._sqlite((3, 40, 1)).level == "warn"
    assert doctor._sqlite((3, 51, 3)).level == "ok"


def test_the_doctor_asks_only_for_what_this_python_needs() -> None:
    from arena.cli import doctor

    assert doctor._for_this_python("numpy>=2.4")
    assert doctor._for_this_python("pygame>=2.6; python_version < '9.0'")
    assert not doctor._for_this_python("pygame-ce>=2.5; python_version >= '9.0'")
