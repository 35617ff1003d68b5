"""Which shell commands use an org skill, and which only look like it. No command keeps the worker busy."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.adapters.shell_reads import MAX_READS, SkillRead, skill_reads
from hivemind_skillopt.adapters.shell_words import simple_commands

HOME, CWD = "/home/dev", "/home/dev/project"
ROOT = "/home/dev/.codex/skills"
DEPLOY = SkillRead("deploy--alice", f"{ROOT}/deploy--alice")
REVIEW = SkillRead("review--bob", f"{ROOT}/review--bob")
FILE = f"{DEPLOY.folder}/SKILL.md"

ARMS = {
    f"cat {FILE}": [DEPLOY],
    f"sed -n '1,200p' {FILE}": [DEPLOY],
    f"head -n 40 {FILE} | tail -5": [DEPLOY],
    f"/usr/bin/cat '{FILE}'": [DEPLOY],
    f'nl -ba "{FILE}"': [DEPLOY],
    "cat ~/.codex/skills/deploy--alice/SKILL.md": [DEPLOY],
    'cat "$HOME/.codex/skills/deploy--alice/SKILL.md"': [DEPLOY],
    "cat ${HOME}/.codex/skills/deploy--alice/SKILL.md": [DEPLOY],
    "cat ../.codex/skills/./deploy--alice/SKILL.md": [DEPLOY],
    f"cd {ROOT} && cat deploy--alice/SKILL.md && cat review--bob/SKILL.md 2>/dev/null": [DEPLOY, REVIEW],
    f"cat {FILE} {REVIEW.folder}/SKILL.md {FILE}": [DEPLOY, REVIEW],
    f"cd {DEPLOY.folder}; cat SKILL.md": [DEPLOY],
    f"cd {ROOT}\ncd deploy--alice\nless SKILL.md": [DEPLOY],
    f"(cd {ROOT}/deploy--alice && cat SKILL.md)": [DEPLOY],
    "cd && cat .codex/skills/deploy--alice/SKILL.md": [DEPLOY],
    f"LANG=C sudo -n env A=b command cat {FILE}": [DEPLOY],
    f"time -p cat {FILE}": [DEPLOY],
    f"if [ -f {FILE} ]; then cat {FILE}; fi": [DEPLOY],
    f"pwd || cat {FILE} & wait": [DEPLOY],
    f"cat < {FILE}": [DEPLOY],
    f"echo '# a || b' ; cat {FILE} # for the deploy": [DEPLOY],
    f"cat {FILE} > /dev/null": [DEPLOY],
    f"cat \\\n  {FILE}": [DEPLOY],
    f"cat <<'EOF' > notes.txt\nread it\nEOF\ncat {FILE}": [DEPLOY],
    f"cat <<-EOF\n\tread it\n\tEOF\ncat {FILE}": [DEPLOY],
    f"cat <<< word; cat {FILE}": [DEPLOY],
    f"{DEPLOY.folder}/scripts/run.sh staging": [DEPLOY],
    f"python3 -u {DEPLOY.folder}/scripts/deep/run.py": [DEPLOY],
    f"cd {DEPLOY.folder} && ./scripts/run.sh": [DEPLOY],
    f"bash {DEPLOY.folder}/scripts/run.sh && . {REVIEW.folder}/scripts/env": [DEPLOY, REVIEW],
    f"cat '{ROOT}/my skills/deploy--alice/SKILL.md'": [SkillRead("deploy--alice", f"{ROOT}/my skills/deploy--alice")],
}

DOES_NOT_ARM = [
    f"ls -la {DEPLOY.folder}",
    f"find {ROOT} -name SKILL.md",
    f"rg --files {ROOT}",
    f"grep -rn make {FILE}",
    f"wc -l {FILE}",
    f"git log -- {FILE}",
    f"cp {FILE} /dev/null",
    f"sed -i 's/a/b/' {FILE}",
    f"sed -n -i.bak 1p {FILE}",
    f"sed -Ei 1d {FILE}",
    f"sed --in-place=.bak 1d {FILE}",
    f"echo x >> {FILE}",
    f"cat notes > {FILE}",
    f"cat notes >| {FILE}",
    f"cat notes &>{FILE}",
    f"cat <<EOF > {FILE}\ntext\nEOF",
    f"cat <<'EOF' > script.sh\ncat {FILE}\nEOF\n",
    f"cat <<'EOF'\ncat {FILE}",
    f"cat <<A <<B\nA\ncat {FILE}\nB\n",
    f"python3 -c 'print(1)' {DEPLOY.folder}/scripts/run.py",
    f"echo 'cat {FILE}'",
    f'git commit -m "x; cat {FILE}"',
    f"true # cat {FILE}",
    f"cat {ROOT}/deploy--alice/README.md",
    f"cat {ROOT}/deploy--alice/references/more.md",
    f"cat {ROOT}/deploy/SKILL.md",
    f"cat {ROOT}/Deploy--Alice/SKILL.md",
    f"cat {ROOT}/*/SKILL.md",
    "cat SKILL.md",
    "cat deploy--alice\0/SKILL.md",
    f"ls {DEPLOY.folder}/scripts",
    "",
    "'",
    'cat "',
]


@pytest.mark.parametrize("command", ARMS)
def test_what_arms(command: str) -> None:
    assert skill_reads(command, CWD, HOME) == ARMS[command]


@pytest.mark.parametrize("command", DOES_NOT_ARM)
def test_what_does_not_arm(command: str) -> None:
    assert skill_reads(command, CWD, HOME) == []


def test_a_relative_path_is_resolved_against_the_folder_of_the_command() -> None:
    assert skill_reads("cat SKILL.md", DEPLOY.folder, HOME) == [DEPLOY]
    assert skill_reads("cat deploy--alice/SKILL.md", "", HOME) == []
    assert skill_reads("cd - && cat deploy--alice/SKILL.md", ROOT, HOME) == [
        SkillRead("deploy--alice", f"{ROOT}/-/deploy--alice")
    ]


@pytest.mark.parametrize("written", ["'~/skills'", "'$HOME/skills'", "\\~/skills", "$HOMES/skills", "~bob/skills"])
def test_what_is_quoted_or_unknown_stays_as_it_stands(written: str) -> None:
    (read,) = skill_reads(f"cat {written}/deploy--alice/SKILL.md", CWD, HOME)
    assert read.folder.startswith(f"{CWD}/")


def test_links_are_not_followed() -> None:
    assert skill_reads("cat /proc/self/cwd/deploy--alice/SKILL.md", CWD, HOME) == [
        SkillRead("deploy--alice", "/proc/self/cwd/deploy--alice")
    ]


def test_quotes_of_all_kinds() -> None:
    text = "a'b c'\"d \\\"$HOME\"\\ e '$HOME' ~/x ~user \\~/y >f g"
    assert list(simple_commands(text, "/h")) == [('ab cd "/h e', "$HOME", "/h/x", "~user", "~/y", "g")]


def test_a_command_names_only_so_many_skills() -> None:
    command = "cat " + " ".join(f"/x/a{n}--b/SKILL.md" for n in range(1000))
    assert len(skill_reads(command, CWD, HOME)) == MAX_READS


@given(st.text(alphabet="ac/-\\'\"$HOME~<>|&;()`#\n\t EOF.{}\0é") | st.text())
def test_it_never_raises(command: str) -> None:
    skill_reads(command, CWD, HOME)
    skill_reads(f"cat {command}/deploy--alice/SKILL.md", command, HOME)


HOSTILE = [
    "a",
    "a ",
    "a;",
    "'",
    "''",
    '"',
    '\\"',
    '"\\',
    "\\",
    "\\\n",
    "\n",
    "<<a ",
    "<<a\n",
    "<<a\na\n",
    "<",
    ">",
    "1>",
]
HOSTILE += [
    "1",
    "#",
    "#\n",
    "$HOME",
    "~/",
    "../",
    "cd a;",
    "cat a--b/SKILL.md ",
    "a--",
    "./a--b/scripts/",
    "env ",
    "A=1 ",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("before", ["", "cat ", "bash "])
def test_a_hostile_command_cannot_keep_the_worker_busy(before: str, piece: str) -> None:
    """Four times the text takes about four times the time; were it quadratic, sixteen times."""
    small, large = (_seconds(before + piece * (size // len(piece))) for size in (1 << 14, 1 << 16))
    assert large < 0.05 + 9 * small


def _seconds(command: str) -> float:
    start = time.process_time()
    skill_reads(command, CWD, HOME)
    return time.process_time() - start
