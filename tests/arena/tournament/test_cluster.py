"""A Ray cluster plays the same schedule with equal results; without Ray, or with a wrong address, one line says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from arena.store import Reader, sha256
from arena.tournament.cluster import Cluster
from arena.tournament.crew import Here
from envs.errors import UserError
from tests.arena.tournament.test_run import digests, plan, played, told


@pytest.mark.nightly
@pytest.mark.foreign_random
@pytest.mark.timeout(600)
def test_a_cluster_comes_to_the_same_results(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    played(plan(), tmp_path / "here", Here())
    played(plan(), tmp_path / "there", Cluster("local"))
    assert told(tmp_path / "here") == told(tmp_path / "there")
    assert digests(tmp_path / "here") == digests(tmp_path / "there")
    with Reader(tmp_path / "there") as reader:
        assert all(sha256(tmp_path / "there" / each.replay) == each.sha256 for each in reader.results())


def test_without_ray_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"--ray needs ray: pip install 'palaestra\[ray\]'"):
        Cluster("local")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999", "127.0.0.1:x"])
def test_where_nobody_listens_is_told_at_once(address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(UserError, match=r"nobody answers there .*: give local, auto, HOST:PORT or ray://HOST:PORT"):
        Cluster(address)
