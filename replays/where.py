"""The small language of `--where`: `game=connect_four and (winner=mcts or not ticks<20)` becomes SQL with parameters.

A condition is FIELD OP VALUE with = != < <= > >= and ~ (contains); `and`, `or`, `not` and parentheses join conditions. Nothing that
a user writes becomes part of the SQL text; fields are those of FIELDS. Errors are UserErrors that list what is allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from envs.errors import UserError

__all__ = ["FIELDS", "condition"]

TEXT, NUMBER, DATE, FLAG, AGENT = range(5)
FIELDS: dict[str, tuple[int, str]] = {
    "game": (TEXT, "game"), "path": (TEXT, "path"), "reason": (TEXT, "reason"), "fault": (TEXT, "causes"), "seed": (TEXT, "seed"),
    "version": (NUMBER, "version"), "ticks": (NUMBER, "ticks"), "duration": (NUMBER, "duration"), "refusals": (NUMBER, "refusals"),
    "faults": (NUMBER, "faults"), "created": (DATE, "created"), "finished": (FLAG, "finished"), "damaged": (FLAG, "damaged"),
    "branch": (FLAG, "branch"), "agent": (AGENT, "1"), "winner": (AGENT, "seats.won"),
}  # fmt: skip
"""Field -> what kind of value it has, and the column (for agents: which seats count)."""
_TOKEN = re.compile(r"""\s*(?:([()])|"([^"]*)"|'([^']*)'|(!=|<=|>=|==|=|<|>|~)|([^\s()=<>!~"']+))""")
_LONGEST, _DEEPEST = 2000, 40
_ORDERED = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class _Token:
    kind: str
    """( ) operator, word or quoted"""
    text: str

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.text.lower() == word


def condition(text: str) -> tuple[str, list[Any]]:
    """(SQL expression, its parameters) of a condition; an empty text is true."""
    if not text.strip():
        return "1", []
    if len(text) > _LONGEST:
        raise UserError(f"--where has {len(text)} characters: at most {_LONGEST} are read")
    return _Reader(_tokens(text)).whole()


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UserError(
                f"--where cannot be read at {text[at : at + 20]!r}: write FIELD OP VALUE, joined by and, or, not, ( )"
            )
        bracket, double, single, operator, word = match.groups()
        quoted = double if double is not None else single
        if quoted is not None:
            found.append(_Token("quoted", quoted))
        else:
            kind = bracket or ("operator" if operator else "word")
            found.append(_Token(kind, bracket or operator or word))
        at = match.end()
    return found


class _Reader:
    """Walks the tokens once, by the grammar: any := all (or all)*; all := one (and one)*; one := not one | ( any ) | FIELD OP VALUE."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0
        self.values: list[Any] = []

    def whole(self) -> tuple[str, list[Any]]:
        sql = self._any()
        if self.at < len(self.tokens):
            self._refuse("and, or, or the end")
        return sql, self.values

    def _refuse(self, wanted: str) -> NoReturn:
        here = repr(self.tokens[self.at].text) if self.at < len(self.tokens) else "the end"
        raise UserError(
            f"--where: {here} stands where {wanted} is expected; for example game=connect_four and winner=mcts"
        )

    def _next_is(self, word: str) -> bool:
        found = self.at < len(self.tokens) and (self.tokens[self.at].is_word(word) or self.tokens[self.at].kind == word)
        self.at += found
        return found

    def _any(self) -> str:
        parts = [self._all()]
        while self._next_is("or"):
            parts.append(self._all())
        return f"({' OR '.join(parts)})"

    def _all(self) -> str:
        parts = [self._one()]
        while self._next_is("and"):
            parts.append(self._one())
        return f"({' AND '.join(parts)})"

    def _one(self) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UserError(f"--where is nested more than {_DEEPEST} deep: write it simpler")
        if self._next_is("not"):
            sql = f"NOT {self._one()}"
        elif self._next_is("("):
            sql = self._any()
            if not self._next_is(")"):
                self._refuse("a closing parenthesis")
        else:
            sql = self._comparison()
        self.depth -= 1
        return sql

    def _comparison(self) -> str:
        field, operator, value = (
            self.tokens[self.at : self.at + 3] if self.at + 3 <= len(self.tokens) else (None, None, None)
        )
        if field is None or operator is None or value is None or field.kind != "word" or operator.kind != "operator":
            self._refuse("FIELD OP VALUE")
        if field.text not in FIELDS:
            raise UserError(f"--where: no field {field.text[:40]!r}; there are {', '.join(sorted(FIELDS))}")
        if value.kind not in ("word", "quoted"):
            self._refuse("a value")
        self.at += 3
        return self._sql(field.text, "=" if operator.text == "==" else operator.text, value.text)

    def _sql(self, name: str, operator: str, value: str) -> str:
        kind, column = FIELDS[name]
        allowed = {TEXT: ("=", "!=", "~"), AGENT: ("=", "!=", "~"), FLAG: ("=", "!=")}.get(kind, _ORDERED)
        if operator not in allowed:
            raise UserError(f"--where: {name} has no {operator}; it has {' '.join(allowed)}")
        if kind == AGENT:
            return self._agent(column, operator, value)
        if operator == "~":
            self.values.append(value)
            return f"instr(lower({column}), lower(?)) > 0"
        self.values.append(_read(name, kind, value))
        return f"{column} {operator} ?" if kind != TEXT else f"lower({column}) {operator} lower(?)"

    def _agent(self, which: str, operator: str, value: str) -> str:
        """Some seat, or the winning one, has an agent of that name; `mcts` also stands for mcts with options."""
        some = f"EXISTS (SELECT 1 FROM seats WHERE seats.replay = replays.id AND {which} AND "  # noqa: S608  both parts are ours
        if value.lower() == "none":
            return f"{'NOT ' if operator == '=' else ''}{some}1)"
        self.values += [value] * (1 if operator == "~" else 2)
        if operator == "~":
            return f"{some}instr(lower(agent), lower(?)) > 0)"
        return f"{'NOT ' if operator == '!=' else ''}{some}(agent = ? OR substr(agent, 1, instr(agent, '?') - 1) = ?))"


def _read(name: str, kind: int, value: str) -> Any:
    """A value as its field wants it."""
    try:
        if kind == NUMBER:
            return float(value)
        if kind == DATE:
            return datetime.fromisoformat(value).timestamp()
        if kind == FLAG:
            return {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}[value.lower()]
    except (ValueError, KeyError, OverflowError):
        wanted = {NUMBER: "a number", DATE: "a date like 2026-05-31", FLAG: "yes or no"}[kind]
        raise UserError(f"--where: {name} is compared with {wanted}, not {value[:40]!r}") from None
    return value
