"""What a seat's model remembers of earlier turns: all of the dialogue, the last turns, or notes that it writes itself.

Only answers that were accepted are remembered: a failed attempt is shown to the model while its question is open, and then forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["KINDS", "Memory"]

KINDS = ("full", "window", "scratchpad", "none")
Message = dict[str, Any]


@dataclass
class Memory:
    """kind: one of KINDS; window: turns that "window" keeps; most: characters of remembered dialogue, the oldest turns go first."""

    kind: str = "window"
    window: int = 8
    most: int = 200_000
    notes: str = ""
    _turns: list[tuple[Message, Message]] = field(default_factory=list)

    @property
    def scratchpad(self) -> str | None:
        """The notes to show, None where the model keeps none."""
        return self.notes if self.kind == "scratchpad" else None

    def dialogue(self) -> list[Message]:
        """Earlier turns as messages, oldest first."""
        kept: list[Message] = []
        left = self.most
        for asked, answered in reversed(self._turns):
            left -= len(_text(asked)) + len(_text(answered))
            if left < 0:
                break
            kept[:0] = [asked, answered]
        return kept

    def add(self, asked: Message, answer: str, notes: str) -> None:
        """A turn that is over: the question as it was put, the accepted answer, the notes that came with it."""
        self.notes = notes if self.kind == "scratchpad" else ""
        if self.kind in {"full", "window"}:
            self._turns.append(({**asked, "content": _text(asked)}, {"role": "assistant", "content": answer}))
        if self.kind == "window":
            del self._turns[: -self.window]


def _text(message: Message) -> str:
    """A message without its pictures, which are not shown twice."""
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content if "text" in part)
