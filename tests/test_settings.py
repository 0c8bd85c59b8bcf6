"""Settings: which source wins, and that every mistake is one line which names its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arena import settings
from envs.errors import USAGE, UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(
    folder: Path, *, flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None
) -> settings.Settings:
    return settings.load(
        flags, environ=environ or {}, project=folder / "palaestra.toml", user=folder / "user" / "config.toml"
    )


def write(folder: Path, project: str = "", user: str = "") -> None:
    (folder / "user").mkdir(exist_ok=True)
    (folder / "palaestra.toml").write_text(project, encoding="utf-8")
    (folder / "user" / "config.toml").write_text(user, encoding="utf-8")


def test_without_any_source_the_defaults_hold(folder: Path) -> None:
    found = load(folder)
    assert found == settings.Settings()
    assert (found.runs, found.fps, found.palette, found.speed, found.delay) == (Path("runs"), 30, "standard", 1.0, 0.0)
    assert found.keys == settings.Keys("default", {})


def test_flags_beat_environment_beats_project_beats_user_beats_defaults(folder: Path) -> None:
    sources: list[tuple[str, dict[str, Any]]] = [
        ("user", {"user": "fps = 11"}),
        ("project", {"project": "fps = 12"}),
        ("environment", {"environ": {"PALAESTRA_FPS": "13"}}),
        ("flags", {"flags": {"fps": 14}}),
    ]
    given: dict[str, Any] = {}
    for expected, (_, more) in enumerate(sources, start=11):
        given |= more
        write(folder, given.get("project", ""), given.get("user", ""))
        assert load(folder, flags=given.get("flags"), environ=given.get("environ")).fps == expected


def test_a_flag_that_was_not_given_overrides_nothing(folder: Path) -> None:
    write(folder, project="speed = 4")
    assert load(folder, flags={"speed": None}).speed == 4.0


def test_sources_say_where_each_value_came_from(folder: Path) -> None:
    write(folder, project='runs = "elsewhere"')
    found = load(folder, flags={"fps": 60}, environ={"PALAESTRA_PALETTE": "colour-blind"})
    assert found.sources == {
        "runs": str(folder / "palaestra.toml"),
        "palette": "PALAESTRA_PALETTE",
        "fps": "--fps",
    }


def test_bindings_of_both_files_are_merged_over_the_preset(folder: Path) -> None:
    write(folder, project='[keys]\npreset = "vim"\n"seek.back" = "b"', user='[keys.seek]\nback = "h"\non = "l"')
    assert load(folder).keys == settings.Keys("vim", {"seek.back": "b", "seek.on": "l"})


def test_the_home_folder_is_expanded(folder: Path) -> None:
    write(folder, project='runs = "~/matches"')
    assert load(folder).runs == Path.home() / "matches"


@pytest.mark.parametrize(
    ("text", "needles"),
    [
        ("fsp = 30", ["palaestra.toml", "'fsp'", "did you mean fps?", "palette"]),
        ("[sound]\nvolume = 3", ["'sound.volume'", "known are"]),
        ('fps = "30 per second"', ["fps", "a whole number from 1 to 120"]),
        ('fps = "30"', ["fps is '30'"]),
        ("fps = 30.5", ["fps is 30.5"]),
        ("fps = true", ["fps is True"]),
        ("fps = 0", ["fps is 0"]),
        ("speed = nan", ["speed is nan", "0.01 to 1000"]),
        ("speed = inf", ["speed is inf"]),
        ("delay = -1", ["delay is -1", "seconds"]),
        ('palette = "pastel"', ["'pastel'", "standard or colour-blind"]),
        ("palette = [1]", ["palette is [1]"]),
        ("runs = 3", ["runs is 3", "a path in quotes"]),
        ('runs = ""', ["runs is ''"]),
        ('keys = "vim"', ["'keys'", "keys.preset"]),
        ('[keys]\npreset = "emacs"', ["'emacs'", "arrows-only"]),
        ("[keys]\nback = 5", ["keys.back is 5", "the name of a key"]),
        ("fps = \nspeed = 1", ["palaestra.toml", "not a settings file", "line 1"]),
    ],
)
def test_a_mistake_in_a_file_is_one_line_that_names_it(folder: Path, text: str, needles: list[str]) -> None:
    write(folder, project=text)
    with pytest.raises(UserError) as caught:
        load(folder)
    assert caught.value.code == USAGE
    assert "\n" not in str(caught.value)
    assert [needle for needle in needles if needle not in str(caught.value)] == []


def test_a_file_that_is_not_text_is_a_mistake_of_one_line(folder: Path) -> None:
    write(folder)
    (folder / "palaestra.toml").write_bytes(b"\xff\xfe\x00fps")
    with pytest.raises(UserError, match="not a settings file"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "value", "needle"),
    [
        ("PALAESTRA_FPS", "fast", "PALAESTRA_FPS: fps is 'fast'"),
        ("PALAESTRA_FPS", "9" * 5000, "PALAESTRA_FPS: fps is '999"),
        ("PALAESTRA_SPEED", "nan", "PALAESTRA_SPEED"),
        ("PALAESTRA_FSP", "30", "did you mean PALAESTRA_FPS?"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(folder: Path, name: str, value: str, needle: str) -> None:
    with pytest.raises(UserError) as caught:
        load(folder, environ={name: value})
    assert needle in str(caught.value)
    assert len(str(caught.value)) < 300


def test_other_variables_of_the_environment_are_not_read(folder: Path) -> None:
    assert load(folder, environ={"FPS": "x", "HOME": "/"}) == settings.Settings()


def test_a_wrong_flag_names_the_flag(folder: Path) -> None:
    with pytest.raises(UserError, match="--palette"):
        load(folder, flags={"palette": "pastel"})


def test_every_default_is_allowed_by_its_own_rule() -> None:
    assert {key: rule.take(rule.default) for key, rule in settings.RULES.items()} == {
        key: rule.default for key, rule in settings.RULES.items()
    }


def test_the_palettes_are_those_of_the_canvas() -> None:
    from envs import canvas

    assert set(settings.PALETTES) == set(canvas.PALETTES)
