"""Search in free text and questions: filters by name, secrets, verdicts with reasons, hostile texts and folders refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import arena
import envs
import replays
from agents.players.questions import equal
from envs.dualplay._prose import alike, hidden, same, unfit
from envs.dualplay.questions.passages import BUILT_IN, LONGEST, read
from envs.dualplay.questions.played import earned
from envs.errors import NOT_FOUND, UserError
from envs.game import Game
from envs.spec import PUBLIC, Refusal

HOSTILE = {
    "x" * 1_000_000: "1000000 characters", "ask: \x1b[2J": "U+001B", "answer: \u202eevil": "U+202E", "question: \u200bq": "U+200B",
    "answer: " + "([{" * 100: "300 deep", "ask: \x00": "U+0000", "answer: \ud800": "U+D800", "": "something else",
    "hello": "something else",
}  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> Game:
    return envs.game("search_text?attempts=1")


# ---------------------------------------------------------------------- what texts are
@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        ("Brairoth", "Where does brairoth lie?", True), ("Brairoth", "B-r-a-i r.o.t.h", True), ("Brairoth", "htoriarb backwards", True),
        ("Brairoth", "the capital of \uff22\uff52\uff41irot\uff48", True), ("Brairoth", "Where was Bruglum born?", False),
        ("84", "How much is 12 times 7?", False), ("84", "Is it 84?", True), ("84", "Is it 840?", False), ("1024", "10 + 24", False),
        ("ab", "cabinet", False), ("", "anything", False), ("two words", "these are two  WORDS.", True), ("\u0130x", "i\u0307x", True),
    ],
)  # fmt: skip
def test_an_answer_that_is_hidden_in_a_text_is_found(answer: str, text: str, found: bool) -> None:
    assert hidden(answer, text) is found


def test_which_texts_are_the_same_and_how_alike_others_are() -> None:
    assert same(" 1/2. ", "$1/2$") and same("Ab c", "abc") and not same("1/2", "12") and not same("-3", "3")
    assert alike("one two three", "Three, two, one!") == 1000
    assert alike("one two", "two three") == 333
    assert alike("", "") == 1000


@pytest.mark.parametrize("game", ["search_text", "questions", "questions?compare=maths"])
def test_hostile_texts_are_refused_in_one_line_in_every_seat(game: str) -> None:
    made, seen = envs.game(game), set()
    for seed in range(40):
        if len(seen) == len(made.spec.roles):
            break
        state = made.start(seed)
        while turns := made.turns(state):
            for seat, legal in turns.items():
                role, obs = made.spec.role(seat).name, made.observe(state, seat)
                for text, says in HOSTILE.items() if role not in seen else ():
                    found = made.parse(text, obs, legal)
                    assert isinstance(found, Refusal) and found.reason.isprintable() and len(found.reason) < 300
                    assert role == "library" or says in found.reason
                seen.add(role)
            state = made.step(state, {seat: legal.sample(seed + seat) for seat, legal in turns.items()}, seed)
    assert seen == {role.name for role in made.spec.roles}


def test_a_library_that_shows_no_documents_shows_nothing() -> None:
    made = envs.game("search_text?attempts=1")
    state = made.step(made.start(0), {0: "search: anything at all"}, 0)
    obs, legal = made.observe(state, 2), made.legal(state, 2)
    for text in ("[" * 5000, "{}", "[1]", '[{"title": 1}]', "[" + "9" * 13_000 + "]"):
        found = made.parse(text, obs, legal)
        assert isinstance(found, Refusal) and "\n" not in found.reason
    assert isinstance(made.parse(json.dumps([{"title": "A\x07", "text": "b"}]), obs, legal), Refusal)
    assert made.parse('[{"title": "A", "text": "b", "more": 1}]', obs, legal) == ['[{"title": "A", "text": "b"}]']
    assert made.row(made.step(state, {2: "[[[not json"}, 0)).calls[0] == [{"query": "anything at all", "documents": []}]


# ---------------------------------------------------------------------- search in free text
def documents(*titles: str) -> str:
    return json.dumps([{"title": title, "text": f"{title} is a name."} for title in titles])


def dug(
    game: Game,
    question: str,
    queries: tuple[str, ...] = ("one", "two"),
    shown: str = documents("Elsewhere"),
    reading: str = "",
) -> Any:
    """The state after searches and a question; the judge reads the answer, or what is given."""
    state = game.start(0)
    for query in queries:
        state = game.step(game.step(state, {0: f"search: {query}"}, 0), {2: shown}, 0)
    state = game.step(state, {0: f"ask: {question}"}, 0)
    if game.row(state).stage == "fetch":
        state = game.step(state, {2: documents(*game.row(state).foreign)}, 0)
        state = game.step(state, {3: f"answer: {reading or game.row(state).target}"}, 0)
    return state


LONG = "Which name is it that the library means by all of these words?"


def failed(game: Game, state: Any) -> set[str]:
    return {name for name, passed in game.row(state).checks.items() if not passed}


def test_every_filter_of_a_free_question_is_caught_by_name(texts: Game) -> None:
    target = texts.row(texts.start(0)).target
    assert failed(texts, dug(texts, LONG)) == set()
    cases = {
        "documents": dug(texts, LONG, shown="[]"), "terms": dug(texts, LONG, ("one", "One!")), "words": dug(texts, "Which name is it?"),
        "length": dug(texts, "Who?"), "answer": dug(texts, f"{LONG} Is it {' '.join(target)}?"),
        "reader": texts.step(dug(texts, LONG, reading="Nobody"), {3: "different: another name"}, 0),
    }  # fmt: skip
    for name, state in cases.items():
        assert name in failed(texts, state), name
        assert texts.facts(state).done and set(texts.facts(state).reward) == {0.0}
        assert "invalid" in texts.say(texts.observe(state, PUBLIC))
    remembering = envs.game("search_text?attempts=1")
    remembering.config["history"] = ["whichnameisitthatthelibrarymeansbyallofthesewords"]
    assert failed(remembering, dug(remembering, LONG.upper())) == {"copy"}


def test_the_judge_has_the_proposers_documents_and_exactly_four_others_shuffled(texts: Game) -> None:
    state = texts.start(0)
    for query in ("one", "two"):
        state = texts.step(texts.step(state, {0: f"search: {query}"}, 0), {2: documents("A", "B")}, 0)
    state = texts.step(state, {0: f"ask: {LONG}"}, 0)
    foreign = texts.observe(state, 2).task["titles"]
    state = texts.step(state, {2: documents(*foreign)}, 0)
    task = texts.observe(state, 3).task
    assert len(foreign) == 4 and sorted(each["title"] for each in task["documents"]) == sorted(["A", "B", *foreign])
    assert [each["title"] for each in task["documents"]] != ["A", "B", *foreign]
    assert (
        "target" not in task
        and texts.row(state).target not in texts.say(texts.observe(state, 3)).partition("question:")[2].split()
    )


def test_exact_answers_are_right_without_the_judge_and_all_verdicts_have_reasons(texts: Game) -> None:
    state = dug(texts, LONG)
    right = texts.step(state, {1: f"answer: {texts.row(state).target.upper()}"}, 0)
    assert texts.facts(right).reward == (0.0, 1.0, 0.0, 0.0)
    assert texts.row(right).verdicts == [[-1, "right", "the same letters"], [0, "right", "the same letters"]]
    other = texts.step(state, {1: "answer: somebody else"}, 0)
    assert texts.observe(other, 3).task == {"target": texts.row(state).target, "answer": "somebody else"}
    judged = texts.step(other, {3: "same: both mean it"}, 0)
    assert texts.row(judged).verdicts[1] == [0, "right", "the judge: both mean it"]
    assert texts.metrics(judged)["verdicts"][1][2] == "the judge: both mean it"


def test_target_and_the_searches_of_others_stay_secret(texts: Game) -> None:
    made = envs.game("search_text?attempts=2")
    state = made.start(3)
    target = made.row(state).target
    state = made.step(state, {0: "search: something known to one seat"}, 3)
    for who in (1, 2, 4, PUBLIC):
        assert target not in repr(made.observe(state, who)) and "something" not in repr(made.observe(state, who))
    assert made.observe(state, 3).task["search"] == "something known to one seat"


def test_scripted_seats_of_two_strengths_differ() -> None:
    scores: dict[str, float] = {}
    for strength in ("careful", "walk"):
        seats = ["scripted", f"scripted?searching={strength}", "scripted", "scripted"]
        results = [arena.play("search_text?attempts=1", seats, seed=seed) for seed in range(4)]
        assert all(result.reason == "played out" and result.faults == () for result in results)
        scores[strength] = sum(result.scores[1] for result in results)
    assert scores["careful"] > scores["walk"]


# ---------------------------------------------------------------------- questions
@pytest.mark.parametrize("solvers", [1, 3, 6])
def test_the_proposer_of_questions_earns_what_the_formulas_say(solvers: int) -> None:
    for right in range(solvers + 1):
        for unlike in (0, 300, 301, 1000):
            p, d = right / solvers, unlike / 1000
            wanted = {
                "pasodoble": 1.1 - p + 0.2 * d if p > 0.2 and d > 0.3 else 0.0,
                "ssp": 1 - p,
                "balanced": 4 * p * (1 - p),
            }
            for payoff, points in wanted.items():
                assert earned(right, solvers, unlike, payoff) / (5000 * solvers) == pytest.approx(points, abs=1e-3)


def asked(game: Game, question: str, claim: str) -> Any:
    return game.step(game.start(0), {0: f"question: {question} answer: {claim}"}, 0)


def test_malformed_questions_pay_nothing_and_say_why() -> None:
    game = envs.game("questions?attempts=1")
    assert failed(game, asked(game, "How much is 6 times 7?", "42")) == set()
    broken = {
        "length": ("Who?", "nobody"), "answer": ("Is 42 the answer?", "42"), "question": ("Who is it now?", "Who is it now? He"),
        "boxed": ("How much is \\boxed{6} times 7?", "42"),
    }  # fmt: skip
    for name, (question, claim) in broken.items():
        state = asked(game, question, claim)
        assert name in failed(game, state) and game.facts(state).done and set(game.facts(state).reward) == {0.0}
    game.config["history"] = ["how much is 6 times 7?"]
    assert failed(game, asked(game, "How much is 6 times 7?", "42")) == {"copy"}
    assert game.row(asked(game, "How much is 6 times 7?", "42")).unlike == 0


def test_diversity_is_that_of_the_history_before_the_question() -> None:
    game = envs.game("questions?attempts=1")
    game.config["history"] = ["How much is 6 times 8?", "Name a river", "Name a hill"]
    state = asked(game, "How much is 6 times 7?", "42")  # five of seven words are shared with the first
    assert game.row(state).unlike == 1000
    game.config["history"] = ["How much is 7 times 6 ?", "Name a river", "Name a hill"]
    assert game.row(asked(game, "How much is 6 times 7?", "42")).unlike == 666


@pytest.mark.parametrize(
    ("claim", "answer", "right"),
    [("1/2", "0.5", True), ("185/3", "188/3", False), ("\\frac{1}{2}", "0.5", True), ("84", "12*7", True), ("9^9^9", "9^9^9^9", False),
     ("1", "170!", False), ("2", "", False), ("1", "((((((1", False), ("3", "\\int_0^3 1 dx", False)],
)  # fmt: skip
def test_values_are_compared_by_math_verify_and_nothing_that_takes_for_ever(
    claim: str, answer: str, right: bool
) -> None:
    pytest.importorskip("math_verify")
    found, reason = equal(claim, answer)
    assert found is right and reason and "\n" not in reason


def test_the_rules_compare_letters_and_a_verifier_values() -> None:
    pytest.importorskip("math_verify")
    answers = {1: "answer: 0.5", 2: "answer: one half", 3: "answer: 1/2"}
    exact, maths = envs.game("questions"), envs.game("questions?compare=maths")
    by_letters = exact.step(asked(exact, "How much is 3 / 4 - 1 / 4?", "1/2"), answers, 0)
    assert exact.row(by_letters).right == [0, 0, 1] and exact.facts(by_letters).done
    state = maths.step(asked(maths, "How much is 3 / 4 - 1 / 4?", "1/2"), answers, 0)
    tasks = []
    while maths.acting(state):
        tasks.append(maths.observe(state, 4).task)
        right, reason = equal(tasks[-1]["claim"], tasks[-1]["answer"])
        state = maths.step(state, {4: f"{'right' if right else 'wrong'}: {reason}"}, 0)
    assert [task["answer"] for task in tasks] == ["0.5", "one half"]
    assert maths.row(state).right == [1, 0, 1]
    assert [0, "right", "the verifier: math-verify finds the same value"] in maths.row(state).verdicts


def test_without_math_verify_scripted_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import agents

    monkeypatch.setattr("envs.extras.importlib.util.find_spec", lambda name: None)
    agents.load("scripted").fits(envs.game("questions"))
    with pytest.raises(UserError, match=r"palaestra\[maths\]"):
        agents.load("scripted").fits(envs.game("questions?compare=maths"))


# ---------------------------------------------------------------------- passages
def folder(path: Path, *lines: str) -> str:
    path.mkdir(exist_ok=True)
    (path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def test_passages_are_read_from_a_folder_and_a_recording_needs_it_no_more(tmp_path: Path) -> None:
    where = folder(tmp_path / "mine", '{"text": "First  passage.", "more": 1}', "", '{"text": "Second."}')
    game = envs.game(f"questions?attempts=1&passages={where}")
    assert game.config.passages == ["First passage.", "Second."]
    assert "passages" not in game.describe()["options"] and game.public.passages is None
    arena.play(game, ["scripted", "scripted"], seed=1, record=tmp_path / "m.arena")
    (tmp_path / "mine" / "a.jsonl").unlink()
    assert replays.verify(tmp_path / "m.arena")
    assert str(tmp_path) not in repr(replays.open(tmp_path / "m.arena").game.options)


def test_as_many_passages_are_drawn_as_are_kept(tmp_path: Path) -> None:
    where = folder(tmp_path / "many", *(f'{{"text": "number {n}"}}' for n in range(50)))
    some = read(where, 5, 0)
    assert len(set(some)) == 5 and some == read(where, 5, 0) and some != read(where, 5, 1)
    assert read(where, 500, 0) == [f"number {n}" for n in range(50)]
    assert read("", 64, 0) == list(BUILT_IN)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", "line 2: no JSON"), ("[1]", "line 2: no text in it"), ('{"text": 3}', "no text in it"),
        ('{"text": " "}', "no text in it"),
        ('{"text": "' + "x" * (LONGEST + 1) + '"}', f"{LONGEST + 1} characters"), ("[" * 9 * LONGEST, "bytes in one line"),
        ('{"text": "a\\u0000b"}', "U+0000"), ("[" * 3000, "line 2: no JSON"), ('{"text": "' + "(" * 40 + '"}', "40 deep"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_passage_is_named(line: str, says: str, tmp_path: Path) -> None:
    where = folder(tmp_path / "bad", '{"text": "good"}', line)
    with pytest.raises(UserError, match=r"a\.jsonl, line 2") as raised:
        envs.game("questions", passages=where)
    assert says in str(raised.value) and "\n" not in str(raised.value) and len(str(raised.value)) < 300


def test_folders_that_are_none_are_errors_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no folder") as raised:
        envs.game("questions", passages=str(tmp_path / "nowhere"))
    assert raised.value.code == NOT_FOUND
    with pytest.raises(UserError, match=r"no \.jsonl file"):
        envs.game("questions", passages=str(tmp_path))
    with pytest.raises(UserError, match="holds no passage"):
        envs.game("questions", passages=folder(tmp_path / "empty", ""))
    monkeypatch.setattr("envs.dualplay.questions.passages.BYTES", 10)
    with pytest.raises(UserError, match="MiB in all are read"):
        envs.game("questions", passages=folder(tmp_path / "big", '{"text": "longer than that"}'))
    monkeypatch.undo()
    monkeypatch.setattr("envs.dualplay.questions.passages.LINES", 1)
    with pytest.raises(UserError, match="more than 1 lines"):
        envs.game("questions", passages=folder(tmp_path / "long", '{"text": "a"}', '{"text": "b"}'))


def test_a_text_that_is_read_has_only_visible_letters() -> None:
    assert unfit("plain, with \u00fc and \u4e2d", 100) == ""
    assert "at most 3" in unfit("four", 3)
