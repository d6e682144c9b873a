"""Runs that nothing happens to: a great many that wait for a time, and many that were cut off in their fourth step when the
engine was killed. One of each is really run; the rest are copies of its entries under ids of their own (bench_clone)."""

import calendar
import json
import os
import re
import sqlite3
import subprocess
import time

import flow

WAITING = int(os.environ.get("BENCH_FLOW_WAITING", "100000"))
LATE = 1000  # timers that fell due while nothing ran
INTERRUPTED = (1000, 10000)
RUNS_LIVE = "state IN ('running', 'waiting', 'unknown', 'diverged')"
GOAL_ENGINE_MIB = 100
GOAL_READY_S = 5
GOAL_RECOVERED_S = {1000: 0.2, 10000: 2}

WAIT = '''return playbook { name = "flow", summary = "Wait", on = { category = "authentication" },
  run = function(alert)
    wait "30d"
    return { waited = true }
  end }
'''
HELD = '''return playbook { name = "flow", summary = "Five steps", on = { category = "authentication" },
  run = function(alert)
    for i = 1, 5 do act.null[i == 4 and "hold" or "step"] { text = ("0123456789abcdef"):rep(24) } end
  end }
'''


def ledger_of(engine):
    return sqlite3.connect(f"file:{engine.data}/ledger.db?mode=ro", uri=True)


def wait_until(holds, what, pause_s=0.002):
    end = time.monotonic() + flow.PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain until {what}")
        time.sleep(pause_s)


def start_one(engine, entry):
    """One alert, until its run has an entry like this."""
    engine.start()
    client = flow.Client(engine)
    client.send(1)
    wait_until(lambda: client.one("SELECT count(*) FROM entry WHERE line LIKE ?", entry) > 0, f"there is {entry}")
    client.close()


def kill(engine):
    engine.process.kill()
    engine.process.wait()
    engine.process.stderr.close()


def entries_of_one(engine):
    """(seq, line's words, payload) from the newest alert on."""
    db = ledger_of(engine)
    first = db.execute("SELECT max(pos) FROM entry WHERE line LIKE '% alert.received %'").fetchone()[0]
    found = [(pos & (1 << 40) - 1, line.split(" "), json.loads(payload)) for pos, line, payload in
             db.execute("SELECT pos, line, payload FROM entry WHERE pos >= ? ORDER BY pos", (first,))]
    db.close()
    return found


def clone(engine, entries, count, due=None):
    """Append that many copies of it. due: (from, every) in microseconds, where it waits."""
    tokens = {f"id:{line[4]}" for _, line, _ in entries if re.match("(al|ca|ru)-", line[4])}
    for _, line, payload in entries:
        if line[3] == "alert.received":
            tokens |= {f"hex:{payload['dedupe']}", f"ip:{payload['view']['src']['ip']}"}
        elif line[3] == "step.intended":
            tokens.add(f"key:{payload['step']}:{payload['key']}")
        elif line[3] == "step.waiting":
            tokens.add(f"due:{due[0]}:{due[1]}:{payload['due_us']}")
    done = subprocess.run([str(flow.BUILD / "bench" / "bench_clone"), str(engine.data), "main", str(entries[0][0]),
                           str(entries[-1][0]), str(count), *sorted(tokens)], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit("bench_clone failed")
    return json.loads(done.stdout)


def memory_of(engine):
    """RSS and PSS of the engine in MiB."""
    with open(f"/proc/{engine.process.pid}/smaps_rollup", encoding="ascii") as file:
        sizes = dict(re.findall(r"^(\w+): +(\d+) kB", file.read(), re.M))
    return int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024


def count(db, what):
    return db.execute(f"SELECT count(*) FROM {what}").fetchone()[0]


def measure_waiting(folder, engine_in, told):
    engine = flow.make(folder, engine_in, "waiting", WAIT)
    start_one(engine, "% step.waiting %")
    empty_rss, _ = memory_of(engine)
    engine.stop()
    empty_s = engine.start()
    engine.stop()
    entries = entries_of_one(engine)
    entries = entries[:1 + max(i for i, (_, line, _) in enumerate(entries) if line[3] == "step.waiting")]
    size = (engine.data / "ledger.db").stat().st_size
    now_us = time.time_ns() // 1000
    made = clone(engine, entries, WAITING, (now_us + 30 * 86400 * 1000000, 1000))
    told("waiting_runs", WAITING, "runs")
    told("waiting_made", WAITING * made["entries_a_copy"] / made["seconds"], "entries/s")
    told("waiting_bytes_a_run", ((engine.data / "ledger.db").stat().st_size - size) / WAITING, "bytes")
    clone(engine, entries, LATE, (now_us - 3600 * 1000000, 1000))
    begun = time.monotonic()
    ready_s = engine.start()
    told("waiting_start_to_ready", ready_s, "s", ready_s / GOAL_READY_S, f"the goal of {GOAL_READY_S} s (empty: {empty_s:.2f} s)",
         ready_s <= GOAL_READY_S)
    rss, pss = memory_of(engine)
    told("waiting_memory_rss", rss, "MiB", rss / GOAL_ENGINE_MIB, f"the goal of {GOAL_ENGINE_MIB} MiB (empty: {empty_rss:.1f})",
         rss <= GOAL_ENGINE_MIB)
    told("waiting_memory_pss", pss, "MiB")
    db = ledger_of(engine)
    wait_until(lambda: count(db, "run WHERE state = 'finished'") == LATE, "the late ones have gone on")
    told("waiting_late_gone_on", time.monotonic() - begun - ready_s, "s")
    if count(db, "timer") != WAITING + 1:
        raise SystemExit("others have gone on, too")
    db.close()
    rss, pss = memory_of(engine)
    told("waiting_memory_rss_after", rss, "MiB", rss / GOAL_ENGINE_MIB, f"the goal of {GOAL_ENGINE_MIB} MiB",
         rss <= GOAL_ENGINE_MIB)
    engine.stop()


def recover(folder, engine_in, number):
    """Seconds from exec until the engine is ready, until each of so many runs has its fourth step, and its end."""
    engine = flow.make(folder, engine_in, f"recover-{number}", HELD)
    # Copies are not in the index of texts, as they would be: to add them is none of what is measured.
    engine.config.write_text(engine.config.read_text().replace("log_level", "search = false, log_level"))
    engine.start()
    hold = next(engine.data.glob("**/null")) / "hold"
    hold.touch()
    engine.stop()
    start_one(engine, "% step.intended %")
    db = ledger_of(engine)
    wait_until(lambda: count(db, "entry WHERE line LIKE '% step.intended %'") == 4, "it is in its fourth step")
    db.close()
    kill(engine)
    clone(engine, entries_of_one(engine), number - 1)
    hold.unlink()
    begun = time.monotonic()
    ready_s = engine.start()
    db = ledger_of(engine)
    wait_until(lambda: count(db, "run WHERE " + RUNS_LIVE) == 0, "all have ended", 0.005)
    ended_s = time.monotonic() - begun
    if count(db, "run WHERE state = 'finished'") != number:
        raise SystemExit("not all runs have finished")
    settled_s = last_settled_s(db, number)
    db.close()
    engine.stop()
    return ready_s, settled_s, ended_s


def last_settled_s(db, number):
    """From the start's entry to that of the last fourth step, by the times in the record."""
    rows = db.execute("SELECT line FROM entry WHERE line LIKE '% step.settled %' AND payload LIKE '{\"step\":\"3\"%'"
                      " ORDER BY pos").fetchall()
    started = db.execute("SELECT line FROM entry WHERE line LIKE '% engine.started %' ORDER BY pos DESC").fetchone()[0]
    if len(rows) != number:
        raise SystemExit(f"{len(rows)} fourth steps of {number} are settled")
    return (time_of(rows[-1][0]) - time_of(started)) / 1e6


def time_of(line):
    seconds, _, fraction = line.split(" ")[2].rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1000000 + int(fraction.ljust(6, "0"))


def measure_recovery(folder, engine_in, told):
    for number in INTERRUPTED:
        ready_s, settled_s, ended_s = recover(folder, engine_in, number)
        goal = GOAL_RECOVERED_S[number]
        told(f"recovery_{number}_ready", ready_s * 1000, "ms")
        told(f"recovery_{number}_step_four", settled_s, "s", settled_s / goal, f"the goal of {goal} s", settled_s <= goal)
        told(f"recovery_{number}_ended", ended_s, "s")


def measure(folder, engine_in, told):
    measure_recovery(folder, engine_in, told)
    measure_waiting(folder, engine_in, told)
