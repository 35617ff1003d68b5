"""Agent skills that get better from being used.

Nothing is imported here: a harness's hook process runs this file too (see `recorder.py`).
"""

__version__ = "0.1.0"
