"""What may be chosen for a seat in its address: "llm?model=NAME&base_url=URL&memory=full". No option holds a key."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from agents.llm.memory import KINDS
from envs.errors import UserError
from envs.spec import Option

__all__ = ["OPTIONS", "Settings"]

OPTIONS: dict[str, Option] = {
    "model": Option("", help="the model's name at its endpoint"),
    "base_url": Option("https://api.openai.com/v1", help="the endpoint; any server of the chat-completions form"),
    "key_env": Option("OPENAI_API_KEY", help="the environment variable that holds the key; empty where none is needed"),
    "prompts": Option("", help="a TOML file of prompts in place of the built-in ones"),
    "memory": Option("window", choices=KINDS, help="what is remembered of earlier turns"),
    "window": Option(8, 1, 10_000, help="turns that memory=window keeps"),
    "legal": Option(
        "list",
        choices=("list", "enforce", "hide"),
        help="what is legal is shown; shown, and the schema takes nothing else; or not shown",
    ),
    "format": Option(
        "schema", choices=("schema", "object", "text"), help="structured output, where the endpoint has it"
    ),
    "obs": Option("text", choices=("text", "pixels", "both"), help="the observation in words, as a picture, or both"),
    "reasoning": Option("default", choices=("default", "off", "low", "medium", "high"), help="how much it thinks"),
    "temperature": Option(-1.0, -1.0, 2.0, help="of the sampling; -1: the endpoint's own"),
    "seed": Option(-1, -1, (1 << 31) - 1, help="of the sampling; -1: none, so that matches differ"),
    "max_tokens": Option(2048, 1, 1_000_000, help="of one answer, thoughts included"),
    "shots": Option(-1, -1, 1000, help="examples from the prompts to show; -1: all"),
    "cap": Option(16, 1, 10_000, help="requests at once to the endpoint"),
    "tries": Option(5, 1, 100, help="requests for one answer when the endpoint fails"),
    "first": Option(300.0, 0.01, 86_400.0, help="seconds to wait for the first piece of an answer"),
    "idle": Option(60.0, 0.01, 86_400.0, help="seconds to wait for each further piece"),
    "prices": Option("", help="a TOML file of prices, see docs/llm.md"),
    "budget_move": Option(0.0, 0.0, 1e6, help="dollars for one move; 0: no limit"),
    "budget_match": Option(0.0, 0.0, 1e6, help="dollars for this seat in one match"),
    "budget_tournament": Option(0.0, 0.0, 1e6, help="dollars for everything that names the same purse"),
    "budget_day": Option(0.0, 0.0, 1e6, help="dollars in one day (UTC), over all processes"),
    "purse": Option("tournament", help="the name of the tournament's purse"),
    "ledger": Option("", help="the file that tournaments and days are counted in"),
    "record_tokens": Option(False, help="record tokens, ids and log-probabilities, where the endpoint gives them"),
    "policy": Option("", help="the version of the model, recorded for training"),
}


@dataclass(frozen=True)
class Settings:
    """The options of a seat, checked against each other. Raises UserError."""

    model: str
    base_url: str
    key_env: str
    prompts: str
    memory: str
    window: int
    legal: str
    format: str
    obs: str
    reasoning: str
    temperature: float
    seed: int
    max_tokens: int
    shots: int
    cap: int
    tries: int
    first: float
    idle: float
    prices: str
    budget_move: float
    budget_match: float
    budget_tournament: float
    budget_day: float
    purse: str
    ledger: str
    record_tokens: bool
    policy: str

    def __post_init__(self) -> None:
        if not self.model:
            raise UserError('llm: say which model: "llm?model=NAME&base_url=URL"')
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(
                "llm: base_url must be http:// or https:// and a host, for example http://127.0.0.1:8000/v1"
            )
        if parts.username or parts.password or parts.query:
            raise UserError(
                "llm: base_url holds a user, a password or a query: keys stay in the environment, see key_env"
            )
        if self.limited and not self.prices:
            raise UserError("llm: a budget needs prices=FILE, because what is not priced cannot be limited")

    @property
    def limited(self) -> bool:
        return max(self.budget_move, self.budget_match, self.budget_tournament, self.budget_day) > 0
