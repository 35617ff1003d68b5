"""What the adapters share: functions, no base class. The protocol itself is `ports.HarnessAdapter`."""

from __future__ import annotations

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.events import InboxItem, Origin
from hivemind_skillopt.ports import Question
from hivemind_skillopt.settings import NO, Mode


def refuse_provider(harness: str, question: Question) -> None:
    """For a CLI that knows one vendor: a setting that nobody hears must be told. Raises SettingsError."""
    if question.provider:
        name = f"HIVEMIND_SKILLOPT_{harness.upper()}_PROVIDER"
        raise SettingsError(f"{name} is '{question.provider}', but that program knows no providers; unset it")


def origin_of(item: InboxItem, home: str, session_id: str, cwd: str, transcript_path: str) -> Origin:
    """What the inbox file says of the moment of the hook. A mode we cannot read is the strictest but `off`."""
    carried = item.carried
    window = carried.get("HIVEMIND_SKILLOPT_JUDGE_WINDOW", "")
    return Origin(
        harness=item.harness,
        home=home,
        session_id=session_id,
        at=item.at,
        generation=item.generation,
        mode=_mode(carried.get("HIVEMIND_SKILLOPT_MODE", "")),
        judge_window=int(window) if window.isascii() and window.isdigit() else 0,
        attribution=carried.get("HIVEMIND_SKILL_ATTRIBUTION", "1").strip().lower() not in NO - {""},
        cwd=cwd,
        transcript_path=transcript_path,
    )


def _mode(text: str) -> Mode:
    try:
        return Mode(text.strip().lower() or Mode.AUTO)
    except ValueError:
        return Mode.OBSERVE
