"""`config get`, `config set`, `config unset`: the settings, and config.toml with its comments kept."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click
import tomlkit
from tomlkit.exceptions import TOMLKitError

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, print_table, say, tilde
from hivemind_skillopt.cli.setting_checks import refuse_what_is_not_there
from hivemind_skillopt.cli.setting_names import NAMES, Known, find_name
from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.settings import HIDDEN, Settings, config_key, settings_with, without_credentials
from hivemind_skillopt.state.files import write_atomically


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it counts now, and where it comes from: environment, config.toml or default."""

    name: str
    value: str
    source: str
    meaning: str


@click.group("config", short_help="Read and change settings.")
def command() -> None:
    """Every setting is an environment variable or a line of config.toml; the environment wins."""


@command.command("get", short_help="Show all settings, or one.")
@click.argument("name", required=False)
@as_json
def get(name: str | None, as_json: bool) -> None:
    """Show all settings, or one: by its variable (HIVEMIND_SKILLOPT_MODE) or its key in config.toml (mode)."""
    settings = Context().settings
    names = [find_name(name)] if name else list(NAMES)
    found = [_setting(settings, one) for one in names]
    if as_json:
        print_json([{"name": s.name, "key": config_key(s.name), "value": s.value, "source": s.source} for s in found])
    elif name:
        say(found[0].value)
    else:
        print_table(("setting", "meaning"), [_row(setting) for setting in found])
        say(f"config.toml: {tilde(settings.paths.config_file, settings)}")


@command.command("set", short_help="Write one into config.toml.")
@click.argument("name")
@click.argument("value")
@dry_run
@as_json
def set_(name: str, value: str, dry_run: bool, as_json: bool) -> None:
    """Write a setting into config.toml, if it can be used. Comments and other lines stay as they are.

    VALUE - is read from standard input: a key then stands in no shell history.
    """
    text = sys.stdin.readline().strip() if value == "-" else value
    _change(find_name(name), text, as_json=as_json, dry_run=dry_run)


@command.command("unset", short_help="Take one out of config.toml.")
@click.argument("name")
@dry_run
@as_json
def unset(name: str, dry_run: bool, as_json: bool) -> None:
    """Take a setting out of config.toml; its default counts again."""
    _change(find_name(name), None, as_json=as_json, dry_run=dry_run)


def _change(name: str, value: str | None, *, as_json: bool, dry_run: bool) -> None:
    """Also mends a file whose settings cannot be used now."""
    context = Context()
    context.fall_back()
    path = context.settings.paths.config_file
    text = _changed(path.read_bytes().decode() if path.exists() else "", config_key(name), value)
    soon = Context()
    soon.settings = settings_with(tomlkit.parse(text).unwrap(), name)
    refuse_what_is_not_there(name, soon)
    if not dry_run:
        context.made_folders.note(*context.settings.paths.folders)
        write_atomically(path.resolve(), text.encode())
    overridden = bool(context.settings.environ.get(name, "").strip())
    if as_json:
        print_json({"name": name, "key": config_key(name), "overridden": overridden, "dry_run": dry_run})
        return
    done = ("set" if value is not None else "unset") if not dry_run else "would change"
    say(f"{done} {config_key(name)} in {tilde(path, context.settings)}")
    if overridden:
        say(f"the environment variable {name} is set too, and wins here", "yellow")


def _changed(text: str, key: str, value: str | None) -> str:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise SettingsError(f"config.toml cannot be read: {error}; mend it first") from None
    if value is None:
        document.pop(key, None)
    else:
        document[key] = _typed(value)
    return tomlkit.dumps(document)


def _typed(value: str) -> bool | int | float | str:
    """A number or a truth value as TOML has it; anything else is text."""
    if value in ("true", "false"):
        return value == "true"
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        if str(number) == value:
            return number
    return value


def _setting(settings: Settings, name: str) -> Setting:
    set_here, in_file = settings.environ.get(name, "").strip(), config_key(name) in settings.config
    source = "environment" if set_here else "config.toml" if in_file else "default"
    known = NAMES.get(name, Known("", "a model of that agent"))
    value = settings.value(name) if source != "default" else known.default
    return Setting(name, _shown(name, value, known), source, known.meaning)


def _shown(name: str, value: str, known: Known) -> str:
    """No credentials: of what is no URL nothing is shown that could be one's password."""
    if name == "HIVEMIND_SKILLOPT_STORE" or name.endswith("_BASE_URL"):  # either may hold a password
        return without_credentials(value) or (HIDDEN if "@" in value else value)
    return HIDDEN if known.secret and value else value


def _row(setting: Setting) -> tuple[str, str]:
    source = "" if setting.source == "default" else f"  ({setting.source})"
    return f"{config_key(setting.name)} = {setting.value}{source}", setting.meaning
