"""The SDK scorers against a loopback API: what is asked, what is believed, and every way it can fail."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from hivemind_skillopt.errors import BudgetSpent, ScorerFailed, SettingsError
from hivemind_skillopt.ports import Question, UnusableAnswer
from hivemind_skillopt.scorers.anthropic import DEFAULT_MODELS, AnthropicScorer
from hivemind_skillopt.scorers.ask import ask_json
from hivemind_skillopt.scorers.judge import JudgeAnswer
from hivemind_skillopt.scorers.openai import OpenAIScorer
from hivemind_skillopt.scorers.sdk import MAX_ANSWER_BYTES
from hivemind_skillopt.settings import ModelApi as Access
from tests.scorers.fakes import CountingBudget
from tests.scorers.model_api import ModelApi, Seen, Served, as_json, failing
from tests.scorers.vendors import ANTHROPIC, KEY, OPENAI, QUESTION, VENDORS, VERDICT, Vendor

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    return request.param


def test_an_answer_and_what_it_took(vendor: Vendor) -> None:
    with ModelApi(vendor.answer(VERDICT)) as api:
        answer = vendor.ask(f"{api.url}/gateway")
    assert json.loads(answer.text) == VERDICT
    usage = answer.usage
    assert (usage.scorer, usage.model, usage.calls) == (vendor.name, "small-model", 1)
    assert (usage.input_tokens, usage.output_tokens, usage.cost_usd) == (100, 20, None)
    (seen,) = api.seen
    assert (seen.path, seen.body["model"]) == (f"/gateway{vendor.path}", "small-model")
    sent = json.dumps(seen.body)
    for text in ("the system text", "the untrusted prompt", "skill_fault"):
        assert text in sent
    assert "json_schema" in json.dumps(seen.body[vendor.field])


def test_the_key_goes_where_the_api_looks_for_it(vendor: Vendor) -> None:
    with ModelApi(vendor.answer(VERDICT)) as api:
        vendor.ask(api.url)
    (seen,) = api.seen
    places = {"authorization": f"Bearer {KEY}", **({"x-api-key": KEY} if vendor is ANTHROPIC else {})}
    assert {name: value for name, value in seen.headers.items() if KEY in value} == places


def test_a_token_instead_of_a_key() -> None:
    with ModelApi(ANTHROPIC.answer(VERDICT)) as api:
        AnthropicScorer(Access(api.url, auth_token=KEY), 30).ask(QUESTION)
    assert {name: value for name, value in api.seen[0].headers.items() if KEY in value} == {
        "authorization": f"Bearer {KEY}"
    }


def test_settings_alone_say_where_and_with_which_key(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An SDK would read the process's own environment, which config.toml does not reach."""
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "PROFILE"):
        monkeypatch.setenv(f"{vendor.name.upper()}_{name}", "http://127.0.0.1:9/of-the-environment")
    with ModelApi(vendor.answer(VERDICT)) as api:
        vendor.ask(api.url)
    assert not any("of-the-environment" in value for value in api.seen[0].headers.values())


def test_traces_of_conversations_go_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    client = AnthropicScorer(Access("http://127.0.0.1:9", KEY))._client()
    assert client.open_telemetry["traces"]["enabled"] is False


@pytest.mark.parametrize(("role", "model"), list(DEFAULT_MODELS.items()))
def test_anthropics_default_models(role: str, model: str) -> None:
    """They are known to the pinned SDK and not on their way out."""
    from typing import get_args

    from anthropic.resources.messages.messages import DEPRECATED_MODELS
    from anthropic.types.model_param import ModelParam

    with ModelApi(ANTHROPIC.answer(VERDICT)) as api:
        ANTHROPIC.ask(api.url, question=Question(role, "s", "p", QUESTION.schema))
    assert api.seen[0].body["model"] == model
    assert model in get_args(get_args(ModelParam)[0])
    assert model not in DEPRECATED_MODELS


STATUSES = [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529]


@pytest.mark.parametrize("status", STATUSES)
def test_an_error_status_is_no_answer_and_is_asked_once(vendor: Vendor, status: int) -> None:
    with (
        ModelApi(failing(status)) as api,
        pytest.raises(ScorerFailed, match=f"^{vendor.name}: HTTP {status}: scripted"),
    ):
        vendor.ask(api.url)
    assert len(api.seen) == 1, "trying again is our queue's business"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(vendor: Vendor, status: int) -> None:
    with ModelApi(vendor.answer(VERDICT)) as other:
        moved = as_json({}, status, location=f"{other.url}/v1/messages")
        with ModelApi(moved) as api, pytest.raises(ScorerFailed, match="set the final base URL"):
            vendor.ask(api.url)
    assert (len(api.seen), other.seen) == (1, [])


HTML = Served(b"<html>502 Bad Gateway</html>", content_type="text/html")


@pytest.mark.parametrize(
    "served",
    [
        HTML, Served(b""), Served(b"\xff\xfe\x00"), as_json(None), as_json([]), as_json("ok"), as_json({}),
        as_json({"content": None, "choices": None}), as_json({"content": "ok", "choices": "ok"}),
        as_json({"content": [], "choices": []}), failing(200),
    ],
    ids=["html", "empty", "bytes", "null", "list", "text", "object", "nulls", "texts", "nothing", "error with 200"],
)  # fmt: skip
def test_a_200_that_is_no_answer(vendor: Vendor, served: Served) -> None:
    with ModelApi(served) as api, pytest.raises(ScorerFailed):
        vendor.ask(api.url)
    assert len(api.seen) == 1


def test_tokens_that_nobody_can_have_used_are_no_answer(vendor: Vendor) -> None:
    """They would give the day's budget back."""
    told = vendor.says(json.dumps(VERDICT), vendor.whole)
    told["usage"] = dict.fromkeys(told["usage"], -(10**6))
    with ModelApi(as_json(told)) as api, pytest.raises(ScorerFailed, match="did not answer as its API does"):
        vendor.ask(api.url)


@pytest.mark.parametrize("ending", ["refusal", "content_filter", "pause_turn", "tool_use", "tool_calls", "x y", "cut"])
def test_an_answer_that_did_not_end_well_is_none_but_is_paid(vendor: Vendor, ending: str) -> None:
    served = vendor.answer(VERDICT, vendor.cut if ending == "cut" else ending)
    with ModelApi(served) as api, pytest.raises(UnusableAnswer, match="the answer ended with") as raised:
        vendor.ask(api.url)
    assert (raised.value.usage.input_tokens, raised.value.usage.output_tokens) == (100, 20)


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_an_empty_answer_is_none(vendor: Vendor, text: str | None) -> None:
    with ModelApi(vendor.answer(text)) as api, pytest.raises(UnusableAnswer, match="gave an empty answer"):
        vendor.ask(api.url)


def test_openais_own_refusal() -> None:
    told = OPENAI.says(json.dumps(VERDICT), "stop")
    told["choices"][0]["message"]["refusal"] = "I will not"
    with ModelApi(as_json(told)) as api, pytest.raises(UnusableAnswer, match=r"^openai: the model refused$"):
        OPENAI.ask(api.url)


@pytest.mark.parametrize("ends", ["hang", "trickle", "heads"])
def test_the_timeout_is_for_the_whole_answer(vendor: Vendor, ends: str) -> None:
    """A byte now and then does not wind the clock up again."""
    body = json.dumps(vendor.says(json.dumps({**VERDICT, "reason": "x" * 2000}), vendor.whole)).encode()
    start = time.monotonic()
    with ModelApi(Served(body, ends=ends)) as api, pytest.raises(ScorerFailed, match=r"did not answer within 0\.5 s"):
        vendor.ask(api.url, timeout=0.5)
    assert time.monotonic() - start < 30


def test_a_connection_cut_in_the_middle(vendor: Vendor) -> None:
    body = json.dumps(vendor.says(json.dumps(VERDICT), vendor.whole)).encode()
    with ModelApi(Served(body, ends="cut")) as api, pytest.raises(ScorerFailed, match="cannot be reached: Remote"):
        vendor.ask(api.url)


def test_nobody_there(vendor: Vendor) -> None:
    with pytest.raises(ScorerFailed, match=f"^{vendor.name} cannot be reached: "):
        vendor.ask("http://127.0.0.1:9")


@pytest.mark.parametrize("url", ["http://[", "no-scheme", "ftp://127.0.0.1/", "http://127.0.0.1:99999"])
def test_a_base_url_that_is_none(vendor: Vendor, url: str) -> None:
    with pytest.raises(ScorerFailed, match=f"^{vendor.name} cannot be "):
        vendor.ask(url)


def test_a_huge_answer_is_not_read_to_its_end(vendor: Vendor) -> None:
    with ModelApi(vendor.answer("x" * 3 * MAX_ANSWER_BYTES)) as api, pytest.raises(ScorerFailed, match="larger than"):
        vendor.ask(api.url)


def refusing(vendor: Vendor, status: int, said: str) -> ModelApi:
    """A server that does not know the field with the schema."""
    return ModelApi(lambda seen: failing(status, said) if vendor.field in seen.body else vendor.answer(VERDICT))


@pytest.mark.parametrize(
    ("status", "said"), [(400, "{field}: extra inputs"), (422, "json_schema?"), (500, "no {field}")]
)
def test_a_server_that_refuses_the_schema_is_asked_without_it(vendor: Vendor, status: int, said: str) -> None:
    with refusing(vendor, status, said.format(field=vendor.field)) as api:
        assert json.loads(vendor.ask(api.url).text) == VERDICT
    assert [vendor.field in seen.body for seen in api.seen] == [True, False]


@pytest.mark.parametrize("key", ["", "a b", "k\u00e9y", "line\nbreak"])
def test_keys_that_are_none(vendor: Vendor, key: str) -> None:
    """Refused by us, by the client or by the server; never told."""
    with ModelApi(failing(401)) as api, pytest.raises((ScorerFailed, SettingsError)) as raised:
        vendor.ask(api.url, key=key)
    assert not key or key not in str(raised.value)


@pytest.mark.parametrize(
    ("scorer", "names"),
    [
        (AnthropicScorer(Access()), "ANTHROPIC_API_KEY"),
        (OpenAIScorer(Access()), "OPENAI_API_KEY"),
        (OpenAIScorer(Access("", KEY)), "HIVEMIND_SKILLOPT_CLAUDE_CODE_MODEL"),
    ],
)
def test_what_is_missing_is_named_and_costs_nothing(scorer: AnthropicScorer | OpenAIScorer, names: str) -> None:
    budget = CountingBudget(1)
    with pytest.raises(SettingsError, match=names) as raised:
        ask_json(scorer, budget, Question("judge", "s", "p", {}), JudgeAnswer)
    assert "\n" not in str(raised.value)
    assert budget.left == 1


def test_a_server_that_says_the_key_and_the_prompt_back_is_not_repeated(vendor: Vendor) -> None:
    said = f"bad key {KEY}; you sent: the untrusted\n  prompt and more"
    with ModelApi(failing(401, said)) as api:
        scorer = vendor.scorer(Access(api.url, KEY), 30)
        with pytest.raises(ScorerFailed) as raised:
            ask_json(scorer, CountingBudget(), QUESTION, JudgeAnswer)
    assert str(raised.value) == f"{vendor.name}: HTTP 401: bad key [key]; you sent: [...]"


GARBAGE = ["no JSON", "Sure! " + json.dumps(VERDICT), json.dumps({"outcome": "ok"}), "[]", "null", '"ok"']


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_repaired_once_then_no_verdict(vendor: Vendor, text: str) -> None:
    budget = CountingBudget()
    with ModelApi(vendor.answer(text)) as api, pytest.raises(ScorerFailed, match="did not answer with the JSON"):
        ask_json(vendor.scorer(Access(api.url, KEY), 30), budget, QUESTION, JudgeAnswer)
    assert (len(api.seen), len(budget.settled)) == (2, 2)


def test_the_repair_is_counted_before_it_is_asked(vendor: Vendor) -> None:
    with ModelApi(vendor.answer("no JSON")) as api, pytest.raises(BudgetSpent):
        ask_json(vendor.scorer(Access(api.url, KEY), 30), CountingBudget(1), QUESTION, JudgeAnswer)
    assert len(api.seen) == 1


def test_what_a_cut_answer_took_is_written_down(vendor: Vendor) -> None:
    budget = CountingBudget()
    with ModelApi(vendor.answer(VERDICT, vendor.cut)) as api, pytest.raises(ScorerFailed):
        ask_json(vendor.scorer(Access(api.url, KEY), 30), budget, QUESTION, JudgeAnswer)
    assert [usage.output_tokens for usage in budget.settled] == [20]
    assert len(api.seen) == 1, "the same limit would cut the next one too"


def test_a_repaired_answer_of_unknown_cost_stays_unknown(vendor: Vendor) -> None:
    def reply(seen: Seen) -> Served:
        return vendor.answer(VERDICT if "could not be used" in json.dumps(seen.body) else "no JSON")

    with ModelApi(reply) as api:
        _, usage = ask_json(vendor.scorer(Access(api.url, KEY), 30), CountingBudget(), QUESTION, JudgeAnswer)
    assert (usage.calls, usage.input_tokens, usage.output_tokens, usage.cost_usd) == (2, 200, 40, None)


def test_the_sdks_are_imported_for_a_call_and_not_before() -> None:
    code = """
import sys
from hivemind_skillopt.adapters.built_in import BuiltInOffers
from hivemind_skillopt.cli import main, status
from hivemind_skillopt.settings import ModelApi, load_settings
from hivemind_skillopt.worker import compose
heavy = lambda: sorted({"anthropic", "openai", "httpx2"} & set(sys.modules))
offered = BuiltInOffers().scorers(load_settings({"HOME": "/nowhere"}))
print([scorer.name for scorer in offered], heavy())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert run.stdout == "['anthropic', 'openai', 'scripted'] []\n", run.stderr
