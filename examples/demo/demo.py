"""The story that demo.sh tells, each stage of it checked. See demo.sh.

    engine up, people and tokens made -> an attacker gets through the firewall -> alerts in, enrichment
    -> a gate -> a decision -> the attacker is cut off -> the lease ends -> the record is verified
"""
import contextlib
import datetime
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ATTACKER = "203.0.113.66"
NEIGHBOUR = "203.0.113.67"
PATIENCE_S = 30  # for each stage; a machine under load is no failure


class DemoError(Exception):
    """A stage did not happen; the text says which."""


class Stopped(Exception):
    """A person or a signal ends the demo."""


class Paper:
    """Where the story is written: a time, who, and what happened, within the terminal's width."""

    def __init__(self):
        self.is_terminal = sys.stdout.isatty()
        self.colours = self.is_terminal and not os.environ.get("NO_COLOR")
        self.lock = threading.Lock()

    @staticmethod
    def width():
        return min(shutil.get_terminal_size((100, 24)).columns, 110)

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def title(self, text):
        with self.lock:
            print(f"\n{self.paint('1', text)}", flush=True)

    def say(self, who, text, colour="", when=None):
        clock = time.strftime("%H:%M:%S", time.localtime(when))
        lines = textwrap.wrap(text, max(self.width() - 24, 30), break_on_hyphens=False)
        with self.lock:
            for number, line in enumerate(lines):
                head = f"  {self.paint('2', clock)}  {who:<10}" if number == 0 else " " * 22
                print(f"{head} {self.paint(colour, line) if colour else line}", flush=True)

    def show(self, text):
        """As it is, to be read or copied."""
        with self.lock:
            for line in text.splitlines():
                print(f"    {line}", flush=True)

    def command(self, text):
        with self.lock:
            print(f"  {self.paint('36', '$ ' + text)}", flush=True)


class Player:
    """A process that tells what happens to it as one JSON object a line."""

    def __init__(self, demo, name, command, on_event, token=""):
        self.name = name
        self.events = []
        self.changed = threading.Condition()
        self.process = demo.start(command, {"HIKESHI_TOKEN": token}, stdout=subprocess.PIPE)
        self.on_event = on_event
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        last = None
        for line in self.process.stdout:
            event = json.loads(line)
            if self.on_event and {**event, "time": 0} != last:
                self.on_event(event)
            last = {**event, "time": 0}
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()

    def wait_for(self, what, told, after=0.0):
        """The first event of this kind that came after a time."""
        end = time.monotonic() + PATIENCE_S
        with self.changed:
            while True:
                for event in self.events:
                    if event["event"] == what and event["time"] >= after:
                        return event
                if self.process.poll() is not None:
                    raise DemoError(f"{told}: {self.name} ended")
                if not self.changed.wait(max(end - time.monotonic(), 0)):
                    raise DemoError(f"{told}: not within {PATIENCE_S} s")

    def count(self, what, after, before):
        with self.changed:
            return sum(1 for event in self.events
                       if event["event"] == what and after <= event["time"] <= before)


class Demo:
    def __init__(self, build):
        self.hikeshi = str(build / "hikeshi")
        self.shown = os.path.relpath(self.hikeshi)  # as a person types it
        if self.shown.startswith(".."):
            self.shown = self.hikeshi
        self.paper = Paper()
        self.processes = []
        self.tokens = {}
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="hikeshi-demo."))
        self.data = self.home / "data"
        self.address = ""

    # --- processes ---

    def start(self, command, environment=None, **options):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("HIKESHI_")}
        # Sessions of their own: Ctrl-C is for the demo, which ends them in order.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True,
                                   env={**clean, **(environment or {})}, text=True, **options)
        self.processes.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return process.returncode

    def end(self):
        for process in reversed(self.processes):
            self.stop(process)
        shutil.rmtree(self.home, ignore_errors=True)

    def engine_log(self):
        with contextlib.suppress(OSError):
            return (self.home / "engine.log").read_text(errors="replace").splitlines()[-15:]
        return []

    # --- Hikeshi, by its command line and its API ---

    def run(self, *words, may_fail=False, data=None):
        """One command on the data folder; what it printed."""
        process = self.start([self.hikeshi, *words, "--data", str(data or self.data)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.processes.remove(process)
        if process.returncode != 0 and not may_fail:
            raise DemoError(f"hikeshi {' '.join(words)} ended with {process.returncode}: "
                            f"{err.strip()}")
        return out

    def run_as(self, who, *words):
        process = self.start([self.hikeshi, *words],
                             {"HIKESHI_URL": f"http://{self.address}",
                              "HIKESHI_TOKEN": self.tokens[who]},
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.processes.remove(process)
        if process.returncode != 0:
            raise DemoError(f"hikeshi {' '.join(words)} ended with {process.returncode}: "
                            f"{err.strip()}")
        return out

    def call(self, who, path, body=None):
        """(status, document)"""
        request = urllib.request.Request(
            f"http://{self.address}{path}", data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.tokens[who]}",
                     "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def get(self, path):
        status, document = self.call("analyst-1", path)
        if status != 200:
            raise DemoError(f"GET {path} was answered with {status}: {document.get('detail')}")
        return document

    def wait(self, told, look):
        """What look() gives as soon as it gives anything."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.1)
        raise DemoError(f"{told}: not within {PATIENCE_S} s")

    # --- the stages ---

    def engine_up(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        for part in ("hikeshi.lua", "playbooks", "lists"):
            copy = shutil.copytree if (HERE / part).is_dir() else shutil.copy
            copy(HERE / part, self.home / part)
        for person, role in (("approver-1", "approver"), ("analyst-1", "analyst")):
            self.run("user", "add", person, "--role", role)
            self.tokens[person] = self.run("token", "create", "--user", person).split()[-1]
        for service, role in (("sensor-1", "analyst"), ("firewall-1", "viewer")):
            self.tokens[service] = self.run(
                "token", "create", "--service", service, "--role", role).split()[-1]
        self.paper.say("people", "approver-1 may decide, analyst-1 may look")
        self.paper.say("services", "sensor-1 may send alerts, firewall-1 may read the block list")
        with open(self.home / "engine.log", "w", encoding="utf-8") as log:
            self.engine = self.start(
                [self.hikeshi, "serve", "--data", str(self.data), "--config",
                 str(self.home / "hikeshi.lua"), "--listen", self.address],
                stdout=log, stderr=log)
        self.wait("the engine comes up", self.is_ready)
        plugins = self.get("/v1/plugins")["items"]
        self.paper.say("engine", f"up on {self.address}, data in {self.data}")
        self.paper.say("plugins", ", ".join(f"{p['name']} {p['version']}" for p in plugins)
                       + ", each in a sandboxed process of its own")

    def is_ready(self):
        if self.engine.poll() is not None:
            raise DemoError(f"the engine ended with {self.engine.returncode}")
        try:
            with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def on_list(self, event):
        if event["event"] == "list":
            entries = ", ".join(entry.removesuffix("/32") for entry in event["entries"])
            self.paper.say("firewall", f"polled the list: {entries or 'empty'}",
                           when=event["time"])
        elif event["event"] == "poll failed":
            self.paper.say("firewall", f"could not poll the list: {event['why']}",
                           when=event["time"])

    def on_visit(self, name, source):
        def tell(event):
            colour = "32" if event["event"] == "through" else "31"
            text = "gets through" if event["event"] == "through" else "is cut off"
            self.paper.say(name, f"{source} {text}", colour, event["time"])
        return tell

    def network_up(self):
        network = [sys.executable, str(HERE / "network.py")]
        server = Player(self, "the server", [*network, "server"], None)
        port = server.wait_for("listening", "the server comes up")["port"]
        wall = Player(
            self, "the firewall",
            [sys.executable, str(HERE / "firewall.py"), "--to", f"127.0.0.1:{port}", "--list",
             f"http://{self.address}/lists/main/edl/blocklist.txt", "--every", "0.3"],
            self.on_list, self.tokens["firewall-1"])
        port = wall.wait_for("listening", "the firewall comes up")["port"]
        self.paper.say("firewall", "guards a server; polls /lists/main/edl/blocklist.txt")
        self.attacker, self.neighbour = (
            Player(self, name, [*network, "visitor", "--as", source, "--to", f"127.0.0.1:{port}"],
                   self.on_visit(name, source))
            for name, source in (("attacker", ATTACKER), ("neighbour", NEIGHBOUR)))
        for visitor in (self.attacker, self.neighbour):
            visitor.wait_for("through", f"{visitor.name} gets through at first")

    def alerts_in(self):
        alerts = HERE / "alerts.eve.jsonl"
        self.paper.command("hikeshi send examples/demo/alerts.eve.jsonl   (as sensor-1)")
        sent = json.loads(self.run_as("sensor-1", "send", str(alerts), "--json"))
        merged = sum(1 for alert in sent["alerts"] if alert["duplicate_of"])
        self.paper.say("alerts", f"{sent['accepted']} accepted and on disk, {merged} of them "
                       "the same thing again: merged")
        if sent["accepted"] == 0 or merged == 0 or sent["errors"]:
            raise DemoError(f"hikeshi send took in: {sent}")
        closed = self.wait("our own scanner's alerts are closed", self.expected_alerts)
        note = self.get(f"/v1/alerts/{closed[0]['id']}")["view"]["src"]["ip"]
        self.paper.say("enrichment", f"{note} is one of our own scanners: {len(closed)} alerts "
                       "closed as expected, nobody was asked")
        self.gate = self.wait("a gate opens for the attacker", lambda: self.gate_for(ATTACKER))
        self.wait("a gate opens for the second source", lambda: self.gate_for("203.0.113.90"))
        runs = self.get("/v1/runs")["items"]
        self.paper.say("playbooks", f"{len(runs)} runs; 2 wait for a person")

    def expected_alerts(self):
        found = [alert for alert in self.get("/v1/alerts?state=closed")["items"]
                 if alert["verdict"] == "expected"]
        return found if len(found) == 2 else None

    def gate_for(self, target):
        for gate in self.get("/v1/approvals?state=pending")["items"]:
            if gate["target"] == target:
                return gate
        return None

    def show_gate(self):
        shown = self.get(f"/v1/approvals/{self.gate['id']}")["shown"]
        self.paper.say("gate", f"{shown['summary']}?", "1")
        self.paper.say("because", f"{shown['title']}; {shown['because'][-1]}")
        self.paper.say("undone by", f"{shown['undo']}, by itself after "
                       f"{shown['lease_ms'] // 1000} s; stays: {shown['residual']}")
        self.paper.say("no answer", shown["without_answer"])
        status, problem = self.call("sensor-1", f"/v1/approvals/{self.gate['id']}/decision",
                                    {"decision": "approve", "digest": self.gate["digest"]})
        if status != 403:
            raise DemoError(f"a service's decision was answered with {status}, not with 403")
        self.paper.say("sensor-1", f"tries to approve it and is refused: {problem['detail']}")

    def decide(self, gate, decision, reason, may_be_late=False):
        status, answer = self.call("approver-1", f"/v1/approvals/{gate['id']}/decision",
                                   {"decision": decision, "digest": gate["digest"],
                                    "reason": reason})
        if status != 200 and not (status == 409 and may_be_late):
            raise DemoError(f"the decision was answered with {status}: {answer.get('detail')}")

    def environment_file(self):
        path = self.home / "approver-1.env"
        path.touch(mode=0o600)
        path.write_text(f"export HIKESHI_URL=http://{self.address}\n"
                        f"export HIKESHI_TOKEN={self.tokens['approver-1']}\n", encoding="utf-8")
        return path

    def person_decides(self):
        """On a terminal: in another one by the command line, or here by a letter."""
        self.paper.title("You are approver-1: decide")
        self.paper.show("in another terminal:\n\n"
                        f"  . {self.environment_file()}\n"
                        f"  {self.shown} approval show {self.gate['id']}\n"
                        f"  {self.shown} approval approve {self.gate['id']}\n\n"
                        "or here:  a  approve     r  reject     q  quit      then Enter")
        while True:
            state = self.get(f"/v1/approvals/{self.gate['id']}")["state"]
            if state != "pending":
                return state
            if not select.select([sys.stdin], [], [], 0.1)[0]:
                continue
            word = sys.stdin.readline()
            if word == "" or word.strip() == "q":
                raise Stopped
            if word.strip() in ("a", "r"):
                self.decide(self.gate, "approve" if word.strip() == "a" else "reject",
                            "decided in the demo", may_be_late=True)

    def decision(self):
        if sys.stdin.isatty() and self.paper.is_terminal:
            state = self.person_decides()
            self.paper.title("The decision")
        else:
            self.paper.title("The decision")
            self.decide(self.gate, "approve", "guessing passwords")
            state = self.get(f"/v1/approvals/{self.gate['id']}")["state"]
        self.decided = time.time()
        self.paper.say("approver-1", f"decided: {state}", "1")
        return state == "approved"

    def containment(self):
        held = self.wait("the containment is active", lambda: next(
            (c for c in self.get("/v1/containments")["items"]
             if c["target"] == ATTACKER and c["state"] in ("active", "releasing", "released")),
            None))
        self.paper.say("contained", f"{ATTACKER} since {clock_of(held['effective'])}, until "
                       f"{clock_of(held['expires'])} and no longer")
        cut = self.attacker.wait_for("cut off", "the attacker is cut off", self.decided - 1)["time"]
        again = self.attacker.wait_for("through", "the lease ends, the attacker gets through again",
                                       cut)["time"]
        self.wait("the containment is released", lambda: self.get(
            f"/v1/containments/{held['id']}")["state"] == "released")
        self.paper.say("released", "the lease was over; nobody had to remember it")
        refused = self.attacker.count("cut off", cut, again)
        passed = self.neighbour.count("through", cut, again)
        if passed == 0 or self.neighbour.count("cut off", cut, again) > 0:
            raise DemoError("the neighbour did not go on undisturbed")
        self.paper.say("neighbour", f"got through {passed} times meanwhile, the attacker was "
                       f"refused {refused} times")

    def second_gate(self):
        """Nobody is there to decide it: a no is recorded like a yes."""
        gate = self.gate_for("203.0.113.90")
        if gate is None:
            raise DemoError("the second gate is gone")
        self.decide(gate, "reject", "the proxy stopped it already")
        runs = self.wait("the second run ends", lambda: [
            run for run in self.get("/v1/runs")["items"]
            if run["id"] == gate["run"] and run["state"] == "finished"])
        self.paper.say("approver-1", f"rejected the block of 203.0.113.90, \"the proxy stopped it "
                       f"already\"; its run {runs[0]['state']} without it")

    def record(self):
        self.paper.title("The record")
        checkpoint = self.run("audit", "checkpoint")
        outside = self.home / "outside.txt"
        outside.write_text(checkpoint, encoding="utf-8")
        self.paper.say("checkpoint", f"signed when there were {checkpoint.splitlines()[1]} "
                       "entries; kept elsewhere, it shows a rewritten record:")
        self.paper.show("\n".join(line if len(line) <= 72 else line[:69] + "..."
                                  for line in checkpoint.splitlines() if line))
        self.paper.command("hikeshi audit verify --checkpoint outside.txt")
        verified = json.loads(self.run("audit", "verify", "--checkpoint", str(outside), "--json",
                                       may_fail=True))
        if not verified["ok"]:
            raise DemoError(f"audit verify: {verified}")
        tenant = verified["tenants"][0]
        self.paper.say("ledger", f"ok: {tenant['size']} entries, root {tenant['root'][:16]}...; "
                       "they go on from that checkpoint", "32")
        self.forgery()

    def forgery(self):
        """What verify is for: in a copy of the folder, one word of one entry is changed."""
        forged = self.home / "forged"
        shutil.copytree(self.data / "key", forged / "key")
        with contextlib.closing(sqlite3.connect(f"file:{self.data}/ledger.db?mode=ro",
                                                uri=True)) as ledger, \
                contextlib.closing(sqlite3.connect(forged / "ledger.db")) as copy:
            ledger.backup(copy)
            for (name,) in copy.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                copy.execute(f"DROP TRIGGER {name}")
            changed = copy.execute(
                "UPDATE entry SET payload = replace(payload, '203.0.113', '192.0.2') "
                "WHERE line LIKE '% gate.opened %'").rowcount
            copy.commit()
        found = json.loads(self.run("audit", "verify", "--json", may_fail=True, data=forged))
        if changed == 0 or found["ok"]:
            raise DemoError("audit verify did not find a forged entry")
        bad = found["tenants"][0]
        self.paper.say("forgery", "in a copy, a question was changed: verify finds entry "
                       f"{bad['seq']}: {bad['problem']}")

    def stay(self):
        """On a terminal: leave the engine running, with something to decide."""
        gate = self.gate_for("203.0.113.90")
        self.paper.title("The engine goes on until you type q and Enter")
        if gate is not None:
            self.paper.show("one more gate is open: block 203.0.113.90?\n\n"
                            f"  . {self.environment_file()}\n"
                            f"  {self.shown} approval show {gate['id']}\n"
                            f"  {self.shown} approval approve {gate['id']}\n"
                            f"  {self.shown} contain list --active\n")
        while self.engine.poll() is None:
            if select.select([sys.stdin], [], [], 0.5)[0]:
                word = sys.stdin.readline()
                if word == "" or word.strip() == "q":
                    return
        raise DemoError(f"the engine ended with {self.engine.returncode}")

    def tell(self):
        self.paper.title("The engine")
        self.engine_up()
        self.paper.title("The attack")
        self.network_up()
        self.alerts_in()
        self.paper.title("The question")
        self.show_gate()
        if self.decision():
            self.containment()
        else:
            self.attacker.wait_for("through", "the attacker still gets through", time.time())
            self.paper.say("attacker", f"{ATTACKER} still gets through: nothing was done")
        if not self.paper.is_terminal or not sys.stdin.isatty():
            self.second_gate()
        self.record()
        if self.paper.is_terminal and sys.stdin.isatty():
            self.stay()
        status = self.stop(self.engine)
        if status != 0:
            raise DemoError(f"the engine ended with {status} when asked to stop")
        self.paper.say("engine", "stopped; the demo leaves nothing behind")


def clock_of(text):
    """Local time of day of a time as the API gives it."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone().strftime("%H:%M:%S")


def on_signal(number, frame):
    del number, frame
    raise Stopped


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    demo = Demo(pathlib.Path(sys.argv[1]))
    status = 0
    try:
        demo.tell()
    except Stopped:
        demo.paper.title("Stopped; the demo leaves nothing behind")
        status = 0 if demo.paper.is_terminal else 130
    except (DemoError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        status = 1
        sys.stdout.flush()
        print(f"\ndemo: {error!r}" if not isinstance(error, DemoError) else f"\ndemo: {error}",
              file=sys.stderr)
        for line in demo.engine_log():
            print(f"demo: engine: {line}", file=sys.stderr)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        demo.end()
    sys.exit(status)


if __name__ == "__main__":
    main()
