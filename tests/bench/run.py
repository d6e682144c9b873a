"""Measure the engine: prints a table and writes BUILD/bench.json.

Rates are held against a bare SQLite loop that writes identical rows right after, since machines differ and drift; the
middle one of several rounds counts. What has no such measure is held against its goal. Everything happens on the
loopback and in one folder on the disk, /var/tmp or the one that BENCH_DIR names, which is removed at the end.

    run.py            all of it
    run.py memory …   only these: ledger, record, accept, intent, syslog, drop, tell, pages, search, flow,
                      waits, tls, memory, start, parts
"""

import calendar
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import drop
import flow
import pages
import search
import tell
import tls_cost
import waits

SOURCE = pathlib.Path(os.environ.get("HIKESHI_SOURCE", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("HIKESHI_BUILD", SOURCE / "build"))
HIKESHI = os.environ.get("HIKESHI", str(BUILD / "hikeshi"))
QUICKSTART = SOURCE / "examples" / "quickstart" / "hikeshi.lua"
BARE_CONFIG = 'return hikeshi { tenants = { main = {} }, log_level = "warning" }\n'
MIB = 1024 * 1024
PATIENCE_S = 120
ROUNDS = 5
GOAL_RATIO = 0.5
GOAL_ALONE = 2.5  # times the disk's own
GOAL_ENGINE_MIB = 16
GOAL_READY_MS = 100

results = {}


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

    def start(self, said=None):
        """Seconds from exec to ready. said gets what the engine said."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("HIKESHI_")}
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [HIKESHI, "serve", "--data", str(self.data), "--config", str(self.config), "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, env=env)
        said = [] if said is None else said
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
    """Durable entries a second through the ledger's queue, and of the bare loop; and how long one alone takes."""
    own = folder / "ledger"
    own.mkdir()
    process = subprocess.Popen([str(BUILD / "bench" / "bench_ledger"), str(own)], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        figure = json.loads(line)
        told(figure["name"], figure["value"], figure["unit"], figure["ratio"], figure["against"],
             figure["ratio"] <= GOAL_ALONE if "alone" in figure["name"] else figure["ratio"] >= GOAL_RATIO)
    if process.wait() != 0:
        raise SystemExit("bench_ledger failed")


def measure_record(folder):
    """What must not grow with the record: start-up, proofs; verification beside a loop that hashes lines."""
    own = folder / "record"
    own.mkdir()
    entries = os.environ.get("BENCH_RECORD_ENTRIES", "100000")
    process = subprocess.Popen([str(BUILD / "bench" / "bench_record"), entries, str(own)], stdout=subprocess.PIPE,
                               text=True)
    goals = {"verify": lambda figure: figure["ratio"] >= GOAL_RATIO, "start": lambda figure: figure["ratio"] <= 2,
             "proof_size": lambda figure: figure["ratio"] <= 1, "proof_p50": lambda figure: figure["value"] <= 5}
    for line in process.stdout:
        figure = json.loads(line)
        goal = goals.get(figure["name"].removeprefix("record_").rpartition("_")[0])
        told(figure["name"], figure["value"], figure["unit"], figure["ratio"], figure["against"],
             goal and goal(figure))
    if process.wait() != 0:
        raise SystemExit("bench_record failed")


def figures_of(engine):
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.port}/metrics", timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def bare_loop(data, place, first_pos, batch):
    """Rows a second of a loop that writes the entries from first_pos on, and their alerts, into the same tables."""
    path = place / "bare.db"
    source = sqlite3.connect(f"file:{data}/ledger.db?mode=ro", uri=True)
    schema = [sql for sql, in source.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")]
    entries = source.execute("SELECT * FROM entry WHERE pos >= ? ORDER BY pos", (first_pos,)).fetchall()
    alerts = source.execute("SELECT * FROM alert WHERE last >= ? ORDER BY last", (first_pos,)).fetchall()
    source.close()
    db = sqlite3.connect(path, isolation_level=None)
    for sql in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA cache_size = -2048", *schema]:
        db.execute(sql)
    into = [f"INSERT INTO {table} VALUES({','.join('?' * len(rows[0]))})"
            for table, rows in (("entry", entries), ("alert", alerts))]
    begun = time.monotonic()
    for at in range(0, len(entries), batch):
        db.execute("BEGIN IMMEDIATE")
        db.executemany(into[0], entries[at:at + batch])
        db.executemany(into[1], alerts[at:at + batch])
        db.execute("COMMIT")
    seconds = time.monotonic() - begun
    db.close()
    for file in place.glob("bare.db*"):
        file.unlink()
    return len(entries) / seconds


def accept_round(engine, token, connections, per_request, requests, batch):
    """One load and, right after it, the bare loop over the rows that it left."""
    before = figures_of(engine)
    db = sqlite3.connect(f"file:{engine.data}/ledger.db?mode=ro", uri=True)
    first_pos = db.execute("SELECT max(pos) + 1 FROM entry").fetchone()[0]
    db.close()
    outcome = engine.load(token, connections, per_request, requests)
    if outcome["refused"]:
        raise SystemExit(f"{outcome['refused']} requests were refused")
    after = figures_of(engine)
    if batch is None:  # as many as the engine itself put into one commit
        commits = after["hikeshi_ledger_transactions_total"] - before["hikeshi_ledger_transactions_total"]
        batch = max(1, round(outcome["accepted"] / commits))
    against = bare_loop(engine.data, engine.data.parent, first_pos, batch)
    rate = outcome["accepted"] / outcome["seconds"]
    return {"rate": rate, "ratio": rate / against, "against": against, "batch": batch, "p99": outcome["p99_us"] / 1000}


def measure_accept(folder):
    """Alerts acknowledged as durable a second; without playbooks, so that one alert is one entry."""
    engine = engine_in(folder, "accept", BARE_CONFIG)
    engine.start()
    token = engine.token()
    engine.load(token, 4, 100, 100)  # warm
    for name, connections, per_request, requests, batch in (
            ("batches_100", 8, 100, 300, 100), ("batches_1000", 4, 1000, 30, 1000),
            ("singly_1", 1, 1, 2000, 1), ("singly_64", 64, 1, 15000, None)):
        rounds = [accept_round(engine, token, connections, per_request, requests, batch) for _ in range(ROUNDS)]
        middle = sorted(rounds, key=lambda one: one["ratio"])[ROUNDS // 2]
        told(f"alerts_accepted_{name}", middle["rate"], "alerts/s", middle["ratio"],
             f"bare SQLite, same rows, {middle['batch']} a commit, {middle['against']:.0f}/s",
             middle["ratio"] >= GOAL_RATIO)
        told(f"alerts_accepted_{name}_wait_p99", middle["p99"], "ms")
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
        FROM entry routed JOIN entry received  -- that it joined a case may stand between the two
          ON received.pos IN (routed.prev, (SELECT prev FROM entry WHERE pos = routed.prev))
        WHERE routed.line LIKE 'hk1 % alert.routed %' AND received.line LIKE 'hk1 % alert.received %'""").fetchall()
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


SYSLOG_CONFIG = '''return hikeshi { log_level = "info", tenants = { main = { sources = {
  fw = { kind = "syslog", listen = { tcp = "127.0.0.1:0" } } } } } }
'''
SYSLOG_MESSAGES = 100000
SYSLOG_KINDS = [
    "<38>1 2026-11-22T00:00:00Z host-%d sshd 714 - - Failed password for invalid user admin%d from 203.0.113.%d port 52718"
    " ssh2",
    "<164>Nov 22 2026 00:00:00 fw-%d : %%ASA-4-106023: Deny tcp src outside:203.0.113.%d/4%03d dst inside:192.0.2.7/443 by"
    " access-group \"outside_in\" [0x0, 0x0]",
    "<13>1 2026-11-22T00:00:00Z host-%d app %d - - the disk of volume %d is nearly full, 97 percent are in use",
]


def syslog_stream(first, count):
    """That many messages, each another, counted as RFC 6587 has it."""
    parts = []
    for number in range(first, first + count):
        text = SYSLOG_KINDS[number % 3] % (number, number // 250, number % 250)
        parts.append(f"{len(text)} {text}")
    return "".join(parts).encode()


def send_all(port, data):
    out = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    out.sendall(data)
    out.close()


def wait_until(holds):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise SystemExit("waited in vain")
        time.sleep(0.01)


def rsyslog_rate(folder, data, count):
    """Messages a second that rsyslog takes over TCP and writes to a file, which it doesn't sync."""
    own = pathlib.Path(tempfile.mkdtemp(dir=folder))
    written = own / "out"
    (own / "conf").write_text(f'''
        global(workDirectory="{own}")
        main_queue(queue.size="200000")
        module(load="imtcp")
        input(type="imtcp" port="0" address="127.0.0.1" listenPortFileName="{own}/port")
        action(type="omfile" file="{written}" template="RSYSLOG_SyslogProtocol23Format")
    ''')
    written.touch()
    rsyslogd = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
    process = subprocess.Popen([rsyslogd, "-n", "-f", own / "conf", "-i", own / "pid"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    wait_until(lambda: (own / "port").exists() and (own / "port").read_text().strip())
    begun = time.monotonic()
    send_all(int((own / "port").read_text()), data)
    lines = 0
    with open(written, "rb") as file:
        def all_written():
            nonlocal lines
            lines += file.read().count(b"\n")
            return lines >= count
        wait_until(all_written)
    seconds = time.monotonic() - begun
    process.terminate()
    process.wait(PATIENCE_S)
    shutil.rmtree(own)
    return count / seconds


def messages_of(engine, token):
    """Messages of the engine's only source that are on disk. /metrics would count the whole record each time."""
    request = urllib.request.Request(f"http://127.0.0.1:{engine.port}/v1/sources",
                                     headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)["items"][0]["counts"]["messages"]


def entries_of(engine):
    db = sqlite3.connect(f"file:{engine.data}/ledger.db?mode=ro", uri=True)
    count = db.execute("SELECT max(pos) & 0xffffffffff FROM entry").fetchone()[0]
    db.close()
    return count


def measure_syslog(folder):
    """Syslog messages a second over TCP that are on disk as alerts, and what rsyslog does with the same bytes."""
    engine = engine_in(folder, "syslog", SYSLOG_CONFIG)
    said = []
    engine.start(said)
    port = int(re.search(r"tcp (\d+)", "".join(said))[1])
    token = engine.token()
    rounds = []
    for number in range(ROUNDS):
        data = syslog_stream(number * SYSLOG_MESSAGES, SYSLOG_MESSAGES)
        before, written = messages_of(engine, token), entries_of(engine)
        begun = time.monotonic()
        send_all(port, data)
        wait_until(lambda: messages_of(engine, token) >= before + SYSLOG_MESSAGES)
        seconds = time.monotonic() - begun
        entries = entries_of(engine) - written
        against = rsyslog_rate(folder, data, SYSLOG_MESSAGES)
        rate = SYSLOG_MESSAGES / seconds
        rounds.append({"rate": rate, "ratio": rate / against, "against": against, "entries": entries / seconds})
    middle = sorted(rounds, key=lambda one: one["ratio"])[ROUNDS // 2]
    told("syslog_durable", middle["rate"], "messages/s", middle["ratio"],
         f"rsyslog writing a file without a sync, {middle['against']:.0f}/s")
    told("syslog_durable_entries", middle["entries"], "entries/s")
    engine.stop()


def measure_drop(folder):
    """From an approver's decision to the last packet that comes through, and the same by hand."""
    own = folder / "drop-own"
    own.mkdir()
    if not drop.netlab.is_permitted():
        print(f"{'decision_to_drop':34} not measured: network namespaces can't be made by this user here")
        return
    decided, by_hand = drop.measure(own, engine_in, str(BUILD / "bench" / "udp_stream"))
    for percent in (50, 99):
        value, against = percentile(decided, percent), percentile(by_hand, percent)
        told(f"decision_to_drop_p{percent}", value, "ms", value / against,
             f"`nft add element` by hand, {against:.2f} ms")


def measure_tell(folder):
    """From the sending of an alert to its mail in the mail server's hands, at 20 alerts a second."""
    problem = tell.mailserver.why_not()
    if problem is not None:
        print(f"{'alert_to_mail':34} not measured: {problem}")
        return
    own = folder / "tell-own"
    own.mkdir()
    told_ms, by_hand = tell.measure(own, engine_in, QUICKSTART)
    for percent in (50, 99):
        value, against = percentile(told_ms, percent), percentile(by_hand, percent)
        told(f"alert_to_mail_p{percent}", value, "ms", value / against,
             f"smtplib to the same server, {against:.2f} ms")


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


def measure_pages(folder):
    """The page on which a person decides: how large it is, and how long it takes."""
    found = pages.measure(engine_in(folder, "pages"), HIKESHI)
    told("page_approval_bytes", found["page_bytes"], "bytes", found["page_bytes"] / found["css_bytes"],
         f"the style sheet of all pages, {found['css_bytes']} bytes")
    for percent, name in ((50, "page_approval_ms"), (99, "page_approval_p99_ms")):
        value, against = percentile(found["page"], percent), percentile(found["file"], percent)
        told(name, value, "ms", value / against, f"a bare static file, {against:.2f} ms")


def measure_search(folder):
    search.measure(folder, engine_in, told, percentile)


def measure_flow(folder):
    own = folder / "flow-own"
    own.mkdir()
    flow.measure(own, engine_in, told, percentile)


def measure_waits(folder):
    own = folder / "waits-own"
    own.mkdir()
    waits.measure(own, engine_in, told)


def measure_tls(folder):
    """What TLS costs: the same requests with it and without, in turn; and new connections a second."""
    rates = {}
    for kind, key in tls_cost.keys().items():
        own = folder / f"tls-{kind}"
        own.mkdir()
        tls_cost.make_pair(own, key)
        engine = engine_in(folder, f"tls-engine-{kind}", tls_cost.config(own))
        engine.start()
        rates[kind] = tls_cost.handshakes_a_second(engine.port)
        if kind == "ecdsa":
            plain = f"http://127.0.0.1:{tls_cost.plain_port(engine.process.pid, engine.port)}"
            rounds = [(tls_cost.requests_a_second(plain),
                       tls_cost.requests_a_second(f"https://127.0.0.1:{engine.port}", "--cacert", str(own / "cert.pem")))
                      for _ in range(ROUNDS)]
        engine.stop()
    without, with_tls = (statistics.median(column) for column in zip(*rounds))
    told("https_requests_per_s", with_tls, "req/s", with_tls / without, f"plain HTTP, {without:.0f} req/s")
    told("tls_handshakes_per_s", rates["ecdsa"], "conn/s", rates["ecdsa"] / rates["rsa2048"],
         f"an RSA-2048 key, {rates['rsa2048']:.0f} conn/s")


def measure_parts(_folder):
    """What single parts cost: mappings, the script's runtime, and hostile playbooks beside others."""
    for name in ("bench_mapping", "bench_script", "bench_hostile"):
        done = subprocess.run([str(BUILD / "bench" / name)], stdout=subprocess.PIPE, text=True, check=True,
                              env={**os.environ, "HIKESHI_SOURCE": str(SOURCE)})
        for line in done.stdout.splitlines():
            figure = json.loads(line)
            if " " not in figure["name"]:  # those are of one attack each; the worst is told at the end
                told(figure["name"], figure["value"], figure["unit"], figure.get("ratio"), figure.get("against"))


MEASUREMENTS = {"ledger": measure_ledger, "record": measure_record, "accept": measure_accept,
                "intent": measure_intent, "syslog": measure_syslog, "drop": measure_drop, "tell": measure_tell,
                "pages": measure_pages, "search": measure_search, "flow": measure_flow, "waits": measure_waits,
                "tls": measure_tls, "memory": measure_memory, "start": measure_start, "parts": measure_parts}


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
