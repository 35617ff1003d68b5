"""A team of simulated machines on one PostgreSQL, with faults injected: the parts of `bench/team.py`."""
