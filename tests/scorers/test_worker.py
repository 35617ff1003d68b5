"""Scorers in the whole worker: which one and which model is asked, what a failure does, what is written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hivemind_skillopt.adapters.built_in import BuiltInOffers
from hivemind_skillopt.adapters.claude_code import ClaudeCode
from hivemind_skillopt.hooks.specs import hookimpl
from hivemind_skillopt.model import SECOND
from tests.scorers.attempts import assert_backed_off, status, work_until_it_gives_up
from tests.scorers.model_api import ModelApi, Seen, Served, failing
from tests.scorers.vendors import ANTHROPIC, KEY, OPENAI, VENDORS, Vendor
from tests.worker.lab import FAULT, PROPOSAL, Lab

OK = {**FAULT, "outcome": "ok", "quote": None}
MODEL = "HIVEMIND_SKILLOPT_CLAUDE_CODE_MODEL"
JUDGE_MODEL = "HIVEMIND_SKILLOPT_CLAUDE_CODE_JUDGE_MODEL"


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return request.param


def choose(lab: Lab, vendor: Vendor, url: str, **more: str) -> None:
    """The lab's person has chosen that scorer."""
    api = {f"{vendor.name.upper()}_BASE_URL": url, f"{vendor.name.upper()}_API_KEY": KEY}
    lab.environ.update({"HIVEMIND_SKILLOPT_SCORER": vendor.name, MODEL: "a-model", **api, **more})


def story(vendor: Vendor) -> Callable[[Seen], Served]:
    """A judge that blames the skill and a proposer that mends it."""
    return lambda seen: vendor.answer(FAULT if "/judge prompt v" in json.dumps(seen.body) else PROPOSAL)


def outcomes(lab: Lab) -> list[str]:
    return [verdict.outcome.value for verdict in lab.store.verdicts()]


def test_the_whole_loop(lab: Lab, vendor: Vendor) -> None:
    with ModelApi(story(vendor)) as api:
        choose(lab, vendor, api.url)
        lab.use()
        lab.react()
        lab.work()
    assert [seen.body["model"] for seen in api.seen] == ["a-model", "a-model"]
    (verdict,) = lab.store.verdicts()
    assert verdict.usage is not None
    assert (verdict.usage.scorer, verdict.usage.input_tokens, verdict.usage.cost_usd) == (vendor.name, 100, None)
    assert [version.version for version in lab.store.history(verdict.ref)] == [1, 2]
    today = lab_today(lab)
    assert (today.judge_calls, today.tokens, today.cost_usd, today.unpriced_calls) == (1, 240, 0.0, 2)
    assert lab.holding(KEY) == []


def lab_today(lab: Lab) -> Any:
    from hivemind_skillopt.state.spending import Spending

    return Spending(lab.database, lab.settings.limits, lab.clock).today()


@pytest.mark.parametrize(
    ("more", "models"),
    [
        ({}, ["a-model", "a-model"]),
        ({JUDGE_MODEL: "small"}, ["small", "a-model"]),
        ({JUDGE_MODEL: "small", MODEL: ""}, ["small", "claude-sonnet-5-5"]),
        ({MODEL: ""}, ["claude-haiku-5-5", "claude-sonnet-5-5"]),
        ({MODEL: "", "HIVEMIND_SKILLOPT_CODEX_MODEL": "another-harness's"}, ["claude-haiku-5-5", "claude-sonnet-5-5"]),
    ],
)
def test_the_models(lab: Lab, more: dict[str, str], models: list[str]) -> None:
    """The role's over the agent's over the scorer's own: never the name that the agent's CLI would use."""
    with ModelApi(story(ANTHROPIC)) as api:
        choose(lab, ANTHROPIC, api.url, **more)
        lab.use()
        lab.react()
        lab.work()
    assert [seen.body["model"] for seen in api.seen] == models


class OtherHarness(ClaudeCode):
    """Another agent on the same machine."""

    name = "codex"


def test_the_agent_that_is_named_judges_with_its_own_models(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever harness the use was seen in."""
    monkeypatch.setattr(BuiltInOffers, "harness_adapters", hookimpl(lambda self: (ClaudeCode(), OtherHarness())))
    with ModelApi(story(ANTHROPIC)) as api:
        choose(lab, ANTHROPIC, api.url, HIVEMIND_SKILLOPT_AGENT="codex", HIVEMIND_SKILLOPT_CODEX_MODEL="codex-model")
        lab.use()
        lab.react()
        lab.work()
    assert [seen.body["model"] for seen in api.seen] == ["codex-model", "codex-model"]


def test_an_agent_that_nobody_knows_is_named(lab: Lab) -> None:
    lab.environ["HIVEMIND_SKILLOPT_AGENT"] = "claud"
    lab.use()
    lab.react()
    lab.work()
    (failed,) = lab.log("job_failed")[:1]
    assert failed["why"] == "HIVEMIND_SKILLOPT_AGENT is 'claud'; no such harness is known"
    assert lab.store.verdicts() == []


def test_config_toml_does_as_well_as_the_environment(lab: Lab, vendor: Vendor) -> None:
    """A daemon does not see a later shell's variables."""
    with ModelApi(story(vendor)) as api:
        file = lab.paths.config_file
        file.parent.mkdir(parents=True, exist_ok=True)
        name = vendor.name
        file.write_text(
            f'{name}_api_key = "{KEY}"\n{name}_base_url = "{api.url}"\nclaude_code_judge_model = "of-the-file"\n'
        )
        lab.environ.update({"HIVEMIND_SKILLOPT_SCORER": name, MODEL: "a-model"})
        lab.use()
        lab.react()
        lab.work()
    assert outcomes(lab) == ["skill_fault"]
    assert [seen.body["model"] for seen in api.seen] == ["of-the-file", "a-model"]
    assert KEY in str(api.seen[0].headers)


def test_an_unknown_scorer_is_named_with_those_there_are(lab: Lab) -> None:
    lab.environ["HIVEMIND_SKILLOPT_SCORER"] = "antropic"
    lab.use()
    lab.react()
    lab.work()
    (failed,) = lab.log("job_failed")[:1]
    assert failed["why"] == (
        "HIVEMIND_SKILLOPT_SCORER is 'antropic'; use one of agent_cli, anthropic, openai, scripted"
    )


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"HIVEMIND_SKILLOPT_SCORER": "anthropic"}, "ANTHROPIC_API_KEY"),
        ({"HIVEMIND_SKILLOPT_SCORER": "openai"}, "OPENAI_API_KEY"),
        ({"HIVEMIND_SKILLOPT_SCORER": "openai", "OPENAI_API_KEY": KEY}, MODEL),
    ],
)
def test_what_is_not_set_is_named_and_no_call_is_counted(lab: Lab, environ: dict[str, str], why: str) -> None:
    lab.environ.update(environ)
    lab.use()
    lab.react()
    lab.work()
    assert why in str(lab.log("job_failed")[0]["why"])
    assert lab_today(lab).judge_calls == 0


FAILURES = {
    "401": lambda vendor: failing(401, f"invalid key {KEY}"),
    "429": lambda vendor: failing(429),
    "529": lambda vendor: failing(529),
    "html": lambda vendor: Served(b"<html>", content_type="text/html"),
    "prose": lambda vendor: vendor.answer("Sure! " + json.dumps(FAULT)),
    "cut off": lambda vendor: vendor.answer(FAULT, vendor.cut),
    "refused": lambda vendor: vendor.answer(FAULT, "refusal"),
    "empty": lambda vendor: vendor.answer(""),
    "connection": lambda vendor: Served(b"{}" * 50, ends="cut"),
}


@pytest.mark.parametrize("kind", ["401", "prose", "cut off"])
def test_no_verdict_then_back_off_then_visible_failure(lab: Lab, vendor: Vendor, kind: str) -> None:
    with ModelApi(FAILURES[kind](vendor)) as api:
        choose(lab, vendor, api.url)
        lab.use()
        lab.react()
        work_until_it_gives_up(lab)
    assert_backed_off(lab)
    (failed,) = status(lab)["jobs_failed"]
    assert failed["step"] == "judge"
    assert vendor.name in failed["why"]
    assert outcomes(lab) == []
    assert lab.holding(KEY) == []


@pytest.mark.parametrize("kind", FAILURES)
def test_a_model_that_comes_back_gives_its_verdict(lab: Lab, vendor: Vendor, kind: str) -> None:
    with ModelApi(FAILURES[kind](vendor)) as api:
        choose(lab, vendor, api.url)
        lab.use()
        lab.react()
        lab.work()
        assert outcomes(lab) == []
        api.replies = vendor.answer(OK)
        lab.now += 3600 * SECOND
        lab.work()
    assert (outcomes(lab), lab.left()) == (["ok"], [0, 0, 0])


CAPS = {"JUDGE_CALLS": "1", "TOKENS": "120"}


@pytest.mark.parametrize(("cap", "limit"), CAPS.items())
def test_a_cap_holds_before_the_repair_is_asked(lab: Lab, vendor: Vendor, cap: str, limit: str) -> None:
    """One call is all that the day has: an answer that could be repaired waits for tomorrow."""
    with ModelApi(vendor.answer("no JSON")) as api:
        choose(lab, vendor, api.url, **{f"HIVEMIND_SKILLOPT_MAX_{cap}_PER_DAY": limit})
        lab.use()
        lab.react()
        lab.work()
    assert len(api.seen) == 1
    assert outcomes(lab) == []
    assert len(lab.log("budget_spent")) == 1


def test_the_usd_cap_counts_what_is_known(lab: Lab) -> None:
    """Unknown costs are calls, not 0 and not infinite: they are held by the caps on calls and tokens."""
    with ModelApi(OPENAI.answer(OK)) as api:
        choose(lab, OPENAI, api.url, HIVEMIND_SKILLOPT_MAX_USD_PER_DAY="0.000001")
        lab.use()
        lab.react()
        lab.work()
    today = status_today(lab)
    assert (today["judge_calls"], today["cost_usd"], today["unpriced_calls"], today["tokens"]) == (1, 0, 1, 120)
    assert outcomes(lab) == ["ok"]


def status_today(lab: Lab) -> dict[str, Any]:
    """At the lab's own time, which is not the machine's."""
    spent = lab_today(lab)
    return {name: getattr(spent, name) for name in ("judge_calls", "cost_usd", "unpriced_calls", "tokens")}
