"""`arena replay`: recordings, looked at and worked on; one module per verb. With `--json` a verb prints one document."""

from __future__ import annotations

from pathlib import Path

from arena.cli import VerbGroup

__all__ = ["VERBS", "command"]

VERBS = {
    "info": "What a recording is: game, players, result, sizes, damage.",
    "show": "One moment in words and as a picture of letters.",
    "verify": "Play a recording again and compare everything (exit 5: it diverges).",
    "recover": "Make a finished file of what can be read of a broken one.",
    "diff": "Where two recordings of one game part (exit 1: they do).",
    "export": "Make a .json, .txt, .png, .gif, .mp4 or .cast of a recording.",
    "ls": "List the recordings of the runs folder, by condition or words.",
    "play-on": "Play a recorded match on from a tick with other players.",
}


class _Replay(VerbGroup):
    def hint(self, word: str) -> str:
        """A recording in the place of the verb is somebody who wants to see it."""
        if word.endswith((".arena", ".arena.part")):
            return f"`arena watch {word}` opens a recording, `arena replay show {word}` prints it"
        return super().hint(word)


command = _Replay(
    verbs=VERBS,
    package=__name__,
    folder=Path(__file__).parent,
    name="replay",
    help="Show, verify, recover, compare and export recordings (.arena, or .arena.part while a match runs).",
)
