"""Model backends, and the two roles that are asked of them: judge and proposer."""
