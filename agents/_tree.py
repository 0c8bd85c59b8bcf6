"""Monte Carlo tree search over the rules of any game: one driver, compiled per game and cached on disk.

A node is what one seat knows when it must act: it is found by a hash of that seat's observation. So one mechanism serves
perfect and hidden information (each simulation starts from a state that the asking seat holds possible), chance (resolved
by the simulation's own key), seats that act at once and factored actions (each seat and factor chooses by itself), and any
number of seats (each wants its own reward). Sources: Kocsis and Szepesvari 2006 (UCT); Cowling, Powley and Whitehouse 2012
(information sets of several observers, availability in the bonus); Tak, Lanctot and Winands 2014 (decoupled selection);
Winands, Bjornsson and Saito 2008 (proven outcomes, used where two seats see all and nothing is random).
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

from agents._masks import copy, draw, fill, listed, see_legal
from agents._proofs import back_up, found_of, prove, proven_return
from envs.drivers import Driver, look_one, step_one
from envs.keys import below, fold, shuffle, uniform
from envs.records import Rule
from envs.stubs import acting, imagine

__all__ = ["search"]


def _look(w: Any, c: Any, p: int) -> None:
    """What seat p knows now, into the words of its kind."""
    kind = w.kinds[p]
    fill(w.words[kind], 0)
    s = w.states[0]
    if kind == 0:
        look_one(s, c, p, w.look0[0])
    elif kind == 1:
        look_one(s, c, p, w.look1[0])
    elif kind == 2:
        look_one(s, c, p, w.look2[0])
    else:
        look_one(s, c, p, w.look3[0])


def _named(words: Any, p: int, salt: Any) -> int:
    """A 62-bit name of what seat p knows."""
    h = fold(salt, p)
    for i in range(len(words)):
        h = fold(h, words[i])
    return int((below(h, 1 << 31) << 31) | below(fold(h, 1), 1 << 31))


def _slot(table: Any, nodes: Any, name: int) -> int:
    """Where a name stands in the table, or the free place where it would."""
    mask = len(table) - 1
    slot = name & mask
    while table[slot] != 0 and nodes[table[slot] - 1].name != name:
        slot = (slot + 1) & mask
    return slot


def _add_edges(plan: Any, node: Any, edges: Any, row: Any, octets: Any, order: Any, key: Any) -> None:
    """Edges for the legal actions that the node does not have, in random order; none when memory is full."""
    n = listed(row, octets, 0, len(row), order)
    shuffle(order, n, key)
    for i in range(n):
        e = node.head
        while e >= 0 and edges[e].column != order[i]:
            e = edges[e].next
        if e < 0 and plan.edges < len(edges):
            made = edges[plan.edges]
            made.total = 0.0
            made.outcome = 0.0
            made.column = order[i]
            made.next = node.head
            made.visits = 0
            made.open = 0
            made.proven = False
            node.head = plan.edges
            plan.edges += 1


def _add_node(plan: Any, nodes: Any, name: int, p: int) -> int:
    """A node without edges, or -1 when memory is full."""
    if plan.nodes == len(nodes):
        return -1
    at = plan.nodes
    made = nodes[at]
    made.name = name
    made.outcome = 0.0
    made.head = -1
    made.proven = False
    if p == plan.seat and plan.root < 0:
        plan.root = at
    plan.nodes += 1
    return at


def _locate(w: Any, c: Any, salt: Any, key: Any) -> bool:
    """The nodes of the seats that act, into w.found; True when all were known, new ones are made."""
    plan, seats, found, nodes, table, s = w.plan[0], w.acting, w.found, w.nodes, w.table, w.states[0]
    width = plan.width
    known = True
    for p in range(len(seats)):
        found[p] = -1
        if seats[p]:
            look(w, c, p)
            name = named(w.words[w.kinds[p]], p, salt)
            slot = slot_of(table, nodes, name)
            at = table[slot] - 1
            if at < 0:
                known = False
                at = add_node(plan, nodes, name, p)
                if at >= 0:
                    table[slot] = at + 1
                    see_legal(s, c, p, w.legal[p][:width], w.octets[p])
                    add_edges(plan, nodes[at], w.edges, w.legal[p][:width], w.octets[p], w.order, fold(key, p))
            else:
                found[p] = at
                if not plan.perfect:
                    see_legal(s, c, p, w.legal[p][:width], w.octets[p])
    return known


def _choose(
    plan: Any, head: int, edges: Any, row: Any, half: float, low: int, high: int, together: bool, key: Any
) -> int:
    """The edge of a factor (columns low to high - 1) with the highest upper bound; -1 when the node has none of them.

    together: several seats choose now. Alike as they are, they would choose in step and never learn what one of them
    gains by leaving it, so each shakes its bonus with a key of its own.
    """
    c, perfect = plan.c, plan.perfect
    chosen = -1
    highest = 0.0
    opened = -1
    logarithm = 0.0
    e = head
    while e >= 0:
        edge = edges[e]
        if low <= edge.column < high and (perfect or row[edge.column]):
            edge.open += 1
            if edge.proven:
                bound = edge.outcome / half
            elif edge.visits == 0:
                bound = 1e300
            else:
                if edge.open != opened:
                    opened = edge.open
                    logarithm = log(opened)
                weight = 2.0 * c * uniform(fold(key, edge.column)) if together else c
                bound = edge.total / (edge.visits * half) + weight * sqrt(logarithm / edge.visits)
            if chosen < 0 or bound > highest:
                chosen = e
                highest = bound
        e = edge.next
    return chosen


def _half(span: Any, declared: float) -> float:
    """Half the range of returns that a seat has seen, which makes returns of all games alike."""
    seen = (span[1] - span[0]) / 2.0
    return seen if seen > 0.0 else declared


def _select(w: Any, length: int, key: Any) -> int:
    """Choices of all acting seats, appended to the path; the new length, or -1 when a seat has no edge to take."""
    plan, seats, found, nodes, edges, sizes, path = w.plan[0], w.acting, w.found, w.nodes, w.edges, w.sizes, w.path
    count = 0
    for p in range(len(seats)):
        count += 1 if seats[p] else 0
    for p in range(len(seats)):
        if seats[p]:
            seat_key = fold(key, p)
            node = nodes[found[p]]
            row = w.legal[p][: plan.width]
            half = half_of(w.span[p], plan.half)
            low = 0
            for k in range(sizes.shape[1]):
                high = low + sizes[p, k]
                if high > low:
                    e = choose(plan, node.head, edges, row, half, low, high, count > 1, seat_key)
                    if e < 0:
                        add_edges(plan, node, edges, row, w.octets[p], w.order, seat_key)
                        e = choose(plan, node.head, edges, row, half, low, high, count > 1, seat_key)
                    if e < 0:
                        return -1
                    w.actions[p, k] = edges[e].column - low
                    step = path[length]
                    step.before = w.returns[p]
                    step.node = found[p]
                    step.edge = e
                    step.seat = p
                    length += 1
                low = high
    return length


def _descend(w: Any, c: Any, salt: Any, key: Any) -> int:
    """Follow the tree down to what it does not know, its end or a proven node; the length of the path."""
    plan, s, seats, returns = w.plan[0], w.states[0], w.acting, w.returns
    length = 0
    room = len(w.path) - w.actions.shape[0] * w.actions.shape[1]
    while not s.done and length <= room:
        fill(seats, False)
        acting(s, c, seats)
        tick_key = fold(key, s.tick)
        if not locate(w, c, salt, tick_key):
            return length
        if plan.solve and w.nodes[found_of(w.found)].proven:
            return length
        longer = select(w, length, tick_key)
        if longer < 0:
            return length
        length = longer
        step_one(s, c, w.actions, key)
        for p in range(len(returns)):
            returns[p] += s.reward[p] * plan.point
    return length


def _play_out(w: Any, c: Any, key: Any) -> None:
    """Uniform legal actions until the end, or for `depth` ticks."""
    # Passing all of w to a function costs as much as a step, so this loop hands on only what each callee needs.
    s, seats, rows, octets, actions, order = w.states[0], w.acting, w.legal, w.octets, w.actions, w.order
    sizes, returns = w.sizes, w.returns
    depth, point, width = w.plan[0].depth, w.plan[0].point, w.plan[0].width
    ticks = 0
    while not s.done and (depth == 0 or ticks < depth):
        fill(seats, False)
        acting(s, c, seats)
        tick_key = fold(key, s.tick)
        for p in range(len(seats)):
            if seats[p]:
                row = rows[p][:width]
                see_legal(s, c, p, row, octets[p])
                draw(row, octets[p], sizes[p], order, actions[p], fold(tick_key, p))
        step_one(s, c, actions, key)
        for p in range(len(returns)):
            returns[p] += s.reward[p] * point
        ticks += 1


def _evaluate(w: Any, c: Any, key: Any) -> None:
    """The mean of `rollouts` random games from the leaf, added to the returns."""
    plan = w.plan[0]
    if plan.rollouts == 1:
        play_out(w, c, fold(key, 1))
        return
    copy(w.raw, w.leaf)
    copy(w.returns, w.base[0])
    fill(w.base[1], 0.0)
    for r in range(plan.rollouts):
        copy(w.leaf, w.raw)
        copy(w.base[0], w.returns)
        play_out(w, c, fold(key, 1 + r))
        for p in range(len(w.returns)):
            w.base[1, p] += w.returns[p]
    for p in range(len(w.returns)):
        w.returns[p] = w.base[1, p] / plan.rollouts


def _simulate(w: Any, c: Any, salt: Any, key: Any) -> None:
    """One simulation from the state that stands in w.states."""
    fill(w.returns, 0.0)
    length = descend(w, c, salt, key)
    exact = w.states[0].done or proven_return(w)
    if not exact:
        evaluate(w, c, key)
    back_up(w, length)
    if exact and w.plan[0].solve and length > 0:
        prove(w, length)
    w.plan[0].simulations += 1


look, named, slot_of, add_edges, add_node = Rule(_look), Rule(_named), Rule(_slot), Rule(_add_edges), Rule(_add_node)
locate, choose, half_of, select, descend = Rule(_locate), Rule(_choose), Rule(_half), Rule(_select), Rule(_descend)
play_out, evaluate, simulate = Rule(_play_out), Rule(_evaluate), Rule(_simulate)


@Driver
def search(asked: Any, configs: Any, keys: Any, count: int, w: Any) -> None:
    """`count` simulations more for the question asked[0], with the key keys[0], in the memory w (`agents._memory.Work`).

    Stops when the root is proven.
    """
    c = configs[0]
    plan = w.plan[0]
    s = w.states[0]
    for _ in range(count):
        if plan.solved:
            break
        key = fold(keys[0], plan.simulations)
        if plan.perfect and plan.simulations > 0:
            copy(w.root, w.raw)
        else:
            fill(w.raw, 0)
            s.tick = asked[0].tick
            s.done = asked[0].done
            imagine(asked[0], c, plan.seat, fold(key, 0), s)
            copy(w.raw, w.root)
        simulate(w, c, keys[0], fold(key, 1))
