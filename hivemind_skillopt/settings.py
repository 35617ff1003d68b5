"""The environment and config.toml, read once into one frozen value.

A key of config.toml is the variable's name without its prefix, in small letters:
`HIVEMIND_SKILLOPT_JUDGE_WINDOW` is `judge_window`, `HIVEMIND_ORG_ID` is `org_id`. The environment wins.
"""

from __future__ import annotations

import configparser
import getpass
import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.paths import Paths
from hivemind_skillopt.store_url import is_postgresql, parse_postgres_url

PREFIXES = ("HIVEMIND_SKILLOPT_", "HIVEMIND_")
DEFAULT_ORG = "local"
DEFAULT_WORKSPACE = "default"

AGENT_CLI = "agent_cli"
"""The scorer that is made of the harness's own CLI; all others are offered by plugins, the built-in ones too."""

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"", "0", "false", "no", "off"})

WORKER_GUARD = "HIVEMIND_SKILLOPT_WORKER"
"""Set in the worker and in every process it starts, so that our own agent runs record nothing."""


HIDDEN = "***"
"""Stands for what could be a piece of a password."""

FOR_EVER = 1 << 63
"""ns; a pause without an end."""


class Mode(StrEnum):
    """How far the loop may go by itself, strictest first."""

    OFF = "off"
    OBSERVE = "observe"
    REVIEW = "review"
    AUTO = "auto"

    @property
    def looseness(self) -> int:
        """0 for the strictest."""
        return list(Mode).index(self)


def strictest(*modes: Mode) -> Mode:
    """The strictest of several modes: of the moment of the hook, of now, of the org, of the skill's policy."""
    return min(modes, key=lambda mode: mode.looseness)


@dataclass(frozen=True, slots=True)
class OrgMode:
    """How far the loop may go by itself in the whole org, and who said so when (ns). By nobody: never set."""

    mode: Mode = Mode.AUTO
    set_by: str = ""
    set_at: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent and published. Sources of the numbers: DESIGN 7 and 8; of the shares: decision 0026.

    The shares are of each of the day's three caps on model calls: what one skill, or one session, may take of it.
    """

    judge_calls_per_day: int = 50
    tokens_per_day: int = 2_000_000
    usd_per_day: float = 5.0
    share_per_skill: float = 0.5
    share_per_session: float = 0.25
    publications_per_day: int = 3
    cooldown_seconds: int = 600
    confidence_floor: float = 0.7


@dataclass(frozen=True, slots=True)
class ModelApi:
    """Where an SDK scorer asks, and with which key. '' as base URL: the vendor's own."""

    base_url: str = ""
    api_key: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)

    @property
    def has_key(self) -> bool:
        """Could it be asked?"""
        return bool(self.api_key or self.auth_token)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model is asked. '' as name: the scorer's own choice; as provider: the harness's own."""

    name: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can set. `environ` and `config` keep the raw values, for names built at run time (models).

    `paused_until`: ns since the epoch, 0 where nobody paused.
    """

    paths: Paths
    home: Path
    user: str
    org: str = DEFAULT_ORG
    workspace: str = DEFAULT_WORKSPACE
    store_url: str = ""
    mode: Mode = Mode.AUTO
    disabled: bool = False
    paused_until: int = 0
    attribution: bool = True
    autopull: bool = True
    notice: bool = True
    share_quotes: bool = True
    judge_window: int = 3
    agent: str = ""
    scorer: str = AGENT_CLI
    script: str = ""
    anthropic: ModelApi = ModelApi()
    openai: ModelApi = ModelApi()
    limits: Limits = Limits()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    config: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def store_id(self) -> str:
        """Which org store this is: no credentials, so it may stand in any row or log."""
        return store_id_of(self.environ, self.config)

    def model(self, agent: str, role: str) -> ModelChoice:
        """`HIVEMIND_SKILLOPT_<AGENT>_<ROLE>_MODEL` over `HIVEMIND_SKILLOPT_<AGENT>_MODEL`; `..._PROVIDER` alike.

        Raises SettingsError for a provider without a model: it would ask whatever that provider has as its default.
        """
        prefix = f"HIVEMIND_SKILLOPT_{agent.upper()}"
        name, provider = (
            self.value(f"{prefix}_{role.upper()}_{what}") or self.value(f"{prefix}_{what}")
            for what in ("MODEL", "PROVIDER")
        )
        if provider and not name:
            raise SettingsError(f"{prefix}_PROVIDER is '{provider}', but no model is named; set {prefix}_MODEL too")
        return ModelChoice(name, provider)

    def value(self, name: str) -> str:
        """A setting by its variable's name, or ''. For names that are built at run time."""
        return read_value(name, self.environ, self.config)


def store_id_of(environ: Mapping[str, str], config: Mapping[str, object]) -> str:
    """sha256 over the store's URL without credentials, org and workspace, as these sources name them."""
    url = read_value("HIVEMIND_SKILLOPT_STORE", environ, config)
    org = read_value("HIVEMIND_ORG_ID", environ, config)
    workspace = read_value("HIVEMIND_WORKSPACE_ID", environ, config)
    parts = (without_credentials(url), org or DEFAULT_ORG, workspace or DEFAULT_WORKSPACE)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def without_credentials(url: str) -> str:
    """A store's URL as it may be shown: no user, no password, and of the query only what says which database it is.

    Raises SettingsError.
    """
    if is_postgresql(url):
        return str(parse_postgres_url(url))
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SettingsError("HIVEMIND_SKILLOPT_STORE is no URL; quote special characters of the password") from None
    if not parts.scheme or "://" not in url:
        return ""
    if "@" in parts.path and parts.scheme != "sqlite":  # a password with a slash in it
        return f"{parts.scheme}://{HIDDEN}"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def read_value(name: str, environ: Mapping[str, str], config: Mapping[str, object]) -> str:
    """The environment's value, else config.toml's, else ''."""
    if environ.get(name, "").strip():
        return environ[name].strip()
    value = config.get(config_key(name), "")
    return str(value).lower() if isinstance(value, bool) else str(value)


def config_key(name: str) -> str:
    """`HIVEMIND_SKILLOPT_MODE` -> `mode`."""
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix).lower()
    return name.lower()


def load_settings(environ: Mapping[str, str] | None = None, config: Mapping[str, object] | None = None) -> Settings:
    """Read the environment and config.toml. Raises SettingsError with the name of what is wrong.

    `config`: what config.toml may hold soon, to see whether it could be used.
    """
    env = dict(os.environ if environ is None else environ)
    state_dir = env.get("HIVEMIND_SKILLOPT_STATE_DIR", "").strip()
    if state_dir and not state_dir.startswith("/"):
        raise SettingsError(f"HIVEMIND_SKILLOPT_STATE_DIR is '{state_dir}'; use an absolute path")
    paths = Paths.locate(state_dir)
    return _from_sources(env, read_config(paths.config_file) if config is None else config, paths)


def settings_with(config: Mapping[str, object], name: str) -> Settings:
    """As they would be with this config.toml, without the environment's own value of `name`. Raises SettingsError."""
    environ = {key: value for key, value in os.environ.items() if key != name}
    settings = load_settings(environ, config)
    _ = settings.store_id
    return settings


def bare_settings() -> Settings:
    """Where things lie, and the defaults: for what must work although a setting cannot be used."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HIVEMIND_")}
    state_dir = os.environ.get("HIVEMIND_SKILLOPT_STATE_DIR", "").strip()
    return _from_sources(env, {}, Paths.locate(state_dir if state_dir.startswith("/") else ""))


def read_config(path: Path) -> dict[str, object]:
    """config.toml, or {} when there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def _from_sources(env: Mapping[str, str], config: Mapping[str, object], paths: Paths) -> Settings:
    def text(name: str, default: str = "") -> str:
        return read_value(name, env, config) or default

    def flag(name: str, default: str) -> bool:
        return parse_flag(name, text(name, default))

    home = _home(env)
    return Settings(
        paths=paths,
        home=home,
        user=slug(text("HIVEMIND_USER") or _git_user(home) or _login_name()),
        org=text("HIVEMIND_ORG_ID", DEFAULT_ORG),
        workspace=text("HIVEMIND_WORKSPACE_ID", DEFAULT_WORKSPACE),
        store_url=text("HIVEMIND_SKILLOPT_STORE", f"sqlite:///{paths.store_db}"),
        mode=_mode(text("HIVEMIND_SKILLOPT_MODE", "auto")),
        disabled=flag("HIVEMIND_SKILLOPT_DISABLED", "0"),
        paused_until=paused_until(paths.disabled),
        attribution=flag("HIVEMIND_SKILL_ATTRIBUTION", "1"),
        autopull=not flag("HIVEMIND_AUTOPULL_DISABLED", "0"),
        notice=flag("HIVEMIND_SKILLOPT_NOTICE", "1"),
        share_quotes=flag("HIVEMIND_SKILLOPT_SHARE_QUOTES", "1"),
        judge_window=_positive("HIVEMIND_SKILLOPT_JUDGE_WINDOW", text("HIVEMIND_SKILLOPT_JUDGE_WINDOW", "3")),
        agent=text("HIVEMIND_SKILLOPT_AGENT"),
        scorer=text("HIVEMIND_SKILLOPT_SCORER", AGENT_CLI),
        script=text("HIVEMIND_SKILLOPT_SCRIPT"),
        anthropic=ModelApi(text("ANTHROPIC_BASE_URL"), text("ANTHROPIC_API_KEY"), text("ANTHROPIC_AUTH_TOKEN")),
        openai=ModelApi(text("OPENAI_BASE_URL"), text("OPENAI_API_KEY")),
        limits=_limits(env, config),
        environ=env,
        config=config,
    )


def paused_until(file: Path) -> int:
    """The end of the pause that the file `disabled` means (ns); 0 without it. The recorder reads it alike."""
    try:
        text = file.read_bytes().strip()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    return int(text) if text.isdigit() and len(text) < 20 else FOR_EVER


def _limits(env: Mapping[str, str], config: Mapping[str, object]) -> Limits:
    def number(name: str, default: float) -> float:
        full = f"HIVEMIND_SKILLOPT_{name}"
        return _number(full, read_value(full, env, config) or str(default))

    def count(name: str, default: int) -> int:
        return _whole(f"HIVEMIND_SKILLOPT_{name}", number(name, default))

    def share(name: str, default: float) -> float:
        return _at_most_one(f"HIVEMIND_SKILLOPT_{name}", number(name, default))

    base = Limits()
    return Limits(
        judge_calls_per_day=count("MAX_JUDGE_CALLS_PER_DAY", base.judge_calls_per_day),
        tokens_per_day=count("MAX_TOKENS_PER_DAY", base.tokens_per_day),
        usd_per_day=number("MAX_USD_PER_DAY", base.usd_per_day),
        share_per_skill=share("MAX_SHARE_PER_SKILL", base.share_per_skill),
        share_per_session=share("MAX_SHARE_PER_SESSION", base.share_per_session),
        publications_per_day=count("MAX_PUBLICATIONS_PER_DAY", base.publications_per_day),
        cooldown_seconds=count("COOLDOWN_SECONDS", base.cooldown_seconds),
        confidence_floor=share("CONFIDENCE_FLOOR", base.confidence_floor),
    )


def slug(text: str) -> str:
    """A user or skill name as a ref part: `[a-z0-9]+(-[a-z0-9]+)*`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "someone"


def parse_flag(name: str, text: str) -> bool:
    """Yes or no, in the usual words. Raises SettingsError for any other."""
    if text.lower() not in YES | NO:
        raise SettingsError(f"{name} is '{text}'; use 1 or 0")
    return text.lower() in YES


def _mode(text: str) -> Mode:
    try:
        return Mode(text.lower())
    except ValueError:
        known = ", ".join(Mode)
        raise SettingsError(f"HIVEMIND_SKILLOPT_MODE is '{text}'; use one of {known}") from None


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"{name} is '{text}'; use a number") from None
    if not 0 <= value < 1e15:
        raise SettingsError(f"{name} is '{text}'; use a number that is not negative")
    return value


def _at_most_one(name: str, value: float) -> float:
    if value > 1:
        raise SettingsError(f"{name} is '{value:g}'; use a number from 0 to 1")
    return value


def _whole(name: str, value: float) -> int:
    if not value.is_integer():
        raise SettingsError(f"{name} is '{value:g}'; use a whole number")
    return int(value)


def _positive(name: str, text: str) -> int:
    value = _whole(name, _number(name, text))
    if value < 1:
        raise SettingsError(f"{name} is '{text}'; use a number of at least 1")
    return value


def _home(env: Mapping[str, str]) -> Path:
    """HOME, else what the system has for this user."""
    try:
        return Path(env.get("HOME") or Path.home())
    except RuntimeError:
        raise SettingsError("HOME is not set, and the system knows no home of this user; set HOME") from None


def _git_user(home: Path) -> str:
    """The local part of the user's git email: one person has one name on a machine, whatever the project says."""
    parser = configparser.ConfigParser(strict=False, allow_no_value=True, interpolation=None)
    try:
        parser.read([home / ".config" / "git" / "config", home / ".gitconfig"], encoding="utf-8")
        email = parser.get("user", "email", fallback="") or ""
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ""
    return email.strip().strip('"').partition("@")[0]


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "someone"
