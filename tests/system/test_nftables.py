"""The nftables plugin in a real network: an attacker behind a router really connects to a server, and a block by the
running engine really stops it, the connection it has and those it tries, while its neighbour goes on.

Needs to make network namespaces: as root, or by itself in a user namespace (the last test)."""

import http.client
import json
import os
import pathlib
import subprocess
import sys

import pytest

import engine as engine_module
import netlab
from engine import Engine, SOURCE, alert
from waiting import until

CAP_NET_ADMIN = 1 << 12
CRASH = pathlib.Path(os.environ["HIKESHI_BUILD"]) / "hikeshi-crash"
IN_USER_NAMESPACE = os.environ.get("HK_NETLAB") == "user"

permitted = netlab.is_permitted()
needs_netns = pytest.mark.skipif(not permitted, reason="network namespaces can't be made by this user here")

PLAYBOOK = """
return playbook {{
  name = "{word}", summary = "A playbook of the tests",
  on = {{ title = "{name}" }},
  run = function(alert)
    local done, why = act.contain.{action}({{ ip = "{target}" }}, {{ expires = "{expires}", because = {{ alert.title }} }})
    return {{ done = done, why = why }}
  end,
}}
"""


class Net:
    """A lab, and an engine that may filter in its router."""

    def __init__(self, more=""):
        self.lab = netlab.Lab()
        self.number = 0
        attacker, attacker6 = netlab.address("attacker"), netlab.address("attacker", v6=True)
        network6 = attacker6.replace("::2", "::/64")
        self.playbooks = {
            "block": ("block_ip", attacker, "4h"), "block again": ("block_ip", attacker, "2h"),
            "block range": ("block_ip", "198.51.100.4/30", "1h"), "block wide": ("block_ip", "198.0.0.0/8", "1h"),
            "block v6": ("block_ip", attacker6, "1h"), "block v6 range": ("block_ip", network6, "1h"),
            "block other": ("block_ip", "203.0.113.99", "1h"), "block shortly": ("block_ip", attacker, "2s"),
            "block admin": ("block_ip", netlab.address("admin"), "1h"),
            "isolate": ("isolate_host", netlab.address("server"), "1h"),
        }
        self.engine = Engine()
        files = []
        for name, (action, target, expires) in self.playbooks.items():
            word = name.replace(" ", "-")
            file = self.engine.folder / f"{word}.lua"
            file.write_text(PLAYBOOK.format(word=word, name=name, action=action, target=target, expires=expires))
            files.append(str(file))
        self.engine.config = self.engine.folder / "hikeshi.lua"
        self.engine.config.write_text("""
        return hikeshi { tenants = { main = {
          playbooks = { %s },
          plugins = { nftables = {
            options = { management = { "from %s port 22" }, margin = "1s", %s },
            grants = { "net_admin:%s" } } },
          capabilities = {
            ["contain.block_ip"] = "nftables.block", ["release.block_ip"] = "nftables.unblock",
            ["contain.isolate_host"] = "nftables.isolate_host", ["release.isolate_host"] = "nftables.unisolate_host" },
          authority = {
            { name = "low-is-done", kind = "contain", severity = "low", outcome = "do" },
            { name = "a-person-says-yes", kind = "contain", outcome = "ask", role = "approver", expires = "1h" } },
          verify = { every = "1s" }, ready = { every = "1s" }, gaps = { look_every = "200ms" },
        } } }
        """ % (", ".join(map(json.dumps, files)), netlab.address("admin"), more, self.lab.router))

    def start(self):
        self.lab.start()
        self.engine.start()
        self.person = self.engine.token(user="approver-1", role="approver")
        self.sensor = self.engine.token(service="sensor-1", role="analyst")

    def end(self):
        try:
            assert self.engine.stop() == 0
        finally:
            self.engine.remove()
            self.lab.stop()

    def send(self, title, severity="low"):
        """An alert that starts the playbook of that title; its run's id."""
        self.number += 1
        taken = self.engine.post("/v1/alerts", self.sensor,
                                 alert(self.number, title=title, severity=severity, uid=f"{title} {self.number}",
                                       user={"name": f"user-{self.number}"}, src={"ip": f"203.0.113.{self.number}"}))
        assert taken.status == 202, taken.body
        name = taken.json["alerts"][0]["id"]
        runs = until(lambda: self.engine.get(f"/v1/alerts/{name}", self.person).json["runs"], "its run")
        return runs[0]["id"]

    def run(self, run):
        return self.engine.get(f"/v1/runs/{run}", self.person).json

    def of_run(self, run):
        """The containment that the run made, once it is in force."""
        def find():
            items = self.engine.get("/v1/containments?limit=500", self.person).json["items"]
            return [item["id"] for item in items if item["run"] == run and item["state"] == "active"]
        return until(find, "a containment in force")[0]

    def contain(self, title):
        return self.of_run(self.send(title))

    def show(self, containment):
        return self.engine.get(f"/v1/containments/{containment}", self.person).json

    def release(self, containment):
        answer = self.engine.post(f"/v1/containments/{containment}/release", self.person, {"reason": "over"})
        assert answer.status == 200, answer.body
        assert answer.json["state"] == "released"

    def verify(self, containment):
        answer = self.engine.post(f"/v1/containments/{containment}/verify", self.person, {})
        assert answer.status == 200, answer.body
        return answer.json

    def release_all(self):
        for item in self.engine.get("/v1/containments?state=live&limit=500", self.person).json["items"]:
            self.release(item["id"])


def held(net):
    """Elements of the set, from the kernel: (key, seconds left)."""
    listed = json.loads(net.lab.nft("-j", "list", "set", "inet", "hikeshi", "block4_0"))["nftables"][1]["set"]
    return [(item["elem"]["comment"], item["elem"]["expires"]) for item in listed.get("elem", [])]


@pytest.fixture(scope="module")
def shared():
    net = Net()
    try:
        net.start()
        yield net
    finally:
        net.end()


@pytest.fixture
def net(shared):
    yield shared
    shared.release_all()


@pytest.fixture
def own():
    net = Net()
    try:
        net.start()
        yield net
    finally:
        net.end()


@needs_netns
def test_an_approved_block_cuts_the_attacker_off_and_nobody_else(net):
    lab = net.lab
    lab.hold("attacker", "long")
    lab.hold("neighbour", "long")
    lab.agents["server"].ask("connect", name="outward", host=netlab.address("attacker"), port=8000)
    assert lab.talks("attacker", "long") and lab.talks("neighbour", "long") and lab.talks("server", "outward")

    run = net.send("block", severity="critical")
    gates = until(lambda: [g for g in net.engine.get("/v1/approvals?state=pending", net.person).json["items"]
                           if g["run"] == run], "the gate")
    assert gates[0]["summary"] == f"Drop all packets from and to {netlab.address('attacker')}"
    assert lab.talks("attacker", "long")
    decided = net.engine.post(f"/v1/approvals/{gates[0]['id']}/decision", net.person,
                              {"decision": "approve", "digest": gates[0]["digest"]})
    assert decided.status == 200
    containment = net.of_run(run)

    assert not lab.talks("attacker", "long")
    assert not lab.reaches("attacker")
    assert not lab.talks("server", "outward")
    assert not lab.reaches("server", "attacker")
    assert lab.talks("neighbour", "long") and lab.reaches("neighbour")
    assert lab.reaches("attacker", v6=True), "only the address that was named"
    assert net.verify(containment)["check"] == "holds"
    assert "comment \"" + net.show(containment)["key"] in lab.nft("list", "set", "inet", "hikeshi", "block4_0")

    net.release(containment)
    assert lab.reaches("attacker")
    until(lambda: lab.talks("attacker", "long"), "what the connection sends again to arrive")


@needs_netns
@pytest.mark.parametrize("title", ["block v6", "block v6 range"])
def test_ipv6(net, title):
    lab = net.lab
    lab.hold("attacker", title, v6=True)
    containment = net.contain(title)
    assert not lab.talks("attacker", title)
    assert not lab.reaches("attacker", v6=True)
    assert lab.reaches("neighbour", v6=True)
    assert lab.reaches("attacker")
    net.release(containment)
    assert lab.reaches("attacker", v6=True)


@needs_netns
def test_an_address_is_blocked_until_its_last_block_is_released(net):
    lab = net.lab
    blocks = [net.contain(title) for title in ("block", "block range", "block again")]
    for containment in blocks:
        assert net.verify(containment)["check"] == "holds"
    for containment in blocks:
        assert not lab.reaches("attacker")
        net.release(containment)
    assert lab.reaches("attacker")


@needs_netns
def test_an_isolated_host_keeps_its_management_path(net):
    lab = net.lab
    lab.hold("attacker", "before", port=22)
    lab.hold("admin", "before", port=22)
    containment = net.contain("isolate")
    assert not lab.talks("attacker", "before")
    assert not lab.reaches("attacker") and not lab.reaches("neighbour", port=22)
    assert not lab.reaches("server", "neighbour")
    assert lab.talks("admin", "before") and lab.reaches("admin", port=22)
    assert not lab.reaches("admin", port=8000), "management is for the port that was named"
    assert not lab.reaches("server", "admin", port=22), "and for one way of connecting"
    assert lab.reaches("attacker", "neighbour"), "others go on"
    assert net.verify(containment)["check"] == "holds"
    net.release(containment)
    assert lab.reaches("attacker")
    until(lambda: lab.talks("attacker", "before"), "what the connection sends again to arrive")


@needs_netns
@pytest.mark.parametrize("title,why", [("block wide", "widest_v4"), ("block admin", "management")])
def test_what_would_cut_too_much_is_refused(net, title, why):
    run = net.send(title)
    until(lambda: net.run(run)["state"] == "finished", "the end of the run")
    assert why in json.dumps(net.run(run))
    assert net.lab.reaches("admin", port=22)
    assert net.engine.get("/v1/containments?state=live", net.person).json["items"] == []


@needs_netns
def test_what_somebody_else_removes_has_drifted(net):
    """Found on schedule, without anybody asking; and found whole again when it is."""
    lab = net.lab
    containment = net.contain("block")
    assert net.verify(containment)["check"] == "holds"
    lab.nft("flush", "chain", "inet", "hikeshi", "block")
    assert lab.reaches("attacker")
    until(lambda: net.show(containment)["state"] == "drifted", "the drift to be found")
    assert net.show(containment)["found"] == "rules are missing in the chain block"
    assert net.show(containment)["check"] == "drifted"
    listed = net.engine.ok("contain", "list", "--active")
    assert "drifted" in [line for line in listed.splitlines() if line.startswith(containment)][0]
    renewed = net.engine.post(f"/v1/containments/{containment}/renew", net.person, {"for": "5h"})
    assert renewed.status == 409 and "drifted" in renewed.json["detail"]

    net.contain("block other")  # mends the table on its way
    until(lambda: net.show(containment)["state"] == "active", "it to be found whole again")
    assert not lab.reaches("attacker")
    kinds = [entry["kind"] for entry in net.show(containment)["entries"]]
    assert kinds[kinds.index("containment.drifted"):] == ["containment.drifted", "containment.verified"], kinds

    lab.nft("flush", "ruleset")
    verified = net.engine.run("contain", "verify")
    assert verified.returncode == 1
    assert "the table inet hikeshi is gone" in verified.stdout
    assert net.verify(containment)["check"] == "drifted"
    net.release(containment)


@needs_netns
def test_looks_that_find_nothing_new_leave_no_entries(net):
    containment = net.contain("block")
    until(lambda: net.show(containment)["checked"], "the first look")
    before = len(net.show(containment)["entries"])
    for _ in range(3):
        checked = net.show(containment)["checked"]
        until(lambda: net.show(containment)["checked"] != checked, "another look")
    shown = net.show(containment)
    assert shown["check"] == "holds" and len(shown["entries"]) == before
    net.release(containment)
    assert net.show(containment)["checked"] is None


@needs_netns
def test_verify_on_the_command_line(net):
    containment = net.contain("block")
    answer = json.loads(net.engine.ok("contain", "verify", containment, "--json"))["items"][0]
    assert answer["id"] == containment and answer["check"] == "holds" and answer["state"] == "active"
    assert net.engine.run("contain", "verify").returncode == 0
    net.release(containment)
    assert net.engine.run("contain", "verify", containment).returncode == 1
    assert net.engine.run("contain", "verify", "co-nothing").returncode == 3


@needs_netns
def test_a_renewed_block_ends_later_in_the_kernel_too(net):
    containment = net.contain("block")
    assert 4 * 3600 - 60 < held(net)[0][1] <= 4 * 3600 + 1
    answer = net.engine.post(f"/v1/containments/{containment}/renew", net.person, {"for": "9h", "reason": "not over"})
    assert answer.status == 200, answer.body
    assert 9 * 3600 - 60 < held(net)[0][1] <= 9 * 3600 + 1
    assert not net.lab.reaches("attacker")
    kinds = [entry["kind"] for entry in net.show(containment)["entries"]]
    assert kinds.index("containment.renewing") < kinds.index("containment.renewed")

    net.lab.nft("flush", "set", "inet", "hikeshi", "block4_0")
    answer = net.engine.post(f"/v1/containments/{containment}/renew", net.person, {"for": "10h"})
    assert answer.status == 409, answer.body
    assert "under this key" in answer.json["detail"] or "drifted" in answer.json["detail"]


@needs_netns
def test_the_kernel_lets_go_when_nobody_is_left(own):
    own.engine.process.kill()  # to be started once more below, so that nothing waits for its first start
    own.engine.process.wait()
    own.engine.start()
    lab = own.lab
    run = own.send("block shortly")
    until(lambda: not lab.reaches("attacker"), "the block")
    own.engine.process.kill()
    own.engine.process.wait()
    until(lambda: lab.reaches("attacker"), "the time-out of the kernel")
    own.engine.start()
    until(lambda: [item["state"] for item in own.engine.get("/v1/containments", own.person).json["items"]
                   if item["run"] == run] == ["released"], "the release that was due")
    assert lab.reaches("attacker")
    assert own.engine.run("audit", "rebuild", "--check", "--data", own.engine.data).returncode == 0


@needs_netns
def test_blocks_outlive_the_engine_and_are_there_once(own):
    """A restart neither loses nor doubles what holds."""
    lab = own.lab
    containment = own.contain("block")
    own.engine.process.kill()
    own.engine.process.wait()
    assert not lab.reaches("attacker")
    own.engine.start()
    assert own.verify(containment)["check"] == "holds"
    assert len(held(own)) == 1
    own.release(containment)
    assert lab.reaches("attacker")


@pytest.fixture
def crashing(monkeypatch):
    """An engine that ends itself, as a power cut would, at the point that is named."""
    net = Net()
    monkeypatch.setattr(engine_module, "HIKESHI", str(CRASH))
    try:
        net.start()
        yield net
    finally:
        net.engine.extra = {}
        net.end()


def crash_at(net, point):
    assert net.engine.stop() == 0
    net.engine.extra = {"HIKESHI_CRASH": point}
    net.engine.start()


def restart_after_crash(net):
    net.engine.process.wait(timeout=60)
    net.engine.extra = {}
    net.engine.start()


@needs_netns
@pytest.mark.skipif(not CRASH.exists(), reason="hikeshi-crash is not built")
@pytest.mark.parametrize("point", ["after-intent", "after-effect"])
def test_a_crash_neither_loses_nor_doubles_a_block(crashing, point):
    net = crashing
    crash_at(net, point)
    try:
        net.send("block")
    except (http.client.HTTPException, OSError, AssertionError):
        pass  # it ended while it was being asked; the alert was on disk
    restart_after_crash(net)
    runs = [run["id"] for run in net.engine.get("/v1/runs", net.person).json["items"]]
    assert len(runs) == 1
    containment = net.of_run(runs[0])
    assert [key for key, _ in held(net)] == [net.show(containment)["key"]]
    assert not net.lab.reaches("attacker")
    crash_at(net, "releasing")
    with pytest.raises((http.client.HTTPException, OSError)):
        net.release(containment)
    restart_after_crash(net)
    until(lambda: net.show(containment)["state"] == "released", "the release to go on")
    assert held(net) == [] and net.lab.reaches("attacker")


@needs_netns
@pytest.mark.skipif(not CRASH.exists(), reason="hikeshi-crash is not built")
@pytest.mark.parametrize("point", ["renewing", "after-effect"])
def test_a_crash_while_renewing_leaves_the_end_as_it_was(crashing, point):
    net = crashing
    containment = net.contain("block again")
    expires = net.show(containment)["expires"]
    crash_at(net, point)
    with pytest.raises((http.client.HTTPException, OSError)):
        net.engine.post(f"/v1/containments/{containment}/renew", net.person, {"for": "9h"})
    restart_after_crash(net)
    shown = net.show(containment)
    assert shown["state"] == "active" and shown["expires"] == expires
    assert len(held(net)) == 1 and not net.lab.reaches("attacker")
    assert net.engine.post(f"/v1/containments/{containment}/renew", net.person, {"for": "9h"}).status == 200
    assert 9 * 3600 - 60 < held(net)[0][1] <= 9 * 3600 + 1


@needs_netns
def test_a_namespace_that_is_gone_is_told_and_its_successor_taken(own):
    def gaps():
        return [gap["detail"] for gap in own.engine.get("/v1/gaps?state=open", own.person).json["items"]
                if gap["kind"] == "action_not_ready"]

    lab = own.lab
    containment = own.contain("block")
    assert gaps() == []
    lab.ip("netns", "del", lab.router)
    told = until(gaps, "the gap")
    assert any(lab.router in text for text in told), told
    lab.make_router()
    for host in netlab.HOSTS:
        lab.connect(host)
    until(lambda: gaps() == [], "the end of the gap")
    until(lambda: own.show(containment)["state"] == "drifted", "the drift: the new namespace has no table")
    assert lab.reaches("attacker")
    again = own.contain("block again")
    assert not lab.reaches("attacker")
    own.release(again)
    own.release(containment)
    assert lab.reaches("attacker")


@needs_netns
def test_the_granted_process_has_one_capability_and_the_engine_uses_none(net):
    net.contain("block other")
    plugins = net.engine.get("/v1/plugins", net.person).json["items"]
    pid = [plugin["pid"] for plugin in plugins if plugin["name"] == "nftables"][0]

    def said(of, word):
        lines = pathlib.Path(f"/proc/{of}/status").read_text().splitlines()
        return int([line.split()[1] for line in lines if line.startswith(word + ":")][0], 16)

    assert said(pid, "CapEff") == said(pid, "CapPrm") == CAP_NET_ADMIN
    assert said(pid, "CapInh") == said(pid, "CapAmb") == said(pid, "CapBnd") == 0
    assert said(pid, "NoNewPrivs") == 1 and said(pid, "Seccomp") == 2
    assert said(net.engine.process.pid, "CapEff") & (CAP_NET_ADMIN | 1 << 21) == 0
    router = subprocess.run(["ip", "netns", "identify", str(pid)], capture_output=True, text=True, check=True)
    assert router.stdout.strip() == net.lab.router


@needs_netns
def test_without_the_grant_it_does_not_load():
    engine = Engine("""return hikeshi { tenants = { main = { plugins = { nftables = {} } } } }""")
    try:
        engine.start()
        until(lambda: any("it needs net_admin, which is not granted" in line for line in engine.lines), "the refusal")
    finally:
        engine.stop()
        engine.remove()


@pytest.mark.skipif(IN_USER_NAMESPACE, reason="this is in it")
def test_all_of_it_in_a_user_namespace():
    """The same without any privilege of this machine's: engine, plugins and network in a user namespace."""
    inside = ["unshare", "-Urnm", "--", "sh", "-c", "mount -t tmpfs tmpfs /run && ip link set lo up && exec \"$@\"", "sh"]
    if subprocess.run([*inside, "ip", "netns", "add", "probe"], capture_output=True).returncode != 0:
        pytest.skip("user namespaces, or network namespaces in them, can't be made by this user here")
    done = subprocess.run(
        [*inside, sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__,
         "-k", "approved or ipv6 or management_path or drifted or lets_go or one_capability"],
        capture_output=True, text=True, timeout=240, cwd=SOURCE / "tests" / "system",
        env=os.environ | {"HK_NETLAB": "user"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout.splitlines()[-1], done.stdout
