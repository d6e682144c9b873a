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
import time
import urllib.error
import urllib.parse
import urllib.request

import labs
from labs import ATTACKER
from players import PATIENCE_S, DemoError, Paper, Player

HERE = pathlib.Path(__file__).resolve().parent
TENANT = "clinic"     # the provider's customer who is attacked
OTHER_TENANT = "harbour"  # and the one who must not hear of it


class Stopped(Exception):
    """A person or a signal ends the demo."""


class Demo:
    def __init__(self, build, lab):
        self.lab = lab
        self.hikeshi = str(build / "hikeshi")
        self.shown = os.path.relpath(self.hikeshi)  # as a person types it
        if self.shown.startswith(".."):
            self.shown = self.hikeshi
        self.paper = Paper()
        self.processes = []
        self.tokens = {}
        self.links = {}  # with which people set their passwords
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
        for part in ("playbooks", "lists"):
            shutil.copytree(HERE / part, self.home / part)
        config = (HERE / "hikeshi.lua").read_text(encoding="utf-8")
        (self.home / "hikeshi.lua").write_text(
            config.replace('FIREWALL = "edl"', f'FIREWALL = "{self.lab.firewall}"'), encoding="utf-8")
        (self.home / "eve.json").touch()
        self.lab.up(self)
        for person, role in (("approver-1", "approver"), ("analyst-1", "analyst")):
            link = self.run("user", "add", person, "--role", role, "--tenant", TENANT)
            self.links[person] = link.split()[-1]
            self.tokens[person] = self.run(
                "token", "create", "--user", person, "--tenant", TENANT).split()[-1]
        for service, role in (("sensor-1", "analyst"), ("firewall-1", "viewer")):
            self.tokens[service] = self.run(
                "token", "create", "--service", service, "--role", role, "--tenant", TENANT).split()[-1]
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
        self.paper.say("tenants", f"{TENANT} and {OTHER_TENANT}, two customers of one provider")
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

    def on_visit(self, name, source):
        def tell(event):
            colour = "32" if event["event"] == "through" else "31"
            text = "gets through" if event["event"] == "through" else "is cut off"
            self.paper.say(name, f"{source} {text}", colour, event["time"])
        return tell

    def network_up(self):
        self.attacker, self.neighbour = (
            Player(self, name, command, self.on_visit(name, source))
            for name, source, command in self.lab.network_up(self))
        for visitor in (self.attacker, self.neighbour):
            visitor.wait_for("through", f"{visitor.name} gets through at first")

    def alerts_in(self):
        alerts = self.lab.alerts(self)
        self.paper.command("hikeshi send examples/demo/alerts.eve.jsonl   (as sensor-1)")
        sent = json.loads(self.run_as("sensor-1", "send", str(alerts), "--json"))
        merged = sum(1 for alert in sent["alerts"] if alert["duplicate_of"])
        self.paper.say("alerts", f"{sent['accepted']} accepted and on disk, {merged} of them "
                       "the same thing again: merged")
        if sent["accepted"] == 0 or sent["errors"]:
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

    def page_of(self, link):
        """A one-time link as the browser takes it: made before the engine had an address."""
        return f"http://{self.address}{urllib.parse.urlsplit(link).path}"

    def environment_file(self):
        path = self.home / "approver-1.env"
        path.touch(mode=0o600)
        path.write_text(f"export HIKESHI_URL=http://{self.address}\n"
                        f"export HIKESHI_TOKEN={self.tokens['approver-1']}\n", encoding="utf-8")
        return path

    def person_decides(self):
        """On a terminal: in another one by the command line, or here by a letter."""
        self.paper.title("You are approver-1: decide")
        self.paper.show("in a browser: set a password, then decide on the page\n\n"
                        f"  {self.page_of(self.links['approver-1'])}\n"
                        f"  http://{self.address}/approvals/{self.gate['id']}\n\n"
                        "in another terminal:\n\n"
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
        checkpoint = self.run("audit", "checkpoint", "--tenant", TENANT)
        outside = self.home / "outside.txt"
        outside.write_text(checkpoint, encoding="utf-8")
        self.paper.say("checkpoint", f"signed when there were {checkpoint.splitlines()[1]} "
                       "entries; kept elsewhere, it shows a rewritten record:")
        self.paper.show("\n".join(line if len(line) <= 72 else line[:69] + "..."
                                  for line in checkpoint.splitlines() if line))
        self.paper.command("hikeshi audit verify --checkpoint outside.txt")
        verified = json.loads(self.run("audit", "verify", "--checkpoint", str(outside), "--json",
                                       "--tenant", TENANT, may_fail=True))
        if not verified["ok"]:
            raise DemoError(f"audit verify: {verified}")
        tenant = verified["tenants"][0]
        self.paper.say("ledger", f"ok: {tenant['size']} entries, root {tenant['root'][:16]}...; "
                       "they go on from that checkpoint", "32")
        self.wall()
        self.forgery()

    def wall(self):
        """The provider's other customer has a ledger of its own, and nothing of this in it."""
        ledger = self.run("audit", "show", "--jsonl", "--limit", "500", "--tenant", OTHER_TENANT)
        if ATTACKER in ledger or not ledger:
            raise DemoError(f"the ledger of {OTHER_TENANT} is not its own")
        other = json.loads(self.run("audit", "verify", "--json", "--tenant", OTHER_TENANT))
        self.paper.say(OTHER_TENANT, f"the provider's other customer verifies its own "
                       f"{other['tenants'][0]['size']} entries: nothing of this is in them")

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
        found = json.loads(self.run("audit", "verify", "--json", "--tenant", TENANT, may_fail=True,
                                    data=forged))
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
        for process in reversed(self.processes):  # whoever asks the engine would miss it
            if process is not self.engine:
                self.stop(process)
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
    lab = labs.NamespaceLab() if sys.argv[2:] == ["namespaces"] else labs.ListLab()
    demo = Demo(pathlib.Path(sys.argv[1]), lab)
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
