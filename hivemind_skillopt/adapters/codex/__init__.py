"""Codex. Facts and recorded payloads: the project's harness contract; seen in 0.169.0."""
