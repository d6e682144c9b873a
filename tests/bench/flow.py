"""The flow that engines for durable execution are compared with: five steps of some 400 bytes, each recorded before and
after, with a plugin that does nothing. At the best number in flight, and alone; held against a bare loop that writes the
same rows in as many commits."""

import http.client
import json
import os
import pathlib
import sqlite3
import subprocess
import time

BUILD = pathlib.Path(os.environ.get("HIKESHI_BUILD", pathlib.Path(__file__).parents[2] / "build"))
NULL = BUILD / "tests" / "plugins" / "null.so"
CONFIG = '''return hikeshi { log_level = "warning", tenants = { main = {
  playbooks = { "flow.lua" }, plugins = { null = { file = "%s" } } } } }
''' % NULL
PLAYBOOK = '''return playbook { name = "flow", summary = "Five steps", on = { category = "authentication" },
  run = function(alert)
    for i = 1, 5 do act.null.step { text = ("%%d 0123456789abcdef"):rep(21):format(%s) } end
  end }
''' % ", ".join(["i"] * 21)
RUNS = int(os.environ.get("BENCH_FLOW_RUNS", "10000"))
ROUNDS = 3
ALONE = 500
STEPS = 5
IN_FLIGHT = (128, 256, 512, 1024, 4096)  # more than have a state at once wait in the engine's line
PATIENCE_S = 120
GOAL_RATIO = 0.7
GOAL_ALONE = 2.5
TICKS = os.sysconf("SC_CLK_TCK")


def make(folder, engine_in, name, playbook=PLAYBOOK):
    engine = engine_in(folder, name, CONFIG)
    (folder / name / "flow.lua").write_text(playbook)
    return engine


def alert(number):
    """About an address of its own, so that each opens a case of its own."""
    return {"title": "Repeated failed logins for one account", "category": "authentication", "severity": "high",
            "uid": f"uid-{number}", "product": "bench",
            "src": {"ip": f"45.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}}


class Client:
    """One connection that alerts are sent on, and a look at the ledger."""

    def __init__(self, engine):
        self.http = http.client.HTTPConnection("127.0.0.1", int(engine.port), timeout=PATIENCE_S)
        self.token = engine.token()
        self.sent = 0
        self.db = sqlite3.connect(f"file:{engine.data}/ledger.db?mode=ro", uri=True)

    def send(self, count):
        alerts = [alert(self.sent + i) for i in range(count)]
        self.sent += count
        self.http.request("POST", "/v1/alerts", json.dumps(alerts if count > 1 else alerts[0]),
                          {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status != 202:
            raise SystemExit(f"alerts were refused: {answer.status} {text[:300]}")

    def one(self, sql, *args):
        return self.db.execute(sql, args).fetchone()[0]

    def last_pos(self):
        return self.one("SELECT max(pos) FROM entry")

    def finished(self):
        return self.one("SELECT count(*) FROM run WHERE state = 'finished'")

    def live(self):
        return self.one("SELECT (SELECT count(*) FROM run WHERE state IN ('running', 'waiting', 'unknown', 'diverged'))"
                        " + (SELECT count(*) FROM alert WHERE state = 'new')")

    def metrics(self):
        self.http.request("GET", "/metrics")
        lines = self.http.getresponse().read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def close(self):
        self.http.close()
        self.db.close()


def cpu_of(engine):
    """Seconds of processor time that each thread of the engine, and each other process, has used."""
    used = {}
    for name, pid in engine.processes():
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            text = (task / "stat").read_text()
            thread = text[text.index("(") + 1:text.rindex(")")]
            fields = text[text.rindex(")") + 2:].split()
            key = thread.split("-")[1] if name == "engine" and thread.startswith("hk-") else \
                "main" if name == "engine" and task.name == str(pid) else name
            used[key] = used.get(key, 0) + (int(fields[11]) + int(fields[12])) / TICKS
    return used


def rows(engine, first_pos, commits):
    """What the bare loop makes of the rows that the ledger has from there on."""
    done = subprocess.run([str(BUILD / "bench" / "bench_rows"), str(engine.data / "ledger.db"), str(first_pos), str(commits),
                           str(engine.data.parent / "bare.db")], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def flow_round(engine, client, in_flight, runs):
    """Runs a second with so many at once, from the first request on until the last end is on disk."""
    batch = min(1000, in_flight // 8)
    first = client.last_pos()
    ended = client.finished()
    before, used = client.metrics(), cpu_of(engine)
    begun = time.monotonic()
    sent = 0
    entries_a_run = 15  # what an alert leaves: received, its case, routed, started, five times two, finished
    while sent < runs:
        written = client.last_pos() - first
        if sent - written / entries_a_run > in_flight - batch:
            time.sleep(0.001)
            continue
        client.send(min(batch, runs - sent))
        sent += min(batch, runs - sent)
    end = begun + PATIENCE_S
    while client.live() > 0:
        if time.monotonic() > end:
            raise SystemExit(f"{client.live()} runs have not ended")
        time.sleep(0.002)
    seconds = time.monotonic() - begun
    after = client.metrics()
    cpu = {name: (value - used.get(name, 0)) / runs * 1e6 for name, value in cpu_of(engine).items()}
    if client.finished() - ended != runs:
        raise SystemExit("not all runs have finished")
    commits = after["hikeshi_ledger_transactions_total"] - before["hikeshi_ledger_transactions_total"]
    bare = rows(engine, first + 1, max(1, round(commits)))
    return {"rate": runs / seconds, "bare": bare["entries_per_s"] / (bare["entries"] / runs),
            "entries": bare["entries"] / runs, "commits": commits / seconds, "cpu": cpu, "in_flight": in_flight,
            "commit_share": (after["hikeshi_ledger_commit_seconds_total"] -
                             before["hikeshi_ledger_commit_seconds_total"]) / seconds}


def measure_many(engine, client, told):
    best = max((flow_round(engine, client, in_flight, max(2000, RUNS // 4)) for in_flight in IN_FLIGHT),
               key=lambda one: one["rate"])
    rounds = [flow_round(engine, client, best["in_flight"], RUNS) for _ in range(ROUNDS)]
    middle = sorted(rounds, key=lambda one: one["rate"] / one["bare"])[ROUNDS // 2]
    told("flow_runs", middle["rate"], "runs/s", middle["rate"] / middle["bare"],
         f"bare SQLite, same rows, as many commits, {middle['bare']:.0f}/s", middle["rate"] / middle["bare"] >= GOAL_RATIO)
    told("flow_steps", middle["rate"] * STEPS, "steps/s")
    told("flow_in_flight", middle["in_flight"], "runs")
    told("flow_entries_a_run", middle["entries"], "entries")
    told("flow_commits", middle["commits"], "commits/s")
    told("flow_commit_share", middle["commit_share"] * 100, "%")
    for name, used in sorted(middle["cpu"].items(), key=lambda item: -item[1]):
        if used >= 1:
            told(f"flow_cpu_{name}", used, "us/run")
    flood = flow_round(engine, client, 1 << 30, RUNS)
    told("flow_flood_runs", flood["rate"], "runs/s", flood["rate"] / flood["bare"],
         f"bare SQLite, same rows, as many commits, {flood['bare']:.0f}/s")


def measure_alone(engine, client, told, percentile):
    """One at a time: from the request to its end on disk, beside the time in which the writer committed."""
    first = client.last_pos()
    before = client.metrics()
    took = []
    for _ in range(ALONE):
        written = client.last_pos()
        begun = time.monotonic()
        client.send(1)
        while not (client.last_pos() > written + 10 and client.live() == 0):
            time.sleep(0.00005)
        took.append((time.monotonic() - begun) * 1000)
    after = client.metrics()
    commits = (after["hikeshi_ledger_transactions_total"] - before["hikeshi_ledger_transactions_total"]) / ALONE
    seconds = (after["hikeshi_ledger_commit_seconds_total"] - before["hikeshi_ledger_commit_seconds_total"]) / ALONE
    bare = rows(engine, first + 1, round(commits * ALONE))
    for percent in (50, 99):
        value, against = percentile(took, percent), commits * bare[f"commit_p{percent}_us"] / 1000
        told(f"flow_alone_p{percent}", value, "ms", value / against,
             f"{commits:.1f} commits of the bare loop, {against:.2f} ms", value / against <= GOAL_ALONE)
    told("flow_alone_commits", commits, "commits")
    told("flow_alone_in_commits", seconds * 1000, "ms")


def measure(folder, engine_in, told, percentile):
    engine = make(folder, engine_in, "flow")
    engine.start()
    client = Client(engine)
    flow_round(engine, client, 128, 1000)  # warm
    measure_alone(engine, client, told, percentile)
    measure_many(engine, client, told)
    client.close()
    engine.stop()
