"""Every side of `arena bench`, small: it does what it says and counts what it says it counts. No speed is asserted."""

from __future__ import annotations

from typing import Any

import pytest

from arena.bench import recordings, searching, starting, stepping, turns


def counted(work: Any) -> float:
    count, seconds = work(0.001)
    assert seconds > 0
    return float(count)


def test_the_vector_side_counts_rows() -> None:
    assert counted(stepping.vector("connect_four", 16, 1)) % (8 * 16) == 0
    assert counted(stepping.vector("connect_four", 16, 1, encode="planes")) > 0


@pytest.mark.foreign_random
@pytest.mark.parametrize("tensor", [False, True])
def test_the_open_spiel_side_counts_actions(tensor: bool) -> None:
    pytest.importorskip("pyspiel")
    assert counted(stepping.open_spiel("connect_four", tensor, 1)) >= 7


@pytest.mark.foreign_random
def test_the_pgx_side_counts_rows() -> None:
    pytest.importorskip("pgx")
    assert counted(stepping.pgx("kuhn_poker", 8, 4, 1)) % 32 == 0


@pytest.mark.foreign_random
def test_the_envpool_side_counts_rows() -> None:
    pytest.importorskip("envpool")
    assert counted(stepping.envpool("ConnectFour-v1", 8, 1)) % 8 == 0


@pytest.mark.foreign_random
def test_both_turn_by_turn_sides_play_whole_games() -> None:
    assert counted(turns.own_aec("connect_four", 1)) >= 7
    assert counted(turns.pettingzoo_aec("pettingzoo.classic.connect_four_v3", 1)) >= 7


@pytest.mark.parametrize(("game", "acts"), [("matrix?rounds=25", 50), ("connect_four", None)])
def test_the_hosted_side_counts_what_was_done(game: str, acts: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from arena import matches
    from arena.events import Acted

    seen: list[Any] = []
    play = matches.play
    monkeypatch.setattr(matches, "play", lambda *a, **k: play(*a, **k, sinks=[seen.append]))
    for record in (True, False):
        batches = _batches(monkeypatch, lambda record=record: turns.hosted(game, 1, record))
        seen.clear()
        done = batches()
        assert done == sum(isinstance(event, Acted) for event in seen)
        assert acts is None or done == acts


def _batches(monkeypatch: pytest.MonkeyPatch, make: Any) -> Any:
    """The batch of a side, to be run by hand."""
    with monkeypatch.context() as patch:
        patch.setattr(turns, "steady", lambda batch: batch)
        return make()


@pytest.mark.parametrize("text", [0, 600])
def test_a_repeated_recording_is_as_long_as_wanted_and_reads_everywhere(text: int) -> None:
    import replays

    folder, path = recordings._written(2345, 1, text)
    with folder:
        tape = replays.open(path)
        assert (tape.last, tape.finished) == (2345, True)
        for tick in (0, 999, 1000, 1001, 2000, 2344):
            moment = tape.at(tick)
            assert moment.tick == tick
            assert [act.seat for act in moment.acts] == [0, 1]
            assert len(moment.acts[0].notes.get("prompt", "")) == text
        tape.close()


def test_the_reading_sides_read() -> None:
    assert counted(recordings.seek(150, 1)) % 20 == 0
    assert counted(recordings.opening(150, 1)) >= 1


@pytest.mark.foreign_random
def test_every_search_makes_the_simulations_that_it_is_told() -> None:
    pytest.importorskip("pyspiel")
    for side in (searching.own_mcts, searching.open_spiel_cpp, searching.open_spiel_python):
        assert counted(side("connect_four", 30, 1)) % 30 == 0, side.__name__


def test_a_command_that_fails_is_not_measured() -> None:
    assert counted(starting.command(["-c", "pass"])) == 1
    with pytest.raises(Exception, match="status 3"):
        starting.command(["-c", "raise SystemExit(3)"])
