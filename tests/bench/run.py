"""Measure the engine: prints a table and writes BUILD/bench.json.

Rates are held against a bare SQLite loop that writes identical rows in the same run, since machines differ and drift;
what has no such measure is held against its goal. Everything happens on the loopback and in one folder on the disk,
/var/tmp or the one that BENCH_DIR names, which is removed at the end.

    run.py            all of it
    run.py memory …   only these: ledger, accept, intent, memory, start
"""

import calendar
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("HIKESHI_SOURCE", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("HIKESHI_BUILD", SOURCE / "build"))
HIKESHI = os.environ.get("HIKESHI", str(BUILD / "hikeshi"))
QUICKSTART = SOURCE / "examples" / "quickstart" / "hikeshi.lua"
BARE_CONFIG = 'return hikeshi { tenants = { main = {} }, log_level = "warning" }\n'
MIB = 1024 * 1024
PATIENCE_S = 120
GOAL_RATIO = 0.5
GOAL_ENGINE_MIB = 16
GOAL_READY_MS = 100

results = {}
bare = {}  # rows a second of the bare loop, by rows in one commit


def told(name, value, unit, ratio=None, against=None, goal=None):
    """Keep a figure; goal says whether it is met."""
    results[name] = {"value": round(value, 3) if value < 1000 else round(value), "unit": unit,
                     "ratio": None if ratio is None else round(ratio, 3), "against": against}
    verdict = "" if goal is None else "met" if goal else "MISSED"
    text = "" if ratio is None else f"{ratio:8.2f} of {against}"
    print(f"{name:34} {results[name]['value']:>12} {unit:10} {verdict:7}{text}", flush=True)


# --- the engine ---

class Engine:
    def __init__(self, folder, config):
        self.data = folder / "data"
        self.config = config
        self.process = None

    def start(self):
        """Seconds from exec to ready."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("HIKESHI_")}
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [HIKESHI, "serve", "--data", str(self.data), "--config", str(self.config), "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, env=env)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if line == "ready\n":
                break
        else:
            raise SystemExit("the engine did not start:\n" + "".join(said))
        seconds = time.monotonic() - begun
        self.port = (self.data / "url").read_text().strip().rsplit(":", 1)[1]
        return seconds

    def stop(self):
        self.process.terminate()
        if self.process.wait(PATIENCE_S) != 0:
            raise SystemExit("the engine did not stop cleanly:\n" + self.process.stderr.read())

    def tool(self, *args):
        return subprocess.run([HIKESHI, *args, "--data", str(self.data)], check=True, capture_output=True, text=True,
                              timeout=PATIENCE_S).stdout

    def token(self):
        return self.tool("token", "create", "--service", "bench", "--role", "analyst").split()[-1]

    def load(self, token, connections, per_request, requests, rate=None):
        args = [self.port, token, connections, per_request, requests] + ([rate] if rate else [])
        done = subprocess.run([str(BUILD / "bench" / "load_alerts"), *map(str, args)], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S)
        return json.loads(done.stdout)

    def processes(self):
        """(name, pid) of the engine, its spawner and each plugin process."""
        found = [("engine", self.process.pid)]
        parents = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:
                    continue
                parents.setdefault(int(stat[stat.rindex(")") + 2:].split()[1]), []).append(int(entry.name))
        for spawner in parents.get(self.process.pid, []):
            found.append(("spawner", spawner))
            found += [("plugin", host) for host in parents.get(spawner, [])]
        return found


def engine_in(folder, name, config_text=None):
    own = folder / name
    own.mkdir()
    config = QUICKSTART
    if config_text is not None:
        config = own / "hikeshi.lua"
        config.write_text(config_text)
    return Engine(own, config)


# --- measurements ---

def measure_ledger(folder):
    """Durable entries a second through the ledger's queue, and of the bare loop."""
    own = folder / "ledger"
    own.mkdir()
    process = subprocess.Popen([str(BUILD / "bench" / "bench_ledger"), str(own)], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        figure = json.loads(line)
        rows = int(figure["name"].rsplit("_", 1)[1])
        bare[rows] = float(re.search(r"([0-9.]+)/s", figure["against"]).group(1))
        told(figure["name"], figure["value"], figure["unit"], figure["ratio"], figure["against"],
             figure["ratio"] >= GOAL_RATIO)
    if process.wait() != 0:
        raise SystemExit("bench_ledger failed")


def tell_rate(name, outcome, rows):
    rate = outcome["accepted"] / outcome["seconds"]
    against = bare.get(rows)
    words = against and f"bare SQLite, {rows} a commit, {against:.0f}/s"
    told(name, rate, "alerts/s", against and rate / against, words, against and rate / against >= GOAL_RATIO)
    told(name + "_wait_p99", outcome["p99_us"] / 1000, "ms")
    if outcome["refused"]:
        print(f"{'':34} {outcome['refused']} requests were refused")


def measure_accept(folder):
    """Alerts acknowledged as durable a second; without playbooks, so that one alert is one entry."""
    engine = engine_in(folder, "accept", BARE_CONFIG)
    engine.start()
    token = engine.token()
    engine.load(token, 4, 100, 100)  # warm
    tell_rate("alerts_accepted_batches_100", engine.load(token, 8, 100, 1000), 100)
    tell_rate("alerts_accepted_batches_1000", engine.load(token, 4, 1000, 100), 1000)
    tell_rate("alerts_accepted_singly_1", engine.load(token, 1, 1, 3000), 1)
    tell_rate("alerts_accepted_singly_64", engine.load(token, 64, 1, 30000), 10)
    engine.stop()


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]


def time_of(line):
    """Microseconds, from the time of an entry's line."""
    seconds, _, fraction = line.split(" ")[2].rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1000000 + int(fraction.ljust(6, "0"))


def intents_of(data):
    """Milliseconds from the sending of each alert to its first step.intended, and how many alerts have none."""
    db = sqlite3.connect(f"file:{data}/ledger.db?mode=ro", uri=True)
    routed = db.execute("""
        SELECT json_extract(routed.payload, '$.runs[0].run'), json_extract(received.payload, '$.view.uid')
        FROM entry routed JOIN entry received ON received.pos = routed.prev
        WHERE routed.line LIKE 'hk1 % alert.routed %'""").fetchall()
    first = {}
    for line, in db.execute("SELECT line FROM entry WHERE line LIKE 'hk1 % step.intended %' ORDER BY pos"):
        first.setdefault(line.split(" ")[4], line)
    db.close()
    waits = [(time_of(first[run]) - int(uid.split("-")[0])) / 1000 for run, uid in routed if run in first]
    return waits, len(routed) - len(waits)


def measure_intent(folder):
    """From the sending of an alert to the first intent of its run, with the quickstart's playbooks."""
    for rate in (500, 2000):
        engine = engine_in(folder, f"intent-{rate}")
        engine.start()
        token = engine.token()
        outcome = engine.load(token, 64, 1, rate * 10, rate)
        end = time.monotonic() + PATIENCE_S
        while True:  # until every run has come to its first step
            waits, missing = intents_of(engine.data)
            if missing == 0 or time.monotonic() > end:
                break
            time.sleep(0.5)
        held = outcome["accepted"] / outcome["seconds"]
        told(f"intent_{rate}_rate", held, "alerts/s", held / rate, f"the {rate} a second that were due")
        told(f"intent_{rate}_p50", percentile(waits, 50), "ms")
        told(f"intent_{rate}_p99", percentile(waits, 99), "ms")
        told(f"intent_{rate}_acknowledged_p99", outcome["p99_us"] / 1000, "ms")
        if missing or outcome["refused"]:
            print(f"{'':34} {missing} alerts without an intent, {outcome['refused']} requests refused")
        engine.stop()


def memory_of(pid):
    """RSS and PSS in MiB."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {key: int(value) / 1024 for key, value in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}
    return sizes["Rss"], sizes["Pss"]


def measure_memory(folder):
    """Of every process, at rest after the start, and of the engine after work."""
    engine = engine_in(folder, "memory")
    engine.start()
    plugins = 0
    for name, pid in engine.processes():
        if name == "plugin":
            plugins += 1
            name = f"plugin_{plugins}"
        rss, pss = memory_of(pid)
        is_engine = name == "engine"
        told(f"memory_{name}_rss", rss, "MiB", rss / GOAL_ENGINE_MIB if is_engine else None,
             f"the goal of {GOAL_ENGINE_MIB} MiB" if is_engine else None,
             rss < GOAL_ENGINE_MIB if is_engine else None)
        told(f"memory_{name}_pss", pss, "MiB")
    engine.load(engine.token(), 8, 100, 100)
    rss, pss = memory_of(engine.process.pid)
    told("memory_engine_rss_after_10000", rss, "MiB")
    engine.stop()


def measure_start(folder):
    """From exec to ready, on a folder that has been used before."""
    engine = engine_in(folder, "start")
    engine.start()
    engine.stop()
    times = []
    for _ in range(10):
        times.append(engine.start() * 1000)
        engine.stop()
    median = statistics.median(times)
    told("start_to_ready", median, "ms", median / GOAL_READY_MS, f"the goal of {GOAL_READY_MS} ms",
         median < GOAL_READY_MS)


MEASUREMENTS = {"ledger": measure_ledger, "accept": measure_accept, "intent": measure_intent,
                "memory": measure_memory, "start": measure_start}


def main():
    wanted = sys.argv[1:] or list(MEASUREMENTS)
    for name in wanted:
        if name not in MEASUREMENTS:
            raise SystemExit(f"there is no measurement {name}: {', '.join(MEASUREMENTS)}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hikeshi-bench-", dir=os.environ.get("BENCH_DIR", "/var/tmp")))
    try:
        for name in wanted:
            MEASUREMENTS[name](folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    (BUILD / "bench.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
