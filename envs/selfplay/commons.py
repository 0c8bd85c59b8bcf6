"""The commons: two to eight seats harvest one renewable stock, all at once; who takes much now leaves little to grow.

Sources: the dilemma of Perolat et al., "A multi-agent reinforcement learning model of common-pool resource
appropriation" (2017), without its map; the growth is the logistic one of Gordon (1954) and Schaefer (1954).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from envs.canvas import Canvas, seat_colour
from envs.errors import UserError
from envs.record_game import RecordGame
from envs.rules import Discrete, Mark, Option, Refusal, Role, Spec, View, config, nested, observation, rule, state
from envs.words import choice, plural

# ------------------------------------------------------------------ 1. the rules in words
MEMORY = 32
"""How many past stocks an observation shows."""

RULES = """\
{seats} players share a stock of {stock} units, which is all that the commons can hold. In each of {horizon} ticks every
player says how many units to take, 0 to {most}, without seeing what the others say. If they ask for more than there is,
it is divided in proportion to what they asked, rounded down; single units left over go to players whose part was
rounded, beginning with player 1 in the first tick, player 2 in the second and so on. What is left grows: n units grow by
{rate}% of n * ({stock} - n) / {stock}, rounded to a whole unit. So {half} units grow by {best}, which is the most, {low} by
{little}, and {stock} do not grow at all. When nothing is left the commons has collapsed and the game ends. {points}
Answer with a number from 0 to {most}."""

OWN = "A unit that you take is a point for you."
SHARED = "All players get the same: the mean of what the players take, in points."
TEAMS = "Players {members} are teams; a member gets the mean of what the own team takes, in points."


def shaped(seats: int, most: int, horizon: int, capacity: int, rate: int, groups: int) -> dict[str, Any]:
    """What the options change in SPEC. A point is one unit taken; reward units divide it so that means are whole."""
    stock = capacity * seats
    teams = [" and ".join(str(p + 1) for p in range(group, seats, groups)) for group in range(groups)]
    points = OWN if groups == seats else SHARED if groups == 1 else TEAMS.format(members=", players ".join(teams))
    half, low = stock // 2, stock // 8
    numbers = {"half": half, "best": growth(half, stock, rate), "low": low, "little": growth(low, stock, rate)}
    rules = RULES.format(seats=seats, stock=stock, horizon=horizon, most=most, rate=rate, points=points, **numbers)
    return {
        "rules": rules,
        "roles": (Role("player", seats, Discrete(most + 1), {"flat": View((2 + 4 * seats,))}),),
        "limit": horizon,
        "scale": units(seats, groups),
        "points": (0.0, float(most * horizon)),
    }


def units(seats: int, groups: int) -> int:
    """Reward units in a point: the least number that the size of every group divides."""
    return math.lcm(*(len(range(group, seats, groups)) for group in range(groups)))


@rule
def growth(stock, capacity, rate):
    """rate per cent of stock * (capacity - stock) / capacity, rounded half up."""
    return (2 * rate * stock * (capacity - stock) + 100 * capacity) // (200 * capacity)


SPEC = Spec(
    name="commons",
    title="Commons",
    traits=frozenset({"simultaneous", "perfect"}),
    options={
        "seats": Option(4, 2, 8, help="players"),
        "most": Option(3, 1, 9, help="units that a player may take in a tick"),
        "horizon": Option(100, 1, 1000, help="ticks"),
        "capacity": Option(20, 2, 100, help="units that the commons holds for each player, the first stock"),
        "rate": Option(40, 0, 100, help="growth of a small stock in a tick, in per cent"),
        "teams": Option(0, 0, 4, help="number of teams whose members share their reward, 0 for none"),
        "shared": Option(False, help="all players share one reward"),
    },
    **shaped(4, 3, 100, 20, 40, 4),
)
"""Action a takes a units. Seat p plays in group p % groups; there are as many groups as seats when nobody shares."""

# ------------------------------------------------------------------ 2. the state
CONFIG = config(
    ("capacity", np.int32), ("rate", np.int32), ("most", np.int32), ("groups", np.int32), ("units", np.int32)
)


def fields(seats: int) -> tuple[Any, ...]:
    """The one field of the state and of an observation, for nothing is hidden.

    stock now; grown: by how much in the last tick; record: the largest harvest of a tick; asked and got: units of the
    last tick per seat; total: units per seat so far; past: the last stocks, the newest last, -1 before the first.
    """
    per_seat = (("asked", np.int16, (seats,)), ("got", np.int16, (seats,)), ("total", np.int32, (seats,)))
    one = (("stock", np.int32), ("grown", np.int32), ("record", np.int32))
    return ("pool", nested(*one, *per_seat, ("past", np.int16, (MEMORY,))))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.pool.past[:] = -1
    hold(s, c.capacity)


@rule
def hold(s, stock):
    """This is the stock now."""
    past = s.pool.past
    for i in range(MEMORY - 1):
        past[i] = past[i + 1]
    past[MEMORY - 1] = stock
    s.pool.stock = stock


@rule
def acting(s, c, seats):
    seats[:] = True


@rule
def legal(s, c, seat, mask):
    for amount in range(c.most + 1):
        mask[amount] = True


@rule
def play(s, c, actions, key):
    pool = s.pool
    for seat in range(len(pool.got)):
        pool.asked[seat] = actions[seat, 0]
    harvest = share(s)
    pay(s, c)
    left = pool.stock - harvest
    pool.record = max(pool.record, harvest)
    pool.grown = growth(left, c.capacity, c.rate)
    hold(s, left + pool.grown)
    s.done = left == 0 or s.tick + 1 >= c.limit


@rule
def share(s):
    """Give every seat what it asked, or its part of what there is; returns how much was taken."""
    pool = s.pool
    seats = len(pool.got)
    wanted = 0
    for seat in range(seats):
        wanted += pool.asked[seat]
    short = wanted > pool.stock
    taken = 0
    for seat in range(seats):
        pool.got[seat] = pool.asked[seat] * pool.stock // wanted if short else pool.asked[seat]
        taken += pool.got[seat]
    for i in range(seats):
        seat = (s.tick + i) % seats
        # More parts have been rounded down than there are units left over, so one round gives all away.
        if short and taken < pool.stock and pool.asked[seat] * pool.stock % wanted != 0:
            pool.got[seat] += 1
            taken += 1
    return taken


@rule
def pay(s, c):
    """A seat's reward is the mean of what its group took."""
    seats = len(s.pool.got)
    for seat in range(seats):
        s.pool.total[seat] += s.pool.got[seat]
        taken = 0
        members = 0
        for other in range(seat % c.groups, seats, c.groups):
            taken += s.pool.got[other]
            members += 1
        s.reward[seat] = taken * c.units // members


@rule
def observe(s, c, seat, obs):
    obs.pool = s.pool


@rule
def imagine(obs, c, seat, key, s):
    s.pool = obs.pool


@rule
def encode_flat(obs, c, out):
    """Stock / capacity and tick / limit; then P seats, who looks first (seat 0 for others): asked / most (P) and got / most
    (P) in the last tick, total / (most * limit) (P), and 1 for who shares a group with the first (P).
    """
    pool = obs.pool
    seats = len(pool.got)
    first = max(obs.seat, 0)
    out[0] = pool.stock / c.capacity
    out[1] = obs.tick / c.limit
    for i in range(seats):
        seat = (first + i) % seats
        out[2 + i] = pool.asked[seat] / c.most
        out[2 + seats + i] = pool.got[seat] / c.most
        out[2 + 2 * seats + i] = pool.total[seat] / (c.most * c.limit)
        out[2 + 3 * seats + i] = 1.0 if seat % c.groups == first % c.groups else 0.0


# ------------------------------------------------------------------ 4. words
def say(obs: Any, c: Any) -> str:
    pool, n = obs.pool, obs.tick
    who = [f"You are player {obs.seat + 1} of {len(pool.got)}."] if obs.seat >= 0 else []
    when = "The game is over." if obs.done else f"Tick {n + 1} of {c.limit}."
    grew = f", of which {pool.grown} grew in the last tick" if n else ""
    lines = [" ".join([*who, when]), f"Stock: {pool.stock} of {c.capacity} units{grew}."]
    if n:
        acts = zip(pool.asked.tolist(), pool.got.tolist(), strict=True)
        taken = [f"player {p + 1} {got}{f' of {asked}' if got < asked else ''}" for p, (asked, got) in enumerate(acts)]
        lines.append(f"Taken in the last tick: {', '.join(taken)}.")
        lines.append(
            "In all: " + ", ".join(f"player {p + 1} {total}" for p, total in enumerate(pool.total.tolist())) + "."
        )
    return "\n".join(lines)


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[int] | Refusal:
    number = text.strip().lower().removeprefix("take").removesuffix("units").removesuffix("unit")
    return choice(number, {str(amount): amount for amount in range(c.most + 1)}, legal, "number of units")


def form(action: int, obs: Any, c: Any) -> str:
    return str(action)


def name(action: int, obs: Any, c: Any) -> str:
    return f"take {action}"


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    pool, marks = after.pool, []
    harvest, left = int(pool.got.sum()), pool.stock - pool.grown
    if harvest > before.pool.record:
        marks.append(Mark("peak", f"the largest harvest so far: {plural(harvest, 'unit')}"))
    if pool.stock * 4 < c.capacity <= before.pool.stock * 4:
        marks.append(Mark("low", f"less than a quarter is left: {plural(pool.stock, 'unit')}"))
    if left == 0:
        marks.append(Mark("collapse", f"the commons has collapsed after {plural(after.tick, 'tick')}"))
    if after.done:
        marks.append(Mark("end", f"in all {plural(int(pool.total.sum()), 'unit')} were taken"))
    return marks


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """harvest in units; Gini coefficient of the seats' totals (0 when all have the same); ticks; whether it collapsed."""
    total = s.pool.total.tolist()
    apart = sum(abs(a - b) for a in total for b in total)
    gini = 1000 * apart // max(2 * len(total) * sum(total), 1)
    return {"harvest": sum(total), "gini_per_mille": gini, "ticks": s.tick, "collapsed": s.pool.stock == 0}


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(20, 12)
    pool = obs.pool
    shade = "good" if 2 * pool.stock >= c.capacity else "gold" if 4 * pool.stock >= c.capacity else "bad"
    canvas.text(0.5, 0.5, f"stock {pool.stock} of {c.capacity}", shade, "left")
    canvas.text(19.5, 0.5, "over" if obs.done else f"tick {obs.tick + 1} of {c.limit}", "text", "right")
    canvas.rect(0.5, 2, 8, 8, "hole")
    for i, stock in enumerate(pool.past.tolist()):
        if stock > 0:
            canvas.rect(0.5 + 0.25 * i, 10 - 8 * stock / c.capacity, 0.25, 8 * stock / c.capacity, "water")
    canvas.text(0.5, 11.5, "collapsed" if pool.stock == 0 else f"grew by {pool.grown}", shade, "left")
    for x, title, side in ((9.5, "player", "left"), (14.0, "took", "left"), (19.5, "all", "right")):
        canvas.text(x, 2.5, title, "muted", side)
    for seat in range(len(pool.got)):
        _draw_seat(pool, seat, c.groups, canvas)


def _draw_seat(pool: Any, seat: int, groups: int, canvas: Canvas) -> None:
    """A line: who, a disc for each unit taken and a ring for each that was asked in vain, the total."""
    y, teams = 3.5 + seat, 1 < groups < len(pool.got)
    colour = seat_colour(seat % groups if teams else seat)
    canvas.text(9.5, y, f"{seat + 1}{f' team {seat % groups + 1}' if teams else ''}", colour, "left")
    for unit in range(pool.asked[seat]):
        given = unit < pool.got[seat]
        canvas.disc(14.25 + 0.5 * unit, y, 0.2, colour if given else "muted", given)
    canvas.text(19.5, y, str(pool.total[seat]), "gold", "right")


def build(**options: Any) -> RecordGame:
    """Raises UserError for more teams than seats."""
    given = {name: option.default for name, option in SPEC.options.items()} | options
    teams, shared = given.pop("teams"), given.pop("shared")
    seats, most, rate = given["seats"], given["most"], given["rate"]
    if teams > seats:
        raise UserError(f"commons: option teams={teams} is not allowed: {seats} seats make at most {seats} teams")
    groups = 1 if shared else teams or seats
    made, only = SPEC.replace(**shaped(**given, groups=groups)), fields(seats)
    values = {"capacity": given["capacity"] * seats, "rate": rate, "most": most, "groups": groups, "units": made.scale}
    return RecordGame(
        globals(), made, state=state(only), observations={"*": observation(only)}, config=CONFIG, values=values
    )
