"""The kill matrix: the engine, or a plugin, is ended by SIGKILL at every point that matters, for each effect class.

The outside world is the test plugin `world`, whose log counts what really took place (see
tests/plugins/world/store.h). After each kill and restart: what was acknowledged is there, nothing took place twice,
what nobody can know is *unknown* and can be resolved, and the record verifies and rebuilds. Moments are found by
watching the world and the API, never by sleeping.
"""

import collections
import datetime
import functools
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

import waiting

HIKESHI = os.environ["HIKESHI"]
BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
CRASH = str(BUILD / "hikeshi-crash")  # ends itself at the point that HIKESHI_CRASH names
WORLD = BUILD / "tests" / "plugins" / "world.so"
EFFECTS = ["read", "idempotent", "probeable", "once"]
CHANGING = EFFECTS[1:]
PATIENCE_S = 20
POLL_S = 0.004
until = functools.partial(waiting.until, poll_s=POLL_S)
KILL = signal.SIGKILL

CONFIG = """return hikeshi {
  tenants = { main = {
    playbooks = { "act.lua" },
    plugins = { world = { file = "%s" } },
    authority = { { name = "for-the-test", action = "world.*", outcome = "%s", role = "approver", quorum = %d } },
  } },
}
"""
PLAYBOOK = """return playbook {
  name = "act", summary = "Touch what the alert names", on = { category = "endpoint" },
  run = function(alert)
    local world = alert.world
    if world.beside then
      local both = together {
        a = function() return act.world["touch_" .. world.effect](world.args, world.options) end,
        b = function()
          local seen = act.world.touch_read { target = world.beside }
          return seen and act.world.touch_idempotent { target = world.beside }
        end,
      }
      return { a = both.a.ok, b = both.b.ok }
    end
    local done, why = act.world["touch_" .. world.effect](world.args, world.options)
    return { ok = done ~= nil, why = why }
  end,
}
"""

Tally = collections.Counter()


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def children_of(pid):
    """Process ids of the children, from /proc."""
    children = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            children.append(int(stat.parent.name))
    return children


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class World:
    """What really took place."""

    def __init__(self, folder):
        self.log = folder / "plugins" / "main" / "world" / "world.log"

    def lines(self):
        try:
            text = self.log.read_text()
        except FileNotFoundError:
            return []
        return [line.split(" ") for line in text[:text.rfind("\n") + 1].splitlines()]

    def effects(self):
        """{key: [target, …]} of what changed something."""
        found = collections.defaultdict(list)
        for line in self.lines():
            if line[0] not in ("READ", "REPEAT", "UNDO"):
                found[line[0]].append(line[2])
        return found

    def undone(self):
        return collections.Counter(line[1] for line in self.lines() if line[0] == "UNDO")

    def count(self, target):
        """How often something happened to it; looks count, too."""
        return sum(line[-1] == target for line in self.lines())


class Site:
    """A data folder, its engines one after the other, and what was promised to us."""

    def __init__(self, outcome, quorum, tokens_from):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hk-"))
        shutil.copytree(tokens_from.folder / "data", self.folder / "data")
        self.data = self.folder / "data"
        self.tokens = tokens_from.tokens
        (self.folder / "act.lua").write_text(PLAYBOOK)
        self.config = self.folder / "hikeshi.lua"
        self.config.write_text(CONFIG % (WORLD, outcome, quorum))
        self.world = World(self.data)
        self.process = None
        self.port = None
        self.starts = 0
        self.promised = {}  # alert id: target
        self.kept = {}      # gate id: what was acknowledged

    # --- processes ---

    def launch(self, crash=None):
        """Start an engine; it takes alerts when this returns, and may not be ready yet."""
        self.starts += 1
        log = self.folder / f"{self.starts}.stderr"
        env = {k: v for k, v in os.environ.items() if not k.startswith("HIKESHI_")}
        if crash:
            env["HIKESHI_CRASH"] = crash
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                [CRASH if crash else HIKESHI, "serve", "--data", self.data, "--config", self.config,
                 "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)

        def address():
            text = log.read_text()
            assert self.process.poll() is None, text
            return [line for line in text.splitlines(True) if line.startswith("listening on ") and line[-1] == "\n"]
        self.port = int(until(address, "the engine to listen")[0].rstrip().rpartition(":")[2])
        return self

    def ready(self):
        status, problem = self.call("GET", "/readyz")
        assert status == 200 or problem["detail"].startswith("waiting"), problem
        return status == 200

    def start(self, crash=None):
        self.launch(crash)
        until(self.ready, "the engine to be ready")
        return self

    def kill(self, also=()):
        """The engine, and others in the same moment."""
        for pid in [self.process.pid, *also]:
            os.kill(pid, KILL)
        self.gone()

    def gone(self):
        """It ends, or has ended, by a kill; and leaves a record that verifies."""
        assert self.process.wait(PATIENCE_S) == -KILL
        self.audit()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0
        self.audit()

    def restart(self):
        return self.start()

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            spawners = children_of(self.process.pid)
            self.process.kill()
            self.process.wait(PATIENCE_S)
            for pid in spawners:
                try:
                    os.kill(pid, KILL)
                except ProcessLookupError:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def spawner(self):
        return children_of(self.process.pid)[0]

    def plugin(self):
        return self.get("/v1/plugins/world")

    def tool(self, *args, on_folder=False):
        env = {k: v for k, v in os.environ.items() if not k.startswith("HIKESHI_")}
        if on_folder:
            args = [*args, "--data", self.data]
        else:
            env["HIKESHI_URL"] = f"http://127.0.0.1:{self.port}"
            env["HIKESHI_TOKEN"] = self.tokens["responder-1"]
        return subprocess.run([HIKESHI, *map(str, args), "--json"], capture_output=True, text=True, timeout=PATIENCE_S,
                              env=env)

    def audit(self):
        for command in (["audit", "verify"], ["audit", "rebuild", "--check"]):
            answer = self.tool(*command, on_folder=True)
            assert answer.returncode == 0, (command, answer.stdout, answer.stderr)
            assert json.loads(answer.stdout)["ok"] is True, answer.stdout

    # --- HTTP ---

    def call(self, method, path, body=None, who="responder-1", headers=()):
        """The status and the document; ConnectionError when the engine ended before it answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {
                "Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json",
                "Connection": "close", **dict(headers)})
            response = connection.getresponse()
            text = response.read()
        except (http.client.HTTPException, OSError) as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        return response.status, json.loads(text) if "json" in response.headers.get("Content-Type", "") else text

    def get(self, path):
        status, answer = self.call("GET", path)
        assert status == 200, (path, status, answer)
        return answer

    def items(self, collection):
        return self.get(f"/v1/{collection}?limit=500")["items"]

    def send(self, effect, target, options=None, beside=None, **args):
        """Send an alert until it is acknowledged, always with the same key. None: the engine ended."""
        world = {"effect": effect, "args": {"target": target, **args}, "options": options or {}}
        if beside:
            world["beside"] = beside
        alert = {"title": f"about {target}", "category": "endpoint", "severity": "high", "uid": target,
                 "time": "2025-01-01T00:00:00Z", "world": world}
        self.again = lambda: self.post_alert(target, alert)
        try:
            return self.again()
        except ConnectionError:
            return None

    def post_alert(self, target, alert):
        status, answer = self.call("POST", "/v1/alerts", alert, "source-1", [("Idempotency-Key", target)])
        assert status == 202 and answer["accepted"] == 1, answer
        assert answer["alerts"][0]["duplicate_of"] is None, answer
        alert_id = answer["alerts"][0]["id"]
        assert self.promised.get(alert_id, target) == target
        self.promised[alert_id] = target
        return alert_id

    def decide(self, gate, decision="approve", who="responder-1", **more):
        """True once it is acknowledged; None: the engine ended."""
        body = {"decision": decision, "digest": gate["digest"], **more}
        try:
            status, answer = self.call("POST", f"/v1/approvals/{gate['id']}/decision", body, who)
        except ConnectionError:
            return None
        assert status == 200, answer
        self.kept[gate["id"]] = decision
        return True

    def release(self, containment):
        try:
            status, answer = self.call("POST", f"/v1/containments/{containment}/release",
                                       {"reason": "no longer needed"})
        except ConnectionError:
            return None
        assert status == 200, answer
        return answer

    # --- moments ---

    def calling(self):
        """A call has been handed to the plugin and is not answered."""
        return until(lambda: self.plugin()["calls_open"] > 0 and self.plugin(), "a call to be open")

    def touched(self, target):
        until(lambda: self.world.count(target), f"{target} to be touched")

    def gate(self):
        return until(lambda: [gate for gate in self.items("approvals") if gate["state"] == "pending"], "a gate")[0]

    def containment(self, state):
        return until(lambda: [it for it in self.items("containments") if it["state"] == state],
                     f"a containment that is {state}")[0]

    def quiet(self):
        """Wait until nothing goes on; the runs by their state."""
        def runs():
            listed = self.items("runs")
            return (set(self.promised) <= {run["alert"] for run in listed}
                    and "running" not in [run["state"] for run in listed]
                    and not [it for it in self.items("containments") if it["state"] in ("starting", "releasing")]
                    and listed)
        return until(runs, "all runs to end or wait")

    # --- what must hold ---

    def check(self):
        """Every promise that can be checked whatever happened."""
        effects, undone = self.world.effects(), self.world.undone()
        lost = [alert for alert in self.promised if self.call("GET", f"/v1/alerts/{alert}")[0] != 200]
        known = {alert["id"] for alert in self.items("alerts")}
        runs = collections.Counter(run["alert"] for run in self.items("runs"))
        targets = collections.Counter(target for where in effects.values() for target in where)
        doubled = [key for key, where in effects.items() if len(where) > 1]
        doubled += [target for target, count in targets.items() if count > 1]
        doubled += [key for key, count in undone.items() if count > 1]
        doubled += [alert for alert, count in runs.items() if count != 1]
        Tally["lost"] += len(lost)
        Tally["doubled"] += len(doubled)
        assert not lost and known == set(self.promised), (lost, known, self.promised)
        assert not doubled, (doubled, self.world.lines())
        for gate, decision in self.kept.items():
            stands = self.get(f"/v1/approvals/{gate}")
            assert decision in [made["decision"] for made in stands["decisions"]], stands
        self.check_containments(effects, undone)

    def check_containments(self, effects, undone):
        listed = {}
        for it in self.items("containments"):
            key = self.get(f"/v1/containments/{it['id']}")["key"]
            assert key not in listed
            listed[key] = it["state"]
        assert set(effects) <= set(listed), "something took place that the list doesn't know"
        for key, state in listed.items():
            if state == "active":
                assert key in effects and key not in undone, self.world.lines()
            elif state == "released":
                assert key not in effects or key in undone, self.world.lines()
            elif state == "failed":
                assert key not in effects, self.world.lines()
            else:
                assert state == "unknown", state

    def resolve(self):
        """A person looks at the world and says for each unknown step what became of it."""
        effects = self.world.effects()
        for run in [run for run in self.items("runs") if run["state"] == "unknown"]:
            Tally["unknown"] += 1
            for step in self.get(f"/v1/runs/{run['id']}")["steps"]:
                if step["state"] != "unknown":
                    continue
                said = ["--happened", "--result", '{"effects":1}'] if step["key"] in effects else ["--did-not"]
                answer = self.tool("run", "resolve", run["id"], "--step", step["step"], *said,
                                   "--evidence", "looked at the world")
                assert answer.returncode == 0, (answer.stdout, answer.stderr)

    def finish(self, state=None, target=None, count=None):
        """Quiet; what must hold holds; unknown ones are resolved, and then everything ends well."""
        runs = self.quiet()
        if state is not None:
            assert {run["state"] for run in runs} == {state}, (runs, self.world.lines())
        if count is not None:
            assert self.world.count(target) == count, self.world.lines()
        self.check()
        self.resolve()
        for run in self.quiet():
            assert run["state"] == "finished", run
        self.check()
        for it in self.items("containments"):
            assert it["state"] in ("active", "released", "failed"), it
        self.stop()
        Tally["points"] += 1


class Tokens:
    """A data folder that has users and tokens, to be copied."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hk-"))
        self.tokens = {}
        for user, role in (("responder-1", "responder"), ("approver-1", "approver")):
            self.run("user", "add", user, "--role", role)
            self.tokens[user] = self.run("token", "create", "--user", user).split()[-1]
        self.tokens["source-1"] = self.run("token", "create", "--service", "source-1", "--role", "analyst").split()[-1]

    def run(self, *args):
        done = subprocess.run([HIKESHI, *args, "--data", self.folder / "data"], capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def tokens():
    it = Tokens()
    yield it
    shutil.rmtree(it.folder, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def summary(request):
    """Say at the end what was counted, also to a program."""
    yield
    counted = {name: Tally[name] for name in ("points", "lost", "doubled", "unknown")}
    (BUILD / "kill.json").write_text(json.dumps(counted) + "\n")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\nkill matrix: " + ", ".join(f"{value} {name}" for name, value in counted.items()))


@pytest.fixture
def make_site(tokens):
    sites = []

    def make(outcome="do", quorum=1):
        sites.append(Site(outcome, quorum, tokens))
        return sites[-1]
    yield make
    for site in sites:
        site.remove()


# --- an alert, and the call that follows from it ---

@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("point", ["accepted", "before-intent", "after-intent", "after-effect"])
def test_engine_at_point(make_site, point, effect):
    site = make_site().start(point)
    site.send(effect, "host-1")
    site.gone()
    before = site.world.count("host-1")
    assert before == (point == "after-effect")
    site.restart()
    site.again()  # acknowledged or not: the same key, the same alert
    runs = site.quiet()
    if effect != "once":
        # a look may be repeated; its second line is no second effect
        count = 1 + before if effect == "read" else 1
        site.finish("finished", "host-1", count)
    elif point == "before-intent":
        site.finish("finished", "host-1", 1)
    elif point == "accepted":  # whether the intent was on disk is not ours to say
        site.finish(count=0 if runs[0]["state"] == "unknown" else 1, target="host-1")
    else:
        site.finish("unknown", "host-1", before)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("who", ["engine", "plugin", "engine and spawner", "spawner"])
def test_during_the_call(make_site, who, effect):
    site = make_site().start()
    site.send(effect, "host-1", before_ms=150)
    plugin = site.calling()
    kill_one(site, who, plugin["pid"])
    runs = site.quiet()
    if who != "engine":  # the plugin died with the call in it, before the effect
        site.finish("unknown" if effect == "once" else "finished", "host-1", 0 if effect == "once" else 1)
    else:
        assert runs[0]["state"] == ("unknown" if effect == "once" else "finished")
        site.finish()


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("who", ["engine", "plugin", "engine and spawner", "spawner"])
def test_after_the_effect(make_site, who, effect):
    site = make_site().start()
    site.send(effect, "host-1", after_ms=150)
    plugin = site.calling()
    site.touched("host-1")
    kill_one(site, who, plugin["pid"])
    site.finish("unknown" if effect == "once" else "finished", "host-1", 2 if effect == "read" else 1)


def kill_one(site, who, plugin_pid):
    if who == "plugin":
        os.kill(plugin_pid, KILL)
        site.audit()
        return
    spawner = site.spawner()
    if who == "spawner":  # the engine can do nothing without it: it ends, and its next start goes on
        os.kill(spawner, KILL)
        assert site.process.wait(PATIENCE_S) != 0
        site.audit()
    else:
        site.kill([spawner] if who == "engine and spawner" else [])
    if who != "engine":
        until(lambda: not is_alive(plugin_pid), "the plugin process to end with its spawner")
    site.restart()


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_plugin_that_ends_itself_each_time(make_site, when, effect):
    site = make_site().start()
    site.send(effect, "host-1", crash=when)
    runs = site.quiet()
    happened = when == "after"
    if effect == "read":
        assert runs[0]["state"] == "finished"
        assert (site.world.count("host-1") > 0) == happened
        site.finish()
    elif effect == "probeable":
        site.finish("finished" if happened else None, "host-1", happened)
    else:
        site.finish("unknown", "host-1", happened)


@pytest.mark.parametrize("effect", CHANGING)
def test_killed_again_while_recovering(make_site, effect):
    """The second engine ends right when it knows what became of the call of the first."""
    site = make_site().start("after-intent")
    site.send(effect, "host-1")
    site.gone()
    if effect != "once":
        site.launch("after-effect")
        site.gone()
    site.restart()
    site.again()
    site.finish("unknown" if effect == "once" else "finished", "host-1", 0 if effect == "once" else 1)


def test_a_branch_that_goes_on_while_another_waits(make_site):
    """Between the look and the touch of one branch, while the other branch has an open gate."""
    site = make_site().start("before-intent:2")
    site.config.write_text(site.config.read_text().replace(
        "authority = {", 'authority = { { name = "ask", action = "world.touch_once", outcome = "ask" },'))
    site.kill()
    site.launch("before-intent:2")
    site.send("once", "host-1", beside="host-2")
    site.gone()
    site.restart()
    site.again()
    gate = site.gate()
    site.touched("host-2")
    until(lambda: site.world.effects() and site.world.count("host-2") >= 2, "the other branch to go on")
    assert site.decide(gate)
    site.finish("finished", "host-1", 1)


@pytest.mark.parametrize("effect", CHANGING)
def test_cancelled_in_the_call(make_site, effect):
    """The run is given up while its call is open, and the engine is killed: the containment is still accounted for."""
    site = make_site().start()
    site.send(effect, "host-1", block_ms=400)  # the plugin is deaf to the cancellation
    site.calling()
    run = site.items("runs")[0]["id"]
    status, answer = site.call("POST", f"/v1/runs/{run}/cancel", {"reason": "given up"})
    assert status == 200, answer
    site.kill()
    site.restart()
    site.quiet()
    site.check()
    assert site.items("runs")[0]["state"] == "cancelled"
    held = site.containment("unknown" if effect == "once" else "active")
    assert site.release(held["id"])["state"] == "released"
    site.check()
    assert sum(site.world.undone().values()) == 1
    site.stop()
    Tally["points"] += 1


# --- gates ---

@pytest.mark.parametrize("effect", EFFECTS)
def test_during_a_gate(make_site, effect):
    site = make_site("ask").start()
    site.send(effect, "host-1")
    gate = site.gate()
    site.kill()
    site.restart()
    stands = site.gate()
    assert {**stands, "seen": None} == {**gate, "seen": None}
    assert site.world.count("host-1") == 0
    assert site.decide(stands)
    site.finish("finished", "host-1", 1)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("point", ["before-decision", "decided", "after-effect"])
def test_decision_at_point(make_site, point, effect):
    site = make_site("ask").start(point)
    site.send(effect, "host-1")
    gate = site.gate()
    acknowledged = site.decide(gate)
    site.gone()
    before = site.world.count("host-1")
    assert before == (point == "after-effect")
    site.restart()
    if point == "before-decision":
        assert not acknowledged
        assert site.gate()["digest"] == gate["digest"]
        assert site.decide(gate)
        site.finish("finished", "host-1", 1)
        return
    runs = site.quiet()
    assert site.get(f"/v1/approvals/{gate['id']}")["state"] == "approved"
    status, _ = site.call("POST", f"/v1/approvals/{gate['id']}/decision",
                          {"decision": "reject", "reason": "too late", "digest": gate["digest"]})
    assert status == 409
    assert runs[0]["state"] == ("unknown" if effect == "once" else "finished")
    site.finish(target="host-1", count=before if effect == "once" else 1 + (before if effect == "read" else 0))


def test_one_vote_of_two(make_site):
    site = make_site("ask", 2).start()
    site.send("once", "host-1")
    gate = site.gate()
    assert site.decide(gate)
    site.kill()
    site.restart()
    stands = site.gate()
    assert (stands["digest"], stands["votes"]) == (gate["digest"], 1)
    assert site.world.count("host-1") == 0
    status, _ = site.call("POST", f"/v1/approvals/{gate['id']}/decision",
                          {"decision": "approve", "digest": gate["digest"]})
    assert status == 409  # the same person again
    assert site.decide(stands, who="approver-1")
    site.finish("finished", "host-1", 1)


def test_rejected(make_site):
    site = make_site("ask").start()
    site.send("once", "host-1")
    gate = site.gate()
    assert site.decide(gate, "reject", reason="not this one")
    site.kill()
    site.restart()
    site.quiet()
    assert site.get(f"/v1/approvals/{gate['id']}")["state"] == "rejected"
    site.finish("finished", "host-1", 0)


# --- leases ---

def released_once(site):
    """Released, and the effect was taken back exactly once."""
    it = site.containment("released")
    assert list(site.world.undone().values()) == [1], site.world.lines()
    return it


@pytest.mark.parametrize("effect", CHANGING)
def test_in_the_middle_of_a_lease(make_site, effect):
    site = make_site().start()
    site.send(effect, "host-1", {"expires": "1s"})
    active = site.containment("active")
    site.kill()
    site.restart()
    released = released_once(site)
    assert released["id"] == active["id"]
    assert seconds_of(released["ended"]) >= seconds_of(active["expires"])
    site.finish("finished", "host-1", 1)


@pytest.mark.parametrize("effect", CHANGING)
def test_a_lease_that_ran_out_meanwhile(make_site, effect):
    site = make_site().start()
    site.send(effect, "host-1", {"expires": "1s"})
    active = site.containment("active")
    site.kill()
    until(lambda: time.time() > seconds_of(active["expires"]), "the lease to run out")
    assert not site.world.undone()
    site.restart()
    assert released_once(site)["id"] == active["id"]
    site.finish("finished", "host-1", 1)


@pytest.mark.parametrize("effect", CHANGING)
@pytest.mark.parametrize("why", ["a person", "its time"])
@pytest.mark.parametrize("point", ["releasing", "after-effect:2"])
def test_release_at_point(make_site, point, why, effect):
    site = make_site().start(point)
    site.send(effect, "host-1", {"expires": "1s"} if why == "its time" else None)
    if why == "a person":
        site.release(site.containment("active")["id"])
    site.gone()
    assert sum(site.world.undone().values()) == (point != "releasing")
    site.restart()
    released_once(site)
    site.finish("finished", "host-1", 1)


@pytest.mark.parametrize("effect", CHANGING)
@pytest.mark.parametrize("who", ["engine", "plugin", "engine and spawner", "spawner"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_during_a_release(make_site, when, who, effect):
    """Before the undo takes effect, and between its effect and its result."""
    site = make_site().start()
    site.send(effect, "host-1", {"expires": "1s"}, **{f"{when}_ms": 150})
    site.containment("active")
    site.containment("releasing")
    plugin = site.calling()
    if when == "after":
        until(site.world.undone, "the undo to take effect")
    kill_one(site, who, plugin["pid"])
    released_once(site)
    site.finish("finished", "host-1", 1)


def test_released_before_it_was_resolved(make_site):
    """A containment that nobody knows of is taken back; what is said of its step later doesn't bring it back."""
    site = make_site().start("after-effect")
    site.send("once", "host-1")
    site.gone()
    site.restart()
    site.quiet()
    held = site.containment("unknown")
    assert site.release(held["id"])["state"] == "released"
    site.resolve()
    released_once(site)
    site.finish("finished", "host-1", 1)


# --- an orphan: the plugin process of a killed engine that is still at work ---

@pytest.mark.parametrize("effect", EFFECTS)
def test_orphan(make_site, effect):
    site = make_site().start()
    site.send(effect, "host-1", block_ms=4000)
    orphan = site.calling()["pid"]
    until(site.world.log.with_name("blocking").exists, "the plugin to be at work")
    site.kill()
    assert is_alive(orphan) and site.world.count("host-1") == 0
    site.launch()
    status, problem = site.call("GET", "/readyz")
    assert status == 503 and problem["detail"].startswith("waiting until"), problem
    site.send("idempotent", "host-2")  # is taken at once
    assert len(site.promised) == 2

    def is_ready():
        alive = is_alive(orphan)  # looked at first: what is ready now may have waited until a moment ago
        ready = site.ready()
        assert not (ready and alive)
        assert ready or site.world.count("host-2") == 0
        return ready
    until(is_ready, "the orphan to be gone")
    assert site.world.count("host-1") == 1  # it has done its work
    runs = site.quiet()
    states = {site.promised[run["alert"]]: run["state"] for run in runs}
    assert states == {"host-1": "unknown" if effect == "once" else "finished", "host-2": "finished"}
    site.finish(target="host-1", count=2 if effect == "read" else 1)


# --- many at once ---

@pytest.mark.parametrize("count", [2, 5, 11, 17])
@pytest.mark.parametrize("point", ["accepted", "before-intent", "after-intent", "after-effect"])
def test_many(make_site, point, count):
    """Of twenty alerts in a row, the engine ends at the given passing of the point."""
    site = make_site().start(f"{point}:{count}")
    ended = False
    again = []
    for number in range(20):
        if not ended:
            ended = site.send(EFFECTS[number % 4], f"host-{number}", after_ms=5) is None
            again.append(site.again)
    site.gone()
    site.restart()
    for once_more in again:
        once_more()
    for run in site.quiet():
        effect = EFFECTS[int(site.promised[run["alert"]].rpartition("-")[2]) % 4]
        assert run["state"] == "finished" or (effect, run["state"]) == ("once", "unknown"), run
    site.finish()
