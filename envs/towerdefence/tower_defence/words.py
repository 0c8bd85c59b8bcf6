"""Part 4, words: the situation in a few lines, acts as text and back, what happened, and the figures of an end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import hypot
from typing import Any

from envs.rules import Mark, Refusal
from envs.spec import Hands
from envs.towerdefence.tower_defence.acts import ACTS, ERRORS, FIXED, ON_SLOTS, RALLY
from envs.towerdefence.tower_defence.document import document_text
from envs.towerdefence.tower_defence.drawing import TOP, WIDE, at
from envs.towerdefence.tower_defence.state import HALF, KINDS, SECOND, SLOTS, SOURCES, UNIT
from envs.words import plural

MOST_ACTS = 8
"""Acts that one text may name."""
_TOWERS = ("free", "archer", "magician", "knights")
_SHORT = (
    "gold", "taken", "empty", "best", "hero_down", "no_site", "no_knights", "aid_waits", "no_road", "skill_waits", "hero_weak",
    "hero_grown", "too_far",
)  # fmt: skip
"""Names of the error codes from 1 on, as metrics have them."""


def level_of(obs: Any, c: Any) -> Any:
    """The record of the level that is played."""
    return c.array["levels"][0, obs.level]


def kind_names(level: Any) -> list[str]:
    """The names of the kinds of enemies, by number."""
    return [bytes(level["names"][k].astype("u1")).rstrip(b"\0").decode() for k in range(KINDS)]


def cell_name(x: int, y: int, grid: int) -> str:
    """The grid cell of a point: A1 is at the lower left."""
    column, row = (min(max((value + HALF) * grid // (2 * HALF), 0), grid - 1) for value in (x, y))
    return f"{chr(65 + column)}{row + 1}"


def seconds(frames: int) -> str:
    return f"{frames / SECOND:.1f} s"


# ------------------------------------------------------------------ the situation
def say(obs: Any, c: Any) -> str:
    if c.document:
        return document_text(obs, c, kind_names(level_of(obs, c)))
    level = level_of(obs, c)
    return "\n".join([*state_of_play(obs, level), *land(obs, c, level), *units(obs, c, level)])


def state_of_play(obs: Any, level: Any) -> Iterator[str]:
    yield clock(obs, level, f", gold {obs.gold}")
    make = level["make"]
    prices = ", ".join(f"{ACTS[i]} {make[i]['price']} (upgrade {make[i]['upgrade']})" for i in range(3))
    yield f"Prices: {prices}, train {level['champion']['upgrade']}."
    if obs.last.kind >= 0:
        yield f"Your last act, {ACTS[obs.last.kind]}: {ERRORS[obs.last.error]}."


def clock(obs: Any, level: Any, held: str) -> str:
    """Time, lives, what is held, and how far the waves are."""
    coming = f"{obs.coming} more of it to come" if obs.coming else "all of it has come"
    wave = f"Wave {obs.wave} of {level['waves']} ({coming})" if obs.wave else f"No wave yet of {level['waves']}"
    following = f"; the next in {seconds(obs.countdown)}" if obs.countdown >= 0 else "; it is the last"
    over = " The game is over." if obs.done else ""
    return f"Time {seconds(obs.frame)}. Lives {obs.lives} of {level['lives']}{held}. {wave}{following}.{over}"


def land(obs: Any, c: Any, level: Any) -> Iterator[str]:
    for p in range(int(level["paths"])):
        path = level["path"][p]
        yield f"Road {p + 1}: {' '.join(_crossed(path, c.grid))} (base)."
    for t in range(int(level["slots"])):
        slot, tower = level["slot"][t], obs.towers[t]
        text = _TOWERS[tower.kind]
        if tower.kind:
            text += f" level {tower.level}"
        if tower.kind == 3:
            where = cell_name(tower.rally_x, tower.rally_y, c.grid)
            text += f", {tower.men} {'man' if tower.men == 1 else 'men'} at {where}"
        if tower.frozen:
            text += f", frozen for {seconds(tower.frozen)}"
        yield f"Slot {t + 1} at {cell_name(int(slot['x']), int(slot['y']), c.grid)}: {text}."


def _crossed(path: Any, grid: int) -> list[str]:
    """The cells that a road passes, in order."""
    cells: list[str] = []
    for i in range(int(path["n"]) - 1):
        for step in range(33):
            at = [int(path[n][i]) + (int(path[n][i + 1]) - int(path[n][i])) * step // 32 for n in ("x", "y")]
            name = cell_name(at[0], at[1], grid)
            if not cells or cells[-1] != name:
                cells.append(name)
    return cells


def units(obs: Any, c: Any, level: Any) -> Iterator[str]:
    skill = f"fire in {seconds(obs.hero.skill_in)}" if obs.hero.skill_in else "fire ready"
    yield f"{hero(obs, c)}{'' if obs.hero.down else f', {skill}'}."
    aid = f"ready in {seconds(obs.aid_in)}" if obs.aid_in else "ready"
    yield f"Reinforcements: {aid}."
    yield from field(obs, c, level)


def hero(obs: Any, c: Any) -> str:
    """Where the hero is, as everybody sees it."""
    if obs.hero.down:
        return f"Hero: down, back in {seconds(obs.hero.down)}"
    return f"Hero at {cell_name(obs.hero.x, obs.hero.y, c.grid)}: health {obs.hero.hp} of {obs.hero.full}"


def field(obs: Any, c: Any, level: Any) -> Iterator[str]:
    """Fog, coin, enemies and knights."""
    grid = c.grid
    if level["fog_radius"]:
        yield f"Fog around {cell_name(obs.fog_x, obs.fog_y, grid)}, radius {level['fog_radius'] / UNIT:.1f}, hides units and stops towers."
    if obs.coin.left:
        yield f"A coin lies at {cell_name(obs.coin.x, obs.coin.y, grid)} for {seconds(obs.coin.left)}."
    names = kind_names(level)
    groups = Counter((e.lane, cell_name(e.x, e.y, grid), e.kind) for e in obs.enemies[: obs.crowd])
    seen = [f"{n} {names[kind]} at {cell} (road {lane + 1})" for (lane, cell, kind), n in sorted(groups.items())]
    yield f"Enemies in sight: {', '.join(seen) or 'none'}."
    spots = Counter(cell_name(m.x, m.y, grid) for m in obs.knights[: obs.guard])
    yield f"Knights: {', '.join(f'{n} at {cell}' for cell, n in sorted(spots.items())) or 'none'}."


# ------------------------------------------------------------------ acts as text
def form(action: Any, obs: Any, c: Any) -> str:
    if c.raw:
        x, y, kind = action
        return f"{ACTS[kind]} at {x / UNIT:.4f} {y / UNIT:.4f}"
    if action < ON_SLOTS * SLOTS:
        return f"{ACTS[action // SLOTS]} {action % SLOTS + 1}"
    if action < FIXED:
        return "wait" if action == FIXED - 2 else "train"
    verb, cell = divmod(action - FIXED, c.grid * c.grid)
    return f"{ACTS[RALLY + verb]} {chr(65 + cell % c.grid)}{cell // c.grid + 1}"


name = form


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[Any] | Refusal:
    parts = [part.strip() for part in text[:400].lower().replace("\n", ";").split(";") if part.strip(" .")]
    found = [_read(part.rstrip("."), c) for part in parts[:MOST_ACTS]]
    if not found or any(action is None for action in found):
        wrong = next((part for part, action in zip(parts, found, strict=False) if action is None), text.strip())
        how = "archer at -1.25 0.5" if c.raw else "archer 3, upgrade 3, rally C5, hero D6, fire D6, train or wait"
        return Refusal(f"{quoted(wrong)} is no act: answer for example {how}")
    first = found[0]
    if first not in legal:
        return Refusal(f"{quoted(parts[0])} is not possible now: {_why(first, legal, c)}")
    return found


def quoted(text: str) -> str:
    """What somebody wrote, short and on one line."""
    return repr("".join(letter if letter.isprintable() else "?" for letter in text[:40]))


def _read(part: str, c: Any) -> Any:
    words = part.replace(",", " ").split()
    if not words or words[0] not in ACTS:
        return None
    kind = ACTS.index(words[0])
    if c.raw:
        return _triple(kind, words[1:])
    if kind in (6, 11):
        index = FIXED - 2 if kind == 6 else FIXED - 1
        return index if len(words) == 1 else None
    if len(words) != 2:
        return None
    place = words[1]
    if kind < ON_SLOTS:
        right = place.isascii() and place.isdecimal() and 1 <= int(place[:4]) <= SLOTS
        return kind * SLOTS + int(place[:4]) - 1 if right else None
    column, row = ord(place[0]) - 97, place[1:]
    if not (0 <= column < c.grid and row.isascii() and row.isdecimal() and 1 <= int(row[:4]) <= c.grid):
        return None
    return FIXED + ((kind - RALLY) * c.grid + int(row[:4]) - 1) * c.grid + column


def _triple(kind: int, words: list[str]) -> list[int] | None:
    words = [word for word in words if word != "at"]
    if len(words) != 2:
        return [0, 0, kind] if not words and kind in (6, 11) else None
    try:
        x, y = (float(word) for word in words)
    except ValueError:
        return None
    return [round(x * UNIT), round(y * UNIT), kind] if abs(x) <= 3 and abs(y) <= 3 else None


def _why(action: Any, legal: Any, c: Any) -> str:
    if c.raw:
        return "x and y are from -3 to 3"
    verbs = dict.fromkeys(form(each, None, c).split()[0] for each in legal)
    return f"possible are some of {', '.join(verbs)}"


# ------------------------------------------------------------------ acts by mouse and key
HANDS = Hands(
    rate=SECOND,
    idle="wait",
    keys={
        "a": "archer", "m": "magician", "k": "knights", "u": "upgrade", "s": "sell", "i": "range", "r": "rally", "e": "reinforce",
        "h": "hero", "f": "fire", "t": "train",
    },
    left="hero",
    right="hero",
    alone=frozenset({"train"}),
)  # fmt: skip
"""How a person plays in a window."""
_GRASP = 0.9
"""How far from a slot's centre, in units of the drawing, a click still means it."""


def touch(obs: Any, c: Any, x: float, y: float, verb: str) -> str:
    """The act that a verb means at a point of the drawing: on the slot there, in the cell there, or at the point; "" for none."""
    if verb in HANDS.alone:
        return verb
    if not (0 <= x < WIDE and TOP <= y < TOP + WIDE):
        return ""
    if ACTS.index(verb) < ON_SLOTS and not c.raw:
        slots = level_of(obs, c)["slot"][: level_of(obs, c)["slots"]]
        far = [hypot(x - a, y - b) for a, b in (at(int(slot["x"]), int(slot["y"])) for slot in slots)]
        return f"{verb} {far.index(min(far)) + 1}" if min(far) <= _GRASP else ""
    px, py = round(x * 2 * HALF / WIDE) - HALF, HALF - round((y - TOP) * 2 * HALF / WIDE)
    return f"{verb} at {px / UNIT:.4f} {py / UNIT:.4f}" if c.raw else f"{verb} {cell_name(px, py, c.grid)}"


# ------------------------------------------------------------------ what happened
def tell(before: Any, actions: dict[int, Any], after: Any, c: Any) -> list[Mark]:
    level, marks = level_of(after, c), []
    if actions and after.last.kind != 6:
        marks.append(_act_mark(after, level))
    if after.wave > before.wave:
        marks.append(Mark("wave", f"wave {after.wave} of {level['waves']} begins"))
    if after.lives < before.lives:
        lost = plural(before.lives - after.lives, "life").replace("lifes", "lives")
        marks.append(Mark("leak", f"{lost} lost, {max(after.lives, 0)} left", 0))
    if after.hero.down and not before.hero.down:
        marks.append(Mark("fallen", "the hero is down", 0))
    if after.coins > before.coins:
        marks.append(Mark("coin", f"a coin is picked up: gold {after.gold}", 0))
    if after.done and not after.truncated:
        held = after.lives > 0
        marks.append(
            Mark(
                "end",
                f"the base holds with {plural(after.lives, 'life').replace('lifes', 'lives')}"
                if held
                else "the base falls",
            )
        )
    return marks


def _act_mark(after: Any, level: Any) -> Mark:
    act = after.last
    where = f"at {act.x / UNIT:.2f} {act.y / UNIT:.2f}"
    if act.error:
        return Mark("refused", f"{ACTS[act.kind]} {where} refused: {ERRORS[act.error]}", 0)
    kind = ("build", "build", "build", "upgrade", "sell", "range", "wait", "rally", "aid", "hero", "fire", "train")[
        act.kind
    ]
    return Mark(kind, ACTS[act.kind] if act.kind == 11 else f"{ACTS[act.kind]} {where}", 0)


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """score: minus base lives lost; normalised: (score + lives) / (the scripted expert's mean score + lives), where that is known;
    valid: acts without an error among all; acts_per_minute without waiting; idle_gold: what lay unspent, on average over time.
    """
    level, tally = level_of(s, c), s.tally
    lives, frames = int(level["lives"]), max(s.frame, 1)
    score, errors = max(s.lives, 0) - lives, tally.errors.tolist()
    figures: dict[str, Any] = {"score": score, "level": s.level}
    if level["expert"] <= 0 and 100 * lives + level["expert"] > 0:
        figures["normalised_per_mille"] = 1000 * 100 * (score + lives) // (100 * lives + int(level["expert"]))
    figures |= {
        "valid_per_mille": 1000 * errors[0] // max(sum(errors), 1),
        "acts_per_minute": tally.acts * 60 * SECOND // frames,
        "kills": tally.kills,
        "gold_spent": tally.spent,
        "idle_gold": tally.idle // frames,
        "coins": s.coins,
        "frames": s.frame,
    }
    figures |= {f"damage_{source}": int(amount) for source, amount in zip(SOURCES, tally.damage, strict=True)}
    return figures | {f"error_{_SHORT[i - 1]}": n for i, n in enumerate(errors) if i and n}
