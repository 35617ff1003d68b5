"""The verb `pull`, killed again and again while skills get new versions."""

from __future__ import annotations

import os
from pathlib import Path

from hivemind_skillopt.model import Publication, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.state.manifest import Manifest
from hivemind_skillopt.state.skill_folders import content_sha256
from tests.crash.instants import Killer
from tests.crash.labs import check_swept, crash_lab, environ_of
from tests.crash.nursery import Nursery
from tests.worker.lab import Lab

REFS = tuple(SkillRef(f"skill-{number}", "alice") for number in range(4))


class Skills:
    """Four skills of several files each, and every version of them that there ever was."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.store, self.database = lab, lab.store, lab.database
        self.known: dict[str, set[str]] = {}

    def publish(self, ref: SkillRef, text: str) -> None:
        head = self.store.head(ref)
        skill_md = f"---\nname: {ref}\ndescription: d\n---\n\n{text}\n".encode()
        files = (SkillFile(f"part/{name}.md", f"{name} {text}\n".encode()) for name in "ab")
        folder = SkillFolder((SkillFile("SKILL.md", skill_md), SkillFile("run.sh", text.encode(), True), *files))
        parent = head.content_sha256 if head else None
        self.store.publish(Publication(ref, folder, parent, "alice", self.lab.clock()))
        self.known.setdefault(str(ref), set()).add(folder.content_sha256)

    def check_whole(self) -> None:
        """At any moment: what is linked is some version, whole."""
        root = self.lab.harness_home / "skills"
        for link in root.iterdir():
            if link.name in self.known:
                assert os.path.islink(link)
                assert content_sha256(link.resolve(strict=True)) in self.known[link.name], (
                    f"{link.name} is half a skill"
                )

    def check_pulled(self) -> None:
        """After a whole pull: what is linked is the head, and the manifest says so, once."""
        manifest = Manifest(self.database, self.lab.paths, self.lab.settings.store_id)
        entries = manifest.entries()
        assert len(entries) == len({entry.ref for entry in entries}) == len(self.known) + 1
        for entry in entries:
            head = self.store.head(entry.ref)
            assert head
            assert (entry.version, entry.content_sha256) == (head.version, head.content_sha256)
            assert content_sha256(Path(entry.link).resolve(strict=True)) == head.content_sha256
            assert content_sha256(entry.folder) == head.content_sha256
        assert manifest.recorders_know()
        assert not self.lab.paths.edited.exists(), "something of ours was taken for a person's edit"


def kill_pulls(nursery: Nursery, root: Path, store_url: str, seed: int, kills: int) -> Killer:
    """So many pulls die; after each death comes a new version, and now and then a pull that lives."""
    with crash_lab(root, store_url) as lab:
        skills, killer = Skills(lab), Killer(nursery, "cli", seed, environ_of(lab))
        number = 0
        while killer.deaths() < kills:
            number += 1
            for ref in killer.draw.sample(REFS, killer.draw.randint(1, 3)):
                skills.publish(ref, f"text {number}")
            killer.kill("pull")
            with killer.explained():
                skills.check_whole()
                if killer.draw.random() < 0.5:
                    killer.let_live("pull")
                    skills.check_pulled()
        killer.let_live("pull")
        with killer.explained():
            skills.check_pulled()
            check_swept(lab)
    return killer
