"""A Codex rollout for tests."""

from __future__ import annotations

import json
from pathlib import Path


class Writer:
    """Writes rows as the real ones are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def row(self, kind: str, payload: dict[str, object], seconds: int = 0) -> None:
        time = f"2026-11-21T02:00:{seconds:02}.000Z"
        with self.path.open("a") as file:
            file.write(json.dumps({"timestamp": time, "type": kind, "payload": payload}) + "\n")

    def item(self, turn: str, seconds: int = 0, **item: object) -> None:
        self.row("event_msg", {"type": "item_completed", "turn_id": turn, "item": item}, seconds)

    def human(self, text: str, turn: str = "t1", seconds: int = 0) -> None:
        self.item(turn, seconds, type="UserMessage", content=[{"type": "text", "text": text}])

    def command(self, command: str, output: str, tool: str = "c1", code: int = 0) -> None:
        status = "failed" if code else "completed"
        shell = ["/bin/bash", "-lc", command]
        self.item(
            "t1", type="CommandExecution", id=tool, command=shell, aggregated_output=output, exit_code=code,
            status=status,
        )  # fmt: skip

    def shown(self, text: str) -> None:
        content = [{"type": "input_text", "text": text}]
        self.row("response_item", {"type": "message", "role": "user", "content": content})
