"""Behaviour: a human's prompt is a reaction to every window that was open before it."""

from __future__ import annotations

from hivemind_skillopt.events import UserPromptSubmit
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.hooks.specs import hookimpl
from hivemind_skillopt.judgment_window import Closed, JudgmentWindow, is_acknowledgement
from hivemind_skillopt.model import Reaction
from hivemind_skillopt.settings import Mode, strictest


class QueueReaction:
    """Count it in each window; queue it for the judge unless it only acknowledges."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @hookimpl
    def user_prompt_submit(self, event: UserPromptSubmit) -> None:
        """Take the reaction into the session's open windows; afterwards the marker tells the truth."""
        origin = event.origin
        for window in self._machine.windows.open_in(origin.harness, origin.session_id):
            current = window.expire(origin.at)
            if strictest(origin.mode, self._machine.settings.mode) is Mode.OFF:
                current = current.close(Closed.MODE_OFF)
            elif not event.only_invokes and current.takes(event.prompt_id, window.moment(origin.at)):
                current = self._take(current, event)
            if current.superseded_by:
                current = current.close(Closed.INVOKED_AGAIN)
            if current != window:
                self._machine.windows.save(current)
        self._machine.put_right_marker(origin.harness, origin.session_id)

    def _take(self, window: JudgmentWindow, event: UserPromptSubmit) -> JudgmentWindow:
        judged = not is_acknowledgement(event.words)
        reaction = Reaction(event.reaction_id, window.invocation.id, event.origin.at, event.text)
        if not self._machine.jobs.add_reaction(reaction, judged=judged):
            return window
        what = "reaction_queued" if judged else "reaction_skipped"
        self._machine.log.write(what, ref=str(window.invocation.ref), reaction=event.reaction_id)
        return window.accept()
