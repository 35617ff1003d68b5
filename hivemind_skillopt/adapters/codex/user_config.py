"""What the user's `config.toml` says of models, for the run of `codex` as a scorer."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

_SERVER = re.compile(r"[A-Za-z0-9_-]+")


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
    """Of that Codex home; an empty one where there is none that can be read: Codex itself will say so."""
    try:
        return UserConfig.model_validate(tomllib.loads((home / "config.toml").read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError):
        return UserConfig()
