"""The rows of a Codex rollout that tell what was said and run (contract 6), read from the file's end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from hivemind_skillopt.adapters.jsonl_tail import Lenient, lines_from_end, nanoseconds


class Part(Lenient):
    """A piece of what was said."""

    type: str = ""
    text: str = ""


class Item(Lenient):
    """Something that was completed; the fields of all kinds that we read. The same in function and code mode."""

    type: str = ""
    id: str = ""
    content: tuple[Part, ...] = ()
    tool: str = ""
    command: tuple[str, ...] = ()
    aggregated_output: str = ""
    exit_code: int = 0
    status: str = ""

    @property
    def text(self) -> str:
        """What was said."""
        return "\n".join(part.text for part in self.content if part.text)

    @property
    def shell_command(self) -> str:
        """What the shell was given: `["/bin/bash", "-lc", ...]`."""
        return self.command[-1] if self.command else ""

    @property
    def is_ok(self) -> bool:
        """Did the tool do what it was asked?"""
        return self.status == "completed" and self.exit_code == 0


class Payload(Lenient):
    """`item_completed` has an item; a message has a role and what the model was shown."""

    type: str = ""
    turn_id: str = ""
    item: Item | None = None
    role: str = ""
    content: tuple[Part, ...] = ()


class Row(Lenient):
    """One line."""

    type: str = ""
    timestamp: str = ""
    payload: Payload

    @property
    def at(self) -> int:
        """The timestamp in ns; 0 where it is none."""
        return nanoseconds(self.timestamp)

    @property
    def item(self) -> Item:
        """What was completed; an empty one in other rows."""
        completed = self.type == "event_msg" and self.payload.type == "item_completed"
        return (completed and self.payload.item) or Item()

    @property
    def shown(self) -> list[str]:
        """What Codex showed the model as the user's: the prompt, and blocks of its own."""
        is_message = self.type == "response_item" and self.payload.type == "message"
        return [part.text for part in self.payload.content] if is_message and self.payload.role == "user" else []


def rows_from_end(path: Path) -> Iterator[Row]:
    """The rows, last first. Lines that are none (half-written, of an unknown shape) are left out."""
    for line in lines_from_end(path):
        with suppress(ValidationError):
            yield Row.model_validate_json(line)
