"""Pull: bring this machine's harness homes up to the store's heads. And unpull, its inverse."""

from __future__ import annotations

from hivemind_skillopt.pull.alone import pull_alone
from hivemind_skillopt.pull.puller import Puller
from hivemind_skillopt.pull.report import PullReport, Request, UnpullReport
from hivemind_skillopt.pull.unpull import Unpuller

__all__ = ["PullReport", "Puller", "Request", "UnpullReport", "Unpuller", "pull_alone"]
