"""How our SQLite files are opened."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

WRITER = """
import sys, time
from pathlib import Path
from hivemind_skillopt.sqlite_engine import sqlite_engine
path = Path(sys.argv[1])
first = sqlite_engine(path)
with first.begin() as connection:
    connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
held = first.connect()
held.exec_driver_sql("SELECT 1").all()
held.rollback()
sqlite_engine(path)
with first.begin() as connection:
    connection.exec_driver_sql("INSERT INTO t VALUES (1)")
print("written", flush=True)
sys.stdin.readline()
with first.begin() as connection:
    connection.exec_driver_sql("INSERT INTO t VALUES (2)")
print("again", flush=True)
time.sleep(60)
"""


def rows(path: Path) -> int:
    """As another process's reader, which may be the last one to close the file."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1])\n"
        "print(c.execute('SELECT count(*) FROM t').fetchone()[0]); c.close()"
    )
    return int(subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True).stdout)


def test_a_second_engine_of_one_process_does_not_drop_the_first_ones_locks(tmp_path: Path) -> None:
    """POSIX locks go with ANY close of the file in a process; another process then removed the write-ahead log."""
    path = tmp_path / "x.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdin is not None
    assert writer.stdout.readline() == "written\n"
    assert rows(path) == 1
    writer.stdin.write("\n")
    writer.stdin.flush()
    assert writer.stdout.readline() == "again\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT count(*) FROM t").fetchone()[0]
    connection.close()
    assert found == 2
    assert os.stat(path).st_mode & 0o777 == 0o600
