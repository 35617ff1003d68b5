"""A JSON schema in the dialect that Codex demands of the model: OpenAI's strict one; any other is refused with a 400.

Each object names all its properties as required and allows no others; defaults and limits are unknown there. What may
be null says so by its type, and the answer's limits are checked when it is read.
"""

from __future__ import annotations

STRUCTURE = frozenset(("$defs", "$ref", "type", "properties", "items", "anyOf", "enum", "description"))
NAMED = frozenset(("$defs", "properties"))
"""What stands below these are names, not keywords."""


def strict(schema: object) -> object:
    """The same shape."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _named(value) if key in NAMED else strict(value) for key, value in schema.items() if key in STRUCTURE}
    if isinstance(properties := kept.get("properties"), dict):
        kept |= {"required": list(properties), "additionalProperties": False}
    return kept


def _named(schemas: object) -> object:
    return {name: strict(schema) for name, schema in schemas.items()} if isinstance(schemas, dict) else schemas
