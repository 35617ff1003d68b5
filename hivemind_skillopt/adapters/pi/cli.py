"""pi as a scorer: headless, no tools, no extensions, no session left behind (contract 6)."""

from __future__ import annotations

from pathlib import Path

from hivemind_skillopt.adapters.failure import failure
from hivemind_skillopt.adapters.pi.named_variables import named_variables
from hivemind_skillopt.adapters.pi.payload import HARNESS
from hivemind_skillopt.harness import Command, Completed
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question, UnusableAnswer

OWN_ENVIRON = (
    "PI_CODING_AGENT_DIR",
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_BASE_URL",
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_BASE_URL",
    "AZURE_OPENAI_RESOURCE_NAME", "AZURE_OPENAI_API_VERSION", "AZURE_OPENAI_DEPLOYMENT_NAME_MAP",
    "GEMINI_API_KEY", "GOOGLE_CLOUD_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_APPLICATION_CREDENTIALS", "GROQ_API_KEY", "CEREBRAS_API_KEY", "XAI_API_KEY", "OPENROUTER_API_KEY",
    "AI_GATEWAY_API_KEY", "ZAI_API_KEY", "MISTRAL_API_KEY", "MINIMAX_API_KEY", "KIMI_API_KEY", "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY", "TOGETHER_API_KEY", "HF_TOKEN", "OPENCODE_API_KEY", "COPILOT_GITHUB_TOKEN",
    "AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
)  # fmt: skip
"""Where pi's providers look for their keys, and what moves pi's own folder."""

QUIET = (("PI_OFFLINE", "1"), ("PI_TELEMETRY", "0"), ("PI_SKIP_VERSION_CHECK", "1"))
"""No look for updates; calls of the model are made all the same (seen)."""


class PiCli:
    """The argv and the reading of its answer. Tested against the real program."""

    name = HARNESS
    program = "pi"
    tool_free = True

    def __init__(self, named: tuple[str, ...] = ()) -> None:
        self._named = named

    def at(self, home: Path) -> PiCli:
        """With the variables that the user's own providers need."""
        return PiCli(named_variables(home))

    def command(self, question: Question) -> Command:
        """The prompt goes by stdin: as an argument, an `@` in front would name a file.

        Options that only newer versions know would be an error. An empty appended prompt keeps the user's own
        APPEND_SYSTEM.md out.
        """
        argv = [
            self.program, "-p", "--no-tools", "--no-session", "--no-extensions", "--no-skills",
            "--no-prompt-templates", "--no-context-files", "--no-themes", "--offline",
            "--system-prompt", question.system, "--append-system-prompt", "",
        ]  # fmt: skip
        if question.model:
            argv += ["--model", "/".join(filter(None, (question.provider, question.model)))]
        return Command(tuple(argv), question.prompt, (*OWN_ENVIRON, *self._named), QUIET)

    def answer(self, completed: Completed) -> Answer:
        """Text mode, because the JSON mode ends with code 0 whatever happened. Silence is a failure, too."""
        usage = Usage(self.name, "")
        if completed.returncode != 0:
            raise UnusableAnswer(f"pi: {failure(_reason(completed))}", usage)
        if not completed.stdout.strip():
            raise UnusableAnswer("pi gave an empty answer", usage)
        return Answer(completed.stdout, usage)


def _reason(completed: Completed) -> str:
    """What it says first, warnings left out: advice with paths follows."""
    lines = (line for line in completed.stderr.splitlines() if line.strip() and not line.startswith("Warning"))
    return next(lines, f"ended with code {completed.returncode}")
