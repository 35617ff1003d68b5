"""hivemind-skillopt in Hermes: records which org skill was used and what was typed next, and starts the worker.

Hermes runs this in its own process, on the thread of the turn. So: the standard library only, nothing that waits,
nothing that is returned, and no exception leaves, SystemExit (which would end the run) included. The inbox file is
written by our own recorder, found through the launcher that `hivemind-skillopt install` keeps up to date; where that
or the package is gone, nothing happens at all.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import sys
import threading

LAUNCHER = "@LAUNCHER@"

EVENTS = {
    "on_session_start": "SessionStart",
    "post_tool_call": "PreToolUse",
    "pre_llm_call": "UserPromptMention",
}
"""Hermes' name of what is recorded, and the recorder's."""

TOOLS = ("skill_view", "read_file", "terminal")
"""The tools that can read a skill."""

KEPT = ("success", "name", "skill_dir", "file")
"""What is kept of a skill_view's result: its text lies in state.db, too."""

ARGUMENTS = ("path", "command", "workdir")
"""What is kept of a tool's arguments."""

MAX_SESSIONS = 1000
"""Sessions remembered at most: a gateway runs for weeks."""

MAX_DEPTH = 16
"""Sub-agents of sub-agents that are followed to the session of the human."""

MAX_SEARCHED = 256 << 10
"""Characters in which the name of a skill is looked for: the turn waits."""


def register(ctx):
    """Called by Hermes when it loads the plugin."""
    try:
        bridge = Bridge(*_environment())
        for name in (*EVENTS, "subagent_start"):
            ctx.register_hook(name, _silent(getattr(bridge, name)))
    except BaseException:
        pass


def _silent(callback):
    def called(**seen):
        try:
            callback(seen)
        except BaseException:
            pass

    return called


def _environment():
    """The interpreter and the package's folder, as the launcher's last command names them."""
    with open(LAUNCHER, encoding="utf-8") as file:
        words = shlex.split(file.read())
    at = words.index("-I")
    return words[at - 1], os.path.join(words[at + 4], "hivemind_skillopt")


class Bridge:
    """Hermes' hooks. Tools of one message run in parallel: what is remembered is changed under a lock."""

    def __init__(self, python, package):
        self._python = python
        self._recorder = _module(package, "recorder")
        self._launch = _module(package, "launch")
        self._lock = threading.Lock()
        self._parents = {}
        self._typed = {}
        self._workers = []

    def on_session_start(self, seen):
        """A sub-agent's session is part of its parent's."""
        if seen.get("platform") != "subagent":
            self._record("on_session_start", seen, [], {"platform": seen.get("platform")})

    def subagent_start(self, seen):
        """Whose child it is: what it uses counts for the session of the human."""
        child, parent = seen.get("child_session_id"), seen.get("parent_session_id")
        if child and parent and isinstance(child, str) and isinstance(parent, str):
            with self._lock:
                self._remember(self._parents, child, parent)

    def post_tool_call(self, seen):
        """After the call: before it nobody knows whether there is such a skill."""
        tool = seen.get("tool_name")
        if tool not in TOOLS or seen.get("status") != "ok" or not seen.get("session_id") or _is_review():
            return
        extra = {name: seen.get(name) for name in ("tool_call_id", "turn_id", "status")}
        extra["result"] = _shortened(seen.get("result")) if tool == "skill_view" else ""
        given = seen.get("args") or {}
        kept = {name: given[name] for name in ARGUMENTS if isinstance(given.get(name), str)}
        self._record("post_tool_call", seen, [*kept.values(), extra["result"]], extra, tool_name=tool, tool_input=kept)

    def pre_llm_call(self, seen):
        """A prompt. /retry, which takes the last one back, uses its skills again, but nobody typed it."""
        session, text = seen.get("session_id"), seen.get("user_message")
        if seen.get("platform") == "subagent" or not isinstance(text, str) or _is_review():
            return
        told = hash(text), _length(seen.get("conversation_history"))
        with self._lock:
            again = self._typed.get(session) == told
            self._remember(self._typed, session, told)
        extra = {name: seen.get(name) for name in ("turn_id", "platform", "user_message")}
        self._record("pre_llm_call", seen, [text], {**extra, "again": again})

    def _remember(self, table, key, value):
        if len(table) >= MAX_SESSIONS:
            table.clear()
        table[key] = value

    def _record(self, name, seen, told, extra, **more):
        """In the form in which Hermes tells its shell hooks. `told`: the texts that may name a skill."""
        if not self._can_work() or sum(map(len, told)) > self._recorder.MAX_STDIN:
            return
        session, agent = self._humans(str(seen.get("session_id")))
        payload = {"session_id": session, "agent_id": agent, "hook_event_name": name, "cwd": _cwd(), **more}
        data = json.dumps({**payload, "extra": extra}, ensure_ascii=False, default=str).encode("utf-8", "replace")
        if len(data) <= self._recorder.MAX_STDIN:
            searched = "\n".join(told)[:MAX_SEARCHED]
            self._take(EVENTS[name], data, session.encode("utf-8", "replace"), searched.encode("utf-8", "replace"))

    def _can_work(self):
        """Is there a launcher, and an interpreter for the worker? Else nobody would read what is recorded."""
        return os.path.exists(LAUNCHER) and os.access(self._python, os.X_OK)

    def _humans(self, session):
        """The session of the human, and the sub-agent's own or ''."""
        agent = ""
        for _ in range(MAX_DEPTH):
            parent = self._parents.get(session, session)
            if parent == session:
                break
            session, agent = parent, agent or session
        return session, agent

    def _take(self, event, data, session, told):
        recorder = self._recorder
        state = recorder.state_dir(os.path.dirname(LAUNCHER))
        if recorder.is_off(state, event):
            return
        try:
            if recorder.record(state, "hermes", event, data, ["HERMES_HOME"], session=session, told=told):
                self._start_worker(state)
        except Exception as error:
            recorder.log_failure(state, event, error)

    def _start_worker(self, state):
        """Hermes may run for long: workers that have ended are waited for, so that none stays a zombie."""
        pid = self._launch.start_for_event(state, self._python)
        with self._lock:
            self._workers = [*filter(_is_running, self._workers), *filter(None, [pid])]


def _module(package, name):
    """A file of ours, without the package: its dependencies are not in this environment."""
    spec = importlib.util.spec_from_file_location(f"_hivemind_skillopt_{name}", os.path.join(package, f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _is_review():
    """Does Hermes' own review of the session run on this thread? Nobody typed its prompt or asked for its calls."""
    provenance = sys.modules.get("tools.skill_provenance")
    return provenance is not None and provenance.get_current_write_origin() == "background_review"


def _length(history):
    """The same words typed twice stand in a longer one each time. Of an unknown one no two are the same."""
    return len(history) if isinstance(history, list) else object()


def _shortened(result):
    """What a skill_view says of itself, without the skill's text."""
    told = json.loads(result)
    return json.dumps({name: told[name] for name in KEPT if name in told})


def _cwd():
    try:
        return os.getcwd()
    except OSError:
        return ""


def _is_running(pid):
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False
