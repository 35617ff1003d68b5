"""`python -m hivemind_skillopt` is the CLI."""

from __future__ import annotations

from hivemind_skillopt.cli.main import main

if __name__ == "__main__":
    main()
