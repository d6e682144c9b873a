"""Many runs at once: those whose time came while nothing ran, and those that a kill cut off, go on at the next start; each
of them, and once."""

import os
import pathlib
import sqlite3
import time

import pytest

from engine import Engine
from waiting import until

NULL = pathlib.Path(os.environ["HIKESHI_BUILD"]) / "tests" / "plugins" / "null.so"
CONFIG = '''return hikeshi { tenants = { main = {
  playbooks = { "many.lua" }, plugins = { null = { file = "%s" } } } } }
''' % NULL
PLAYBOOK = '''return playbook { name = "many", summary = "One of many", on = { category = "network" },
  run = function(alert) %s end }
'''
PATIENCE_S = 300
CALLS_MAX = 64  # HK_PLUGIN_CALLS_MAX


class Many:
    def __init__(self, body):
        self.engine = Engine(CONFIG)
        (self.engine.folder / "many.lua").write_text(PLAYBOOK % body)
        self.engine.start()
        self.token = self.engine.token(service="sensor-1", role="analyst")

    def send(self, count):
        alerts = [{"title": "Many", "category": "network", "severity": "low", "uid": f"uid-{i}",
                   "src": {"ip": f"198.51.{100 + i // 250}.{i % 250}"}} for i in range(count)]
        for at in range(0, count, 500):
            assert self.engine.post("/v1/alerts", self.token, alerts[at:at + 500]).status == 202

    def rows(self, sql):
        db = sqlite3.connect(f"file:{self.engine.data}/ledger.db?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def count(self, what):
        return self.rows(f"SELECT count(*) FROM {what}")[0][0]

    def entries(self, kind):
        """How many entries of that kind each run has."""
        counts = {}
        for line, in self.rows(f"SELECT line FROM entry WHERE line LIKE 'hk1 % {kind} %'"):
            run = line.split(" ")[4]
            counts[run] = counts.get(run, 0) + 1
        return counts

    def all_finish(self, count):
        until(lambda: self.count("run WHERE state = 'finished'") == count, "all runs to finish", PATIENCE_S, 0.1)
        assert set(self.entries("run.finished").values()) == {1}

    def rebuilds(self):
        assert self.engine.stop() == 0
        self.engine.ok("audit", "rebuild", "--check")
        self.engine.ok("audit", "verify")


@pytest.fixture
def many():
    made = []

    def make(body):
        made.append(Many(body))
        return made[-1]
    yield make
    for it in made:
        it.engine.remove()


def test_timers_that_fell_due_meanwhile(many):
    """Two thousand, which is more than are taken up at once, and more than have a state at once."""
    count = 2000
    it = many('wait "15s" act.null.step { text = alert.uid } return { waited = true }')
    it.send(count)
    until(lambda: it.count("run") == count and it.count("run WHERE state = 'running'") == 0, "all to wait", PATIENCE_S, 0.1)
    waiting = it.rows("SELECT run, due_us FROM timer")
    assert it.engine.stop() == 0
    assert waiting
    until(lambda: time.time() * 1e6 > max(due for _, due in waiting), "all to be due")
    it.engine.start()
    it.all_finish(count)
    assert set(it.entries("step.waiting").values()) == {1}
    assert set(it.entries("step.intended").values()) == {1}
    assert set(it.entries("step.settled").values()) == {2}
    assert it.count("timer") == 0
    it.rebuilds()


def test_more_runs_than_may_be_active_are_cut_off(many):
    """Some are in the middle of a call, others have not begun."""
    count = 800
    it = many('act.null.step { text = "a" } act.null.hold({ text = "b" }, { timeout = "5m" }) act.null.step { text = "c" } return { done = true }')
    hold = next(it.engine.data.glob("**/null")) / "hold"
    hold.touch()
    it.send(count)
    until(lambda: it.count("run") == count and list(it.entries("step.intended").values()).count(2) >= CALLS_MAX,
          "as many calls to be held as a plugin is given", PATIENCE_S, 0.1)
    it.engine.process.kill()
    it.engine.process.wait()
    it.engine.process = None
    held = {run for run, intents in it.entries("step.intended").items() if intents == 2}
    hold.unlink()
    it.engine.start()
    it.all_finish(count)
    assert set(it.entries("step.settled").values()) == {3}
    assert set(it.entries("step.intended").values()) == {3}
    repeated = it.entries("step.repeated")
    assert held <= set(repeated) and set(repeated.values()) == {1}
    it.rebuilds()
