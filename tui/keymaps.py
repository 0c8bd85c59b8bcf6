"""The commands of the match screen as one table: keys, help, palette and key line are read from it.

A command's `id` is its name in the settings (`keys.ID = "key"`). `PRESETS` are the keymaps that `keys.preset` chooses
from; single bindings of the settings go before the preset, and both before the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding

from arena.settings import Keys

__all__ = ["MATCH", "PRESET_KEYS", "Command", "bindings", "keymap"]


@dataclass(frozen=True)
class Command:
    """What a key does. `label`: its word on the key line, "" to leave it to the help; `shown`: how its keys are written."""

    id: str
    keys: str
    action: str
    help: str
    topic: str
    label: str = ""


def _percents() -> tuple[Command, ...]:
    return tuple(
        Command(f"jump-{digit}", str(digit), f"percent({digit * 10})", f"Go to {digit * 10} %", "Position")
        for digit in range(10)
    )


MATCH: tuple[Command, ...] = (
    Command("play", "space", "play", "Play or pause", "Playing", "pause"),
    Command("slower", "left_square_bracket", "speed(0.909091)", "Slower by a tenth", "Playing"),
    Command("faster", "right_square_bracket", "speed(1.1)", "Faster by a tenth", "Playing"),
    Command("half-speed", "left_curly_bracket", "speed(0.5)", "Half the speed", "Playing"),
    Command("double-speed", "right_curly_bracket", "speed(2)", "Double the speed", "Playing"),
    Command("reset-speed", "backspace", "speed(0)", "Back to 1x", "Playing"),
    Command("pace", "p", "pace", "Even moves, or the times at which they were made", "Playing"),
    Command("step-back", "comma", "step(-1)", "One step back", "Position", "step"),
    Command("step-forward", "full_stop", "step(1)", "One step forward", "Position"),
    Command("back", "left", "skip(-1)", "A step back; ten while playing", "Position"),
    Command("forward", "right", "skip(1)", "A step forward; ten while playing", "Position"),
    Command("leap-back", "shift+left", "leap(-1)", "Back by a tenth of the match", "Position"),
    Command("leap-forward", "shift+right", "leap(1)", "Forward by a tenth of the match", "Position"),
    Command("first", "home,g", "first", "First step", "Position"),
    Command("last", "end,G", "last", "Last step; follow a running match", "Position"),
    Command("follow", "f", "follow", "Follow a running match, or stop following", "Position", "follow"),
    Command("go", "colon", "ask('go')", "Go to a step (412), per cent (37%) or event (win, e3)", "Position", "go to"),
    *_percents(),
    Command("next-event", "e", "event(1)", "Next event", "Events", "event"),
    Command("previous-event", "E", "event(-1)", "Previous event", "Events"),
    Command(
        "search", "slash", "ask('search')", "Search moves, events and notes (a regular expression)", "Events", "search"
    ),
    Command("next-hit", "n", "hit(1)", "Next hit", "Events"),
    Command("previous-hit", "N", "hit(-1)", "Previous hit", "Events"),
    Command("mark", "m", "letter('mark')", "Bookmark this step under a letter", "Events"),
    Command("to-mark", "apostrophe", "letter('go')", "Go to the bookmark of a letter", "Events"),
    Command("next-pane", "a,tab", "pane(1)", "Next pane", "Panes", "pane"),
    Command("previous-pane", "A,shift+tab", "pane(-1)", "Previous pane", "Panes"),
    Command("tab", "t", "tab", "Next page of the pane", "Panes", "page"),
    Command("scroll-up", "up,pageup", "scroll(-1)", "Scroll the pane up", "Panes"),
    Command("scroll-down", "down,pagedown", "scroll(1)", "Scroll the pane down", "Panes"),
    Command("zoom", "z", "zoom", "The pane alone, or all again", "Panes", "zoom"),
    Command("charts", "x", "charts", "Charts on or off", "Panes"),
    Command("view", "v", "view", "Look as spectator, as each seat, as the public", "Panes", "view"),
    Command("copy", "y", "copy", "Copy the pane's text to the clipboard", "Other"),
    Command("screenshot", "s", "screenshot", "Save the screen as SVG beside the recording", "Other"),
    Command("help", "question_mark,f1", "help", "All keys", "Other", "help"),
    Command("leave", "q,escape", "leave", "Back; a running match goes on", "Other", "back"),
)

PRESET_KEYS: dict[str, dict[str, str]] = {
    "default": {},
    "asciinema": {
        "previous-event": "E,left_square_bracket",
        "next-event": "e,right_square_bracket",
        "slower": "minus",
        "faster": "equals_sign,plus",
    },
    "vim": {"back": "h,left", "forward": "l,right", "scroll-up": "k,up,pageup", "scroll-down": "j,down,pagedown"},
    "arrows-only": {
        "slower": "shift+down",
        "faster": "shift+up",
        "next-event": "ctrl+right,e",
        "previous-event": "ctrl+left,E",
        "play": "enter,space",
    },
}


def bindings(commands: Iterable[Command]) -> list[Binding]:
    """The table as Textual takes it; nothing is shown in its own footer."""
    return [Binding(each.keys, each.action, each.help, show=False, id=each.id) for each in commands]


def keymap(keys: Keys) -> dict[str, str]:
    """Binding id to keys, as the settings want it."""
    return PRESET_KEYS[keys.preset] | dict(keys.bindings)
