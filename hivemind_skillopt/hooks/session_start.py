"""Behaviour: one `skills_active` attribution row per session."""

from __future__ import annotations

from hivemind_skillopt.attribution import attribution
from hivemind_skillopt.events import Origin, SessionStart
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.hooks.specs import hookimpl
from hivemind_skillopt.model import ActiveSkill
from hivemind_skillopt.state.manifest import ManifestEntry


class RecordAttribution:
    """Which org skills were on disk when the session started: never guessed from folder names."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @hookimpl
    def session_start(self, event: SessionStart) -> None:
        """Queue the row the first time a session is seen."""
        machine, origin = self._machine, event.origin
        first = machine.sessions.first_time(origin.harness, origin.session_id, origin.at)
        if first and origin.attribution and machine.settings.attribution:
            machine.outbox.add(
                attribution(
                    org=machine.settings.org,
                    harness=origin.harness,
                    session_id=origin.session_id,
                    skills=self._active(origin),
                    user=machine.settings.user,
                    workspace=machine.settings.workspace,
                    project=origin.project,
                    started_at=origin.at,
                )
            )
            machine.log.write("attributed", session=origin.session_id, harness=origin.harness)

    def _active(self, origin: Origin) -> list[ActiveSkill]:
        entries = self._machine.manifest.at(origin.home, origin.generation)
        return [self._skill(entry) for entry in entries]

    def _skill(self, entry: ManifestEntry) -> ActiveSkill:
        modified = self._machine.is_modified(entry)
        return ActiveSkill(entry.ref, entry.version, entry.content_sha256, modified)
