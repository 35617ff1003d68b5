"""Behaviour: the use of an ORG skill is an invocation and arms a judgment window."""

from __future__ import annotations

from dataclasses import replace

from hivemind_skillopt.events import PreToolUse
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.hooks.specs import hookimpl
from hivemind_skillopt.judgment_window import Closed, JudgmentWindow
from hivemind_skillopt.model import Invocation, Provenance, VersionSource, derived_id
from hivemind_skillopt.settings import Mode, strictest
from hivemind_skillopt.state.manifest import ManifestEntry


class ArmWindow:
    """A local folder that merely looks like an org skill is not in the manifest and arms nothing."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @hookimpl
    def pre_tool_use(self, event: PreToolUse) -> None:
        """Queue the invocation row; open a window unless the copy is modified or the mode is `off`."""
        machine, origin = self._machine, event.origin
        entry = machine.manifest.entry_at(origin.home, event.skill, origin.generation)
        if entry is None or self._mode(event) is Mode.OFF or not self._is_org_skill(event, entry):
            return
        invocation = self._invocation(event, entry)
        machine.outbox.add(invocation)
        if invocation.modified:
            machine.log.write("modified_copy", ref=str(entry.ref), session=origin.session_id)
            return
        self._close_earlier(event, invocation)
        if machine.windows.open(self._window(event, invocation, entry.link)):
            machine.markers.put(origin.harness, origin.session_id)
            machine.log.write(
                "window_opened",
                ref=str(entry.ref),
                version=entry.version,
                invocation=invocation.id,
                by=event.provenance,
            )

    def _is_org_skill(self, event: PreToolUse, entry: ManifestEntry) -> bool:
        """A folder of that name may lie anywhere: in a checkout, as a fixture."""
        return not event.folder or self._machine.is_pulled(entry, event.folder)

    def _mode(self, event: PreToolUse) -> Mode:
        return strictest(event.origin.mode, self._machine.settings.mode)

    def _close_earlier(self, event: PreToolUse, invocation: Invocation) -> None:
        """The same skill again: its queued reactions are still judged, new ones belong to the new window.

        One command may read a skill by its link and by its real path: that is one invocation.
        """
        for window in self._machine.windows.open_in(event.origin.harness, event.origin.session_id):
            earlier = window.invocation
            if earlier.ref == invocation.ref and earlier.id != invocation.id:
                self._machine.windows.save(self._superseded(window, event))

    def _superseded(self, window: JudgmentWindow, event: PreToolUse) -> JudgmentWindow:
        """The prompt that types the skill again comes after its expansion, and may still complain of the last use."""
        if event.provenance is Provenance.SLASH and event.prompt_id:
            return replace(window, superseded_by=event.prompt_id)
        return window.close(Closed.INVOKED_AGAIN)

    def _invocation(self, event: PreToolUse, entry: ManifestEntry) -> Invocation:
        origin = event.origin
        cause = event.tool_use_id or event.prompt_id
        return Invocation(
            id=derived_id(origin.harness, origin.session_id, cause, str(entry.ref)),
            harness=origin.harness,
            session_id=origin.session_id,
            ref=entry.ref,
            version=entry.version,
            content_sha256=entry.content_sha256,
            version_source=VersionSource.DISK,
            provenance=event.provenance,
            modified=self._machine.is_modified(entry),
            user=self._machine.settings.user,
            project=origin.project,
            invoked_at=origin.at,
        )

    def _window(self, event: PreToolUse, invocation: Invocation, link: str) -> JudgmentWindow:
        return JudgmentWindow(
            invocation=invocation,
            home=event.origin.home,
            store_id=self._machine.settings.store_id,
            k=event.origin.judge_window or self._machine.settings.judge_window,
            mode=self._mode(event),
            tool_use_id=event.tool_use_id,
            prompt_id=event.prompt_id,
            agent_id=event.agent_id,
            link=link,
            transcript_path=event.origin.transcript_path,
        )
