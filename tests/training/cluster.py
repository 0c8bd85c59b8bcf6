"""A cluster for tests: the module ray with one process, in which every order is copied as a network would do, and workers die on demand."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from arena.training import away

__all__ = ["OneProcess"]


class DiedError(Exception):
    """What a cluster raises for a worker that is gone."""


class OneProcess:
    """Stands for the module ray: every order is copied, as a network would do, and played here; `dies` says which workers die."""

    def __init__(self, dies: Callable[[int], bool]) -> None:
        self.exceptions = SimpleNamespace(RayActorError=DiedError, NodeDiedError=DiedError, ObjectLostError=DiedError)
        self.sent, self.dies = 0, dies

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 4.0}

    def put(self, value: Any) -> Any:
        return deepcopy(value)

    def remote(self, **_: Any) -> Callable[[Any], Any]:
        return lambda kind: SimpleNamespace(remote=lambda: self._worker(kind()))

    def _worker(self, worker: away.Worker) -> Any:
        return SimpleNamespace(
            rollout=SimpleNamespace(remote=lambda *order: self._given(worker.rollout, deepcopy(order)))
        )

    def _given(self, work: Any, order: Any) -> int:
        self.sent += 1
        self.played = getattr(self, "played", {}) | {
            self.sent: DiedError() if self.dies(self.sent) else deepcopy(work(*order))
        }
        return self.sent

    def wait(self, references: list[int], num_returns: int) -> tuple[list[int], list[int]]:
        """The last first: answers come in any order."""
        return references[-1:], references[:-1]

    def get(self, reference: int) -> Any:
        answer = self.played.pop(reference)
        if isinstance(answer, DiedError):
            raise answer
        return answer

    def shutdown(self) -> None: ...
