"""Codex as the scorer with a config.toml that cannot be read: the job waits, then fails visibly."""

from __future__ import annotations

from hivemind_skillopt.model import SECOND
from hivemind_skillopt.state.jobs import JobStatus
from tests.worker.lab import Lab, outcomes


def ask_codex(lab: Lab) -> None:
    """By its CLI, whose config.toml is half-saved; without a PATH no program can run."""
    lab.environ |= {"HIVEMIND_SKILLOPT_SCORER": "agent_cli", "HIVEMIND_SKILLOPT_AGENT": "codex", "PATH": ""}
    config = lab.root / "home" / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text('model_provider = "corp"\nmodel = "s3cret')


def test_the_job_waits_then_fails_visibly(lab: Lab) -> None:
    ask_codex(lab)
    lab.use()
    lab.react()
    lab.work()
    assert (outcomes(lab), lab.jobs().counts()) == ([], {"due": 1})
    logged = str(lab.log("job_failed"))
    assert "config.toml cannot be read (it is not TOML); mend it" in logged
    assert "s3cret" not in logged
    for _ in range(12):
        lab.now += 3_600 * SECOND
        lab.work()
    (failed,) = lab.jobs().failures()
    assert (outcomes(lab), failed.status) == ([], JobStatus.FAILED)
    assert "config.toml cannot be read" in failed.last_error
