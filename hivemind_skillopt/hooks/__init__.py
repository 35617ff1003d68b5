"""The pluggy hooks: their specification, the manager, and the built-in behaviours."""
