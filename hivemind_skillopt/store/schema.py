"""The tables of the org store.

Times are nanoseconds since the epoch, but for the columns of the original system (`created_at`, `updated_at`,
`creation_date`, `last_update_date`): those are ISO-8601 UTC text. Nullable columns that no code names are the
original's and stay NULL.

`change`: the org's change number (`org_changes`), taken in the transaction that wrote the row. Whoever knows all rows
up to a number asks for later ones only.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

schema_migrations = Table(
    "schema_migrations",
    metadata,
    Column("name", Text, primary_key=True),
)

org_changes = Table(
    "org_changes",
    metadata,
    Column("org", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

skills = Table(
    "skills",
    metadata,
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("project", Text),
    Column("project_key", Text),
    Column("local_path", Text),
    Column("install", Text),
    Column("source_sessions", Text),
    Column("source_agent", Text),
    Column("scope", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("contributors", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("trigger_text", Text),
    Column("body", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("parent_sha256", Text),
    Column("parent_version", BigInteger),
    Column("published_by", Text, nullable=False),
    Column("proposal_id", Text),
    Column("reverts_version", BigInteger),
    Column("reaction_id", Text),
    Column("invocation_id", Text),
    Column("change", BigInteger, nullable=False),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "name", "author", "version", name="skills_one_child"),
    UniqueConstraint("org", "proposal_id", name="skills_one_per_proposal"),
    UniqueConstraint("org", "reaction_id", name="skills_one_per_reaction"),
    UniqueConstraint("org", "invocation_id", name="skills_one_per_invocation"),
    Index("skills_by_change", "org", "change", unique=True),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
)

skill_files = Table(
    "skill_files",
    metadata,
    Column("org", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("path", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("sha256", Text, ForeignKey("blobs.sha256"), nullable=False),
    PrimaryKeyConstraint("org", "name", "author", "version", "path"),
    ForeignKeyConstraint(
        ["org", "name", "author", "version"], ["skills.org", "skills.name", "skills.author", "skills.version"]
    ),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("message_embedding", Text),
    Column("author", Text, nullable=False),
    Column("mime_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("project", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("plugin_version", Text, nullable=False),
    Column("creation_date", Text, nullable=False),
    Column("last_update_date", Text, nullable=False),
    Column("org", Text, nullable=False),
    PrimaryKeyConstraint("org", "id"),
    Index("sessions_newest", "org", "description", "creation_date"),
)

invocations = Table(
    "invocations",
    metadata,
    Column("org", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("harness", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("version", BigInteger),
    Column("content_sha256", Text),
    Column("version_source", Text, nullable=False),
    Column("provenance", Text, nullable=False),
    Column("modified", Boolean, nullable=False),
    Column("user", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("invoked_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("org", "id"),
    Index("invocations_newest", "org", "invoked_at"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("org", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("invocation_id", Text, nullable=False),
    Column("reaction_ids", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("version", BigInteger),
    Column("content_sha256", Text),
    Column("version_source", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("quote", Text),
    Column("prompt_version", Integer, nullable=False),
    Column("usage", Text),
    Column("judged_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("org", "id"),
    Index("verdicts_newest", "org", "judged_at"),
    Index("verdicts_of_skill", "org", "name", "author", "judged_at"),
)

proposals = Table(
    "proposals",
    metadata,
    Column("org", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("parent_version", BigInteger, nullable=False),
    Column("parent_sha256", Text, nullable=False),
    Column("invocation_id", Text, nullable=False),
    Column("reaction_id", Text, nullable=False),
    Column("verdict_id", Text, nullable=False),
    Column("edits", Text, nullable=False),
    Column("root_cause", Text, nullable=False),
    Column("generality", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("checks", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("usage", Text),
    Column("not_before", BigInteger),
    Column("status_reason", Text, nullable=False),
    Column("published_version", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    Index("proposals_newest", "org", "proposed_at"),
    Index("proposals_of_skill", "org", "name", "author", "proposed_at"),
)

annotation_table = Table(
    "annotations",
    metadata,
    Column("org", Text, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("invocation_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("annotated_by", Text, nullable=False),
    Column("annotated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("org", "change"),
    UniqueConstraint("org", "id", name="annotations_once"),
    Index("annotations_of_invocation", "org", "invocation_id", "change"),
)
"""Not `annotations`: that name is the `__future__` import's."""

org_modes = Table(
    "org_modes",
    metadata,
    Column("org", Text, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("mode", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("org", "change"),
)

policies = Table(
    "policies",
    metadata,
    Column("org", Text, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("org", "change"),
    Index("policies_of_skill", "org", "name", "author", "change"),
)
