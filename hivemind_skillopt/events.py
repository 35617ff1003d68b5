"""What a recorder wrote, and the harness-neutral payloads of the three hookspecs that an adapter makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hivemind_skillopt.model import Provenance
from hivemind_skillopt.settings import Mode


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One recorded hook event. `at` is the recorder's clock, ns; `carried` the settings of that moment."""

    id: str
    at: int
    harness: str
    event: str
    generation: int
    carried: Mapping[str, str]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """What every event says of itself. `at` is the recorder's clock (ns); `home` the harness's own folder."""

    harness: str
    home: str
    session_id: str
    at: int
    generation: int
    mode: Mode
    judge_window: int
    attribution: bool = True
    cwd: str = ""
    transcript_path: str = ""

    @property
    def project(self) -> str:
        """The folder's name; the path itself never leaves the machine."""
        return self.cwd.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A harness session started, was resumed, cleared or compacted (`source`)."""

    origin: Origin
    source: str = "startup"


@dataclass(frozen=True, slots=True)
class PreToolUse:
    """A skill is about to be used, whatever the harness calls it.

    `skill` is the folder name as far as the harness tells; whether it is an org skill the manifest says. `folder`:
    where it was read, for a harness that reads skills by their path; a folder of another place is no org skill.
    `tool_use_id` is empty for a typed command; `prompt_id` names the user's prompt that caused it.
    """

    origin: Origin
    skill: str
    provenance: Provenance
    folder: str = ""
    tool_use_id: str = ""
    prompt_id: str = ""
    agent_id: str = ""


@dataclass(frozen=True, slots=True)
class UserPromptSubmit:
    """A prompt of the human. Synthetic prompts never become this event.

    `words` is what remains without a skill mention; `only_invokes`: there was a mention and nothing remains.
    """

    origin: Origin
    reaction_id: str
    text: str
    words: str
    prompt_id: str = ""
    only_invokes: bool = False


Event = SessionStart | PreToolUse | UserPromptSubmit


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event with its deterministic id: the same event, recorded twice, has the same one."""

    id: str
    event: Event
