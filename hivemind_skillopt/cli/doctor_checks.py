"""The checks of `doctor`, each a function of the patient."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from hivemind_skillopt import __version__
from hivemind_skillopt.adapters.built_in import BuiltInOffers
from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.doctor_hooks import try_hooks
from hivemind_skillopt.cli.harness_file import launcher_text, read_harness_file, why_silent
from hivemind_skillopt.cli.harness_program import HarnessProgram
from hivemind_skillopt.cli.output import shown_store, tilde
from hivemind_skillopt.errors import HarnessError, SkillOptError, StateUnavailable
from hivemind_skillopt.harness import HarnessAdapter, HookProbe
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.model import SECOND
from hivemind_skillopt.state.inbox_size import is_full
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.log import last_worker_failure
from hivemind_skillopt.state.skill_folders import content_sha256
from hivemind_skillopt.store.inspection import State, look
from hivemind_skillopt.store_url import is_postgresql

AGAIN = "run `hivemind-skillopt install`"

GONE = "the plugin that has its adapter is broken or gone; mend it, or install it again"

LATE = 3600 * SECOND
"""ns. A recorded event that waits longer has no worker."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, and a sentence with what to do."""

    level: Level
    check: str
    message: str

    def facts(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Place:
    """One harness home, and its files that have our hooks."""

    adapter: HarnessAdapter
    home: Path
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at. `sick`: why state.db cannot be used, then there are no installs either."""

    context: Context
    installs: tuple[Install, ...]
    broken_plugins: Mapping[str, str]
    sick: str

    @classmethod
    def of(cls, context: Context) -> Patient:
        """Every plugin is loaded and asked for what it offers; nothing is created."""
        broken: dict[str, str] = {}

        def on_failure(plugin: str, error: Exception) -> None:
            broken[plugin] = f"{type(error).__name__}: {error}"

        context.hooks = Hooks((BuiltInOffers(),), on_failure)
        context.hooks.load_third_parties()
        _ = context.adapters
        context.hooks.scorers(context.settings)
        context.hooks.gate_checks()
        installs, sick = _read_installs(context)
        return cls(context, installs, broken, sick)

    def places(self) -> list[Place]:
        """Where our hooks are: as recorded, or where state.db is no help, in this environment's harnesses."""
        adapters = self.context.adapters
        if self.installs:
            return [
                Place(adapters[one.harness], Path(one.home), tuple(Path(file.path) for file in one.files))
                for one in self.installs
                if one.harness in adapters
            ]
        environ, launcher = self.context.settings.environ, str(self.context.settings.paths.launcher)
        routes = [(one, one.home(environ), route) for one in adapters.values() for route in one.routes]
        places = [Place(one, home, one.hook_files(home, route)) for one, home, route in routes]
        return [place for place in places if any(launcher in (read_harness_file(file) or "") for file in place.files)]

    def show(self, path: Path | str) -> str:
        """With `~` for the home."""
        return tilde(path, self.context.settings)


def _read_installs(context: Context) -> tuple[tuple[Install, ...], str]:
    if not context.settings.paths.state_db.exists():
        return (), "nothing is installed"
    try:
        damage = context.database.damage()
        return tuple(context.installs.all()), damage
    except StateUnavailable as error:
        return (), str(error)


Findings = Iterator[Finding]
Check = Callable[[Patient], Findings]


def check_settings(context: Context) -> Finding:
    """config.toml and the environment. Where they cannot be used, the others go on with the defaults."""
    if failure := context.fall_back():
        return Finding(Level.FAIL, "settings", f"{failure}; until then the worker does nothing")
    settings = context.settings
    if settings.disabled:
        return Finding(Level.WARN, "settings", "off: HIVEMIND_SKILLOPT_DISABLED is set, no hook records anything")
    if settings.paused_until > context.clock():
        return Finding(Level.WARN, "settings", "paused, no hook records anything; `hivemind-skillopt resume` ends it")
    return Finding(Level.OK, "settings", f"mode {settings.mode}, {settings.user} in org {settings.org}")


def check_program(_: Patient) -> Findings:
    """Which one is speaking."""
    yield Finding(Level.OK, "program", f"hivemind-skillopt {__version__}, python {platform.python_version()}")


def check_plugins(patient: Patient) -> Findings:
    """Third parties that could not be loaded, or offer nonsense."""
    for plugin, why in patient.broken_plugins.items():
        yield Finding(Level.FAIL, "plugins", f"{plugin} is left out: {why}; mend or uninstall it")


def check_state(patient: Patient) -> Findings:
    """The state directory and state.db."""
    paths = patient.context.settings.paths
    if not paths.state_db.exists():
        yield Finding(Level.FAIL, "state", f"nothing is installed; {AGAIN}")
        return
    try:
        with tempfile.TemporaryFile(dir=paths.state):
            pass
    except OSError as error:
        yield Finding(Level.FAIL, "state", f"{patient.show(paths.state)} cannot be written: {error.strerror}; mend it")
    if patient.sick:
        yield Finding(Level.FAIL, "state", patient.sick)
    else:
        yield Finding(Level.OK, "state", f"{patient.show(paths.state)} can be written, state.db is sound")


def check_launcher(patient: Patient) -> Findings:
    """What every hook runs."""
    launcher = patient.context.settings.paths.launcher
    shown, pythons = patient.show(launcher), {install.python for install in patient.installs}
    if not launcher.exists() and not patient.installs:
        return
    if why := why_silent(launcher, patient.show):
        yield Finding(Level.FAIL, "launcher", f"{why}, so every hook is silent; {AGAIN}")
    elif launcher.read_bytes() == launcher_text(patient.context.home_variables()).encode():
        yield Finding(Level.OK, "launcher", f"{shown} runs this environment")
    elif pythons <= {sys.executable}:
        yield Finding(Level.WARN, "launcher", f"{shown} was made by another version; {AGAIN}")
    else:
        other = patient.show(Path(min(pythons - {sys.executable})).parent.parent)
        yield Finding(Level.WARN, "launcher", f"the hooks run another environment ({other}); to run this one {AGAIN}")


def check_hooks(patient: Patient) -> Findings:
    """Are they where the harness looks, does it run hooks at all, and does each really fire?"""
    places = patient.places()
    if not patient.installs and not places and patient.context.settings.paths.state_db.exists():
        yield Finding(Level.FAIL, "hooks", f"no harness has our hooks; {AGAIN}")
    for harness in dict.fromkeys(install.harness for install in patient.installs):
        if harness not in patient.context.adapters:
            yield Finding(Level.FAIL, harness, f"its hooks record what nobody can read: {GONE}")
    for place in places:
        try:
            yield from _check_place(patient, place)
        except (SkillOptError, OSError) as error:
            yield Finding(Level.FAIL, place.adapter.title, str(error))


def _check_place(patient: Patient, place: Place) -> Findings:
    adapter = place.adapter
    if off := adapter.switched_off(place.home):
        yield Finding(Level.FAIL, adapter.title, f"no hook runs: {off}; remove that")
    texts = {file: read_harness_file(file) for file in place.files}
    for file in [file for file, text in texts.items() if text is None]:
        yield Finding(Level.FAIL, adapter.title, f"{patient.show(file)} is gone; {AGAIN}")
    there = {file: text for file, text in texts.items() if text is not None}
    if len(there) < len(texts):
        return
    yield from _fire(patient, adapter, there)
    if not off:
        yield _ask(patient, place)


def _ask(patient: Patient, place: Place) -> Finding:
    """The harness itself, whether it runs them."""
    adapter, settings = place.adapter, patient.context.settings
    try:
        why = adapter.untrusted(place.home, settings.paths.launcher, HarnessProgram(settings, adapter, place.home))
    except HarnessError as error:
        return Finding(Level.WARN, adapter.title, f"nobody knows whether it runs them: {error}")
    if why:
        return Finding(Level.FAIL, adapter.title, f"no hook runs: {why}")
    return Finding(Level.OK, adapter.title, adapter.trust)


def _fire(patient: Patient, adapter: HarnessAdapter, texts: Mapping[Path, str]) -> Findings:
    """Each command exactly as it stands there. `check_launcher` says when none of them can do anything."""
    settings = patient.context.settings
    launcher = settings.paths.launcher
    for file, text in texts.items():
        adapter.with_hooks(file, text, launcher)  # raises where the harness would ignore the file
    probes = adapter.hook_probes(texts, launcher, "doctor--hivemind-skillopt")
    there = [probe for probe in probes if probe.command]
    for problem in _absent(patient, probes, texts):
        yield Finding(Level.FAIL, adapter.title, f"{problem}; {AGAIN}")
    if why_silent(launcher, patient.show):
        return
    problems = try_hooks(adapter, there, settings.environ, all_there=len(there) == len(probes))
    for problem in problems:
        yield Finding(Level.FAIL, adapter.title, problem)
    if len(there) == len(probes) and not problems:
        hooks = len({probe.command for probe in there})  # one may be tried twice
        yield Finding(Level.OK, adapter.title, f"all {hooks} hooks fire, and the worker takes in what they record")


def _absent(patient: Patient, probes: Sequence[HookProbe], texts: Mapping[Path, str]) -> Iterator[str]:
    """Hooks that are not there; one sentence where those that are there run the launcher of another place."""
    launcher, shown = patient.context.settings.paths.launcher, " or ".join(map(patient.show, texts))
    absent = [probe.event for probe in probes if not probe.command]
    if absent and len(absent) == len(probes) and not any(str(launcher) in text for text in texts.values()):
        yield f"no hook in {shown} runs {patient.show(launcher)}"
        return
    for event in absent:
        yield f"the hook for {event} is not in {shown}"


def check_store(patient: Patient) -> Findings:
    """Does it answer, and is its schema ours?"""
    settings = patient.context.settings
    shown, facts = shown_store(settings), look(settings.store_url, settings.org)
    if not facts.usable:
        yield Finding(Level.FAIL, "store", f"{shown}: {facts.problem}")
    elif facts.state is State.NOT_MADE:
        yield Finding(Level.OK, "store", f"{shown} is not there yet; the first push makes it")
    elif facts.problem:
        yield Finding(Level.OK, "store", f"{shown} answers; {facts.problem}")
    else:
        server = f" ({facts.server})" if is_postgresql(settings.store_url) else ""
        yield Finding(Level.OK, "store", f"{shown} answers{server}, its schema is up to date")


def check_work(patient: Patient) -> Findings:
    """What the worker met: failures of the last sync and pull, jobs that gave up, files that cannot be read."""
    problems = [*_waiting(patient), *(() if patient.sick else _failures(patient))]
    for problem in problems:
        yield Finding(Level.WARN, "worker", problem)
    if not problems and not patient.sick:
        yield Finding(Level.OK, "worker", "nothing failed, nothing waits too long")


def _waiting(patient: Patient) -> Iterator[str]:
    context = patient.context
    aside, late = context.inbox.set_aside_count(), context.inbox.older_than(context.clock() - LATE)
    if aside:
        yield f"{aside} recorded event(s) could not be read; see `log`"
    if is_full(context.settings.paths.inbox_blocks):
        yield "the inbox is full (64 MiB): hooks record nothing more until a worker takes it in; see `worker run`"
    if late:
        yield f"{late} recorded event(s) wait for over an hour; see `worker run`"


def _failures(patient: Patient) -> Iterator[str]:
    context = patient.context
    for name in ("sync", "pull"):
        if failure := context.notes.get(f"{name}_failure"):
            yield f"the last {name} failed: {failure}"
    if why := last_worker_failure(context.settings.paths.log, int(context.notes.get("last_worker_run") or 0)):
        yield f"the last worker gave up: {why}"
    if gave_up := context.jobs.failures():
        yield f"{len(gave_up)} job(s) gave up, the last one: {gave_up[0].last_error}"


def check_skills(patient: Patient) -> Findings:
    """Do the links lead where the manifest says, to what was pulled?"""
    if patient.sick:
        return
    entries, sound = patient.context.manifest.everywhere(), 0
    for entry in entries:
        link, folder = patient.show(entry.link), Path(entry.folder)
        if not os.path.lexists(entry.link) or not folder.is_dir():
            yield Finding(Level.WARN, "skills", f"{link} leads nowhere; run `hivemind-skillopt pull {entry.ref}`")
        elif os.path.realpath(entry.link) != os.path.realpath(folder):
            yield Finding(Level.WARN, "skills", f"{link} is not the link that pull made, so the loop leaves it alone")
        elif content_sha256(folder) != entry.content_sha256:
            yield Finding(Level.WARN, "skills", f"{link} was edited here, so it is never judged; push your change")
        else:
            sound += 1
    if sound == len(entries):
        yield Finding(Level.OK, "skills", f"{sound} pulled, all as they came")
