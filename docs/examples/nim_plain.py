"""Nim in plain Python: the game of nim.py over an ordinary state; the second example in docs/new-game.md."""

from envs.canvas import seat_colour
from envs.plain import PlainGame
from envs.rules import Discrete, Mark, Option, Role, Spec, View
from envs.words import choice, plural

# ------------------------------------------------------------------ 1. the rules in words
RULES = """\
Two players take stones in turn from {heaps} heaps of 1, 3, 5 and so on stones: one or more stones, all from one heap.
Who takes the very last stone {wins}. Answer for example with 2 from 3: two stones from the third heap."""


def declared(heaps, misere):
    """The game's declaration for these options."""
    return Spec(
        name="nim_plain",
        title="Nim",
        rules=RULES.format(heaps=heaps, wins="loses" if misere else "wins"),
        roles=(Role("player", 2, Discrete(heaps * (2 * heaps - 1)), {"flat": View((heaps,))}),),
        limit=heaps**2,
        traits=frozenset({"zero_sum", "perfect"}),
        options={
            "heaps": Option(3, 1, 6, help="number of heaps"),
            "misere": Option(False, help="the last stone loses"),
        },
    )


SPEC = declared(3, False)

# ------------------------------------------------------------------ 2. the state is {"heaps": [1, 3, 5]}, and 3. the rules


def init(s, c, key):
    s.heaps = [2 * heap + 1 for heap in range(c.heaps)]


def acting(s, c, seats):
    seats[s.tick % 2] = True


def legal(s, c, seat, mask):
    for heap, stones in enumerate(s.heaps):
        for n in range(stones):
            mask[heap * (2 * c.heaps - 1) + n] = True


def play(s, c, actions, key):
    seat = s.tick % 2
    heap, n = divmod(actions[seat][0], 2 * c.heaps - 1)
    s.heaps[heap] -= n + 1
    if not any(s.heaps):
        winner = 1 - seat if c.misere else seat
        s.reward[winner], s.reward[1 - winner] = 1, -1
        s.done = True


def observe(s, c, seat, obs):
    obs.heaps = s.heaps


def imagine(obs, c, seat, key, s):
    s.heaps = obs.heaps


def encode_flat(obs, c, out):
    for heap, stones in enumerate(obs.heaps):
        out[heap] = stones / (2 * c.heaps - 1)


# ------------------------------------------------------------------ 4. words
def say(obs, c):
    heaps = "\n".join(f"heap {i + 1}: {plural(n, 'stone')}" for i, n in enumerate(obs.heaps))
    return heaps + ("\nThe game is over." if obs.done else f"\nPlayer {obs.tick % 2 + 1} to move.")


def parse(text, obs, c, legal):
    return choice(text, {form(action, obs, c): action for action in range(len(legal.mask))}, legal)


def form(action, obs, c):
    heap, n = divmod(action, 2 * c.heaps - 1)
    return f"{n + 1} from {heap + 1}"


name = form


def tell(before, actions, after, c):
    winner = after.reward.index(max(after.reward))
    return [Mark("win", f"player {winner + 1} wins", winner)] if after.done else []


# ------------------------------------------------------------------ 5. drawing
def draw(obs, c, canvas):
    canvas.size(2 * c.heaps + 1, c.heaps + 1)
    for heap, stones in enumerate(obs.heaps):
        canvas.text(0.75, heap + 1, str(heap + 1), "muted")
        for n in range(stones):
            canvas.disc(n + 2, heap + 1, 0.4, seat_colour(obs.tick % 2))


def build(heaps=3, misere=False):
    return PlainGame(globals(), declared(heaps, misere), config={"heaps": heaps, "misere": misere})
