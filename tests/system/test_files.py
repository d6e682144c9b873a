"""Files that somebody else writes: each line is in the ledger once, whatever happens to the files and to the engine.

A writer appends lines and rotates its file as logrotate does, by rename and by copytruncate, while the engine is killed
again and again. copytruncate loses what is written between the copy and the truncation, in every reader and before any
reader: so the writer pauses there, and nowhere else.
"""

import collections
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import threading

import pytest

import waiting
from engine import HIKESHI, Engine

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
CRASH = str(BUILD / "hikeshi-crash")  # ends itself at the point that HIKESHI_CRASH names
ROUNDS = 12
CONFIG = """return hikeshi { tenants = {
  main = { sources = { eve = { kind = "file", path = "%s" %s } } },
  other = { sources = { eve = { kind = "file", path = "%s" } } },
} }
"""


class Logs:
    """A folder of logs, and who writes to it."""

    def __init__(self, folder, seed=None):
        self.folder = folder / "logs"
        self.folder.mkdir()
        self.path = self.folder / "eve.json"
        self.random = random.Random(seed)
        self.written = []
        self.rotations = 0

    def line(self):
        number = len(self.written)
        line = json.dumps({"title": f"line {number}", "uid": f"uid-{number}", "severity": "low",
                           "note": "x" * self.random.choice([0, 10, 300])})
        self.written.append(line)
        return line + "\n"

    def append(self, count):
        with open(self.path, "a") as file:
            for _ in range(count):
                line = self.line()
                cut = self.random.randrange(len(line)) if self.random.random() < 0.2 else 0
                file.write(line[:cut])
                file.flush()  # half a line is there for a moment
                file.write(line[cut:])
                file.flush()

    def shift(self):
        for number in range(self.rotations, 0, -1):
            (self.folder / f"eve.json.{number}").rename(self.folder / f"eve.json.{number + 1}")
        self.rotations += 1

    def rename(self):
        with open(self.path, "a") as file:  # the writer is told to open the new one only later
            self.shift()
            self.path.rename(self.folder / "eve.json.1")
            self.path.touch()
            file.write(self.line())

    def copytruncate(self):
        self.shift()
        shutil.copyfile(self.path, self.folder / "eve.json.1")
        os.truncate(self.path, 0)

    def step(self):
        what = self.random.random()
        if what < 0.06:
            self.rename()
        elif what < 0.12 and self.path.exists():
            self.copytruncate()
        self.append(self.random.randrange(1, 60))


@pytest.fixture
def site():
    it = Engine("")
    it.logs = Logs(it.folder, seed=int.from_bytes(os.urandom(4), "big"))
    (it.folder / "nothing").mkdir()

    def configure(pattern, more=""):
        it.config.write_text(CONFIG % (it.logs.folder / pattern, more, it.folder / "nothing" / "eve.json"))
    it.configure = configure
    try:
        yield it
    finally:
        it.remove()


def lines_of(data, tenant=1):
    """What stands in the ledger, each alert's bytes with how often."""
    db = sqlite3.connect(f"file:{data}/ledger.db?mode=ro", uri=True)
    rows = db.execute("SELECT payload FROM entry WHERE pos >> 40 = ? AND (line LIKE 'hk1 % alert.received %'"
                      " OR line LIKE 'hk1 % alert.merged %')", (tenant,)).fetchall()
    db.close()
    return collections.Counter(json.loads(payload)["raw"] for payload, in rows)


def all_are_there(site):
    found = lines_of(site.data)
    missing = [line for line in site.logs.written if line not in found]
    return not missing


def check(site):
    """Every line once, nothing else, and a record that verifies."""
    found = lines_of(site.data)
    expected = collections.Counter(site.logs.written)
    assert not {line: count for line, count in found.items() if count != expected[line]}
    assert not expected - found
    assert not lines_of(site.data, tenant=2)
    for command in (["audit", "verify"], ["audit", "rebuild", "--check"]):
        assert json.loads(site.ok(*command, "--json"))["ok"] is True


def test_each_line_once(site):
    site.configure("eve.json*")
    site.start()
    for _ in range(40):
        site.logs.step()
    waiting.until(lambda: all_are_there(site), "all lines", poll_s=0.2)
    assert site.stop() == 0
    check(site)


def launch(site, crash):
    env = site.environment()
    if crash:
        env["HIKESHI_CRASH"] = crash
    return subprocess.Popen([CRASH if crash else HIKESHI, "serve", "--data", site.data, "--config", site.config,
                             "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env=env)


def test_each_line_once_across_kills(site):
    """Killed at random moments and at the points around a commit, while lines come and files are rotated."""
    site.configure("eve.json*")
    ended = threading.Event()

    def write():
        while not ended.is_set():
            site.logs.step()
            ended.wait(0.01)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(ROUNDS):
            point = [None, "ledger.before_commit", "ledger.after_commit", "accepted"][number % 4]
            count = site.logs.random.randrange(2, 25)
            process = launch(site, point and f"{point}:{count}")
            before = len(site.logs.written)
            if point is None:
                waiting.until(lambda: len(site.logs.written) > before + count * 20, "lines to be written")
                process.send_signal(signal.SIGKILL)
            assert process.wait(60) == -signal.SIGKILL
    finally:
        ended.set()
        writer.join()
    site.start()
    waiting.until(lambda: all_are_there(site), "all lines", poll_s=0.2)
    assert site.stop() == 0
    check(site)
    assert len(site.logs.written) > 1000 and site.logs.rotations > 3


def test_rotated_out_of_the_pattern(site):
    """What a rename takes out of the pattern is read to its end, also when it happens while nothing runs."""
    site.configure("eve.json")
    site.start()
    site.logs.append(50)
    waiting.until(lambda: all_are_there(site), "the first lines")
    site.logs.rename()
    site.logs.append(50)
    waiting.until(lambda: all_are_there(site), "the lines of both files")
    site.logs.append(20)
    assert site.stop() == 0
    site.logs.append(20)
    site.logs.rename()
    site.logs.append(20)
    site.start()
    waiting.until(lambda: all_are_there(site), "the lines of the time without an engine")
    assert site.stop() == 0
    check(site)


def test_begin_at_the_end(site):
    site.configure("eve.json", ', start = "end"')
    site.logs.append(50)
    old = len(site.logs.written)
    site.start()
    waiting.until(lambda: cursors(site) >= 2, "the place to be kept")
    site.logs.append(50)
    waiting.until(lambda: sum(lines_of(site.data).values()) == 50, "the new lines")
    site.logs.written = site.logs.written[old:]
    assert site.stop() == 0
    check(site)


def cursors(site):
    db = sqlite3.connect(f"file:{site.data}/ledger.db?mode=ro", uri=True)
    count = db.execute("SELECT count(*) FROM cursor WHERE tenant = 1").fetchone()[0]
    db.close()
    return count
def test_a_line_without_end_and_a_long_one(site):
    site.configure("eve.json")
    with open(site.logs.path, "w") as file:
        file.write("x" * 1000000 + "\n" + site.logs.line() + '{"title": "half')
    site.start()
    waiting.until(lambda: all_are_there(site), "the line behind the long one")
    found = [json.loads(text) if text[0] == '"' else text for text in lines_of(site.data)]
    assert sorted(len(text) for text in found)[-1] == 128 * 1024
    assert len(found) == 2
    alerts = site.document("alert", "list", "--tenant", "main")["items"]
    views = [site.document("alert", "show", one["id"], "--tenant", "main") for one in alerts]
    assert sorted(bool(view["view"].get("cut")) for view in views) == [False, True]
    with open(site.logs.path, "a") as file:
        file.write('"}\n')
    site.logs.written.append('{"title": "half"}')
    waiting.until(lambda: all_are_there(site), "the line that got its end")
    assert site.stop() == 0


def test_what_is_no_alert_is_passed_over(site):
    """Suricata's file holds all that it saw; the rest of it moves the cursor and nothing else."""
    site.configure("eve.json")
    seen = {"timestamp": "2026-11-22T00:00:00.000000+0000", "flow_id": 1, "src_ip": "203.0.113.9",
            "dest_ip": "192.0.2.1", "proto": "TCP"}
    event = seen | {"event_type": "alert", "alert": {"signature": "ET SCAN", "signature_id": 1, "severity": 1,
                                                     "category": "Attempted Information Leak", "action": "allowed"}}
    with open(site.logs.path, "w") as file:
        for number in range(1000):
            file.write(json.dumps(seen | {"event_type": "flow", "flow_id": number}) + "\n")
        file.write(json.dumps({"timestamp": seen["timestamp"], "event_type": "stats", "stats": {}}) + "\n")
        file.write(json.dumps(event) + "\n")
    site.start()
    site.logs.written.append(json.dumps(event))
    waiting.until(lambda: all_are_there(site), "the alert")
    check(site)
    shown = site.document("source", "list", "--tenant", "main")["items"][0]
    assert (shown["counts"]["messages"], shown["counts"]["ignored"], shown["counts"]["alerts"]) == (1002, 1001, 1)
    assert site.stop() == 0
    site.start()
    site.logs.append(1)
    waiting.until(lambda: all_are_there(site), "the next line")
    assert site.document("source", "list", "--tenant", "main")["items"][0]["counts"]["messages"] == 1
    assert site.stop() == 0
