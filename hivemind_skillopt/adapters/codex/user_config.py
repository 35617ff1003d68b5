"""What the user's `config.toml` says of models, for the run of `codex` as a scorer."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hivemind_skillopt.errors import SettingsError

_SERVER = re.compile(r"[A-Za-z0-9_-]+")
_ENCODING = "utf-8-sig"
"""Codex takes a byte order mark in front (seen with 0.169.0)."""


class _Provider(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    env_key: str = ""
    env_http_headers: dict[str, str] = {}


class UserConfig(BaseModel):
    """The settings that we read; anything else is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    model: str = ""
    model_provider: str = ""
    profile: str = ""
    openai_base_url: str = ""
    chatgpt_base_url: str = ""
    cli_auth_credentials_store: str = ""
    model_providers: dict[str, _Provider] = {}
    mcp_servers: dict[str, object] = {}

    @property
    def is_needed(self) -> bool:
        """Would Codex without this file ask another server, or not be logged in?"""
        return any(
            (
                self.model_provider,
                self.profile,
                self.openai_base_url,
                self.chatgpt_base_url,
                self.cli_auth_credentials_store,
            )
        )

    @property
    def environ(self) -> tuple[str, ...]:
        """The variables that hold the keys of the user's own providers."""
        providers = self.model_providers.values()
        names = {name for provider in providers for name in (provider.env_key, *provider.env_http_headers.values())}
        return tuple(sorted(names - {""}))

    @property
    def nameless_servers(self) -> list[str]:
        """MCP servers whose names `-c` cannot say."""
        return [name for name in self.mcp_servers if not _SERVER.fullmatch(name)]


def read_user_config(home: Path) -> UserConfig:
    """Of that Codex home; an empty one where there is none. Raises SettingsError.

    One that cannot be read may name a provider: without it the conversation would go to another.
    """
    path = home / "config.toml"
    try:
        return UserConfig.model_validate(tomllib.loads(path.read_text(encoding=_ENCODING)))
    except FileNotFoundError:
        return UserConfig()
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path} cannot be read ({_reason(error)}); mend it, then `hivemind-skillopt worker run --now`"
        ) from None


def _reason(error: Exception) -> str:
    """Without what stands there: it may hold keys."""
    match error:
        case OSError():
            return error.strerror or "cannot be opened"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case ValidationError():
            return f"`{error.errors()[0]['loc'][0]}` is of the wrong type"
        case _:
            return "it is not TOML"
