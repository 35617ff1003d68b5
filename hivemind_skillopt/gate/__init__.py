"""The gate: checks without a model between a proposal and its publication."""
