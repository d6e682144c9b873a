"""From a decision to packets dropped: an attacker sends a steady stream through a router to a server, an approver's
decision is posted, and the last packet that still came through is what counts. In the same run the same is done by hand
with `nft add element`, in a table of its own.

Uses the network of the system tests (tests/system/netlab.py)."""

import http.client
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

import netlab  # noqa: E402

ROUNDS = 50
INTERVAL_US = 50
PORT = 9000
QUIET_NS = 20_000_000  # no packet for that long: the stream is cut
PATIENCE_S = 60

PLAYBOOK = """
return playbook {
  name = "drop", summary = "Block the attacker", on = { title = "drop" },
  run = function(alert)
    return { done = act.contain.block_ip({ ip = "%s" }, { expires = "1h", because = { alert.title } }) ~= nil }
  end,
}
"""
CONFIG = """
return hikeshi { log_level = "warning", tenants = { main = {
  playbooks = { "%s" },
  plugins = { nftables = { grants = { "net_admin:%s" } } },
  capabilities = { ["contain.block_ip"] = "nftables.block", ["release.block_ip"] = "nftables.unblock" },
  authority = { { name = "a-person-says-yes", kind = "contain", outcome = "ask", role = "approver", expires = "1h" } },
} } }
"""
BY_HAND = """
add table inet byhand
add set inet byhand blocked { type ipv4_addr; flags interval; }
add chain inet byhand forward { type filter hook forward priority 0; }
add rule inet byhand forward ip saddr @blocked drop
"""


class Stream:
    """The attacker's packets, and how many have come through."""

    def __init__(self, lab, program):
        self.processes = [
            subprocess.Popen(["ip", "netns", "exec", lab.netns("server"), program, "receive", str(PORT)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True),
            subprocess.Popen(["ip", "netns", "exec", lab.netns("attacker"), program, "send",
                              netlab.address("server"), str(PORT), str(INTERVAL_US)], stdin=subprocess.PIPE)]

    def look(self):
        """How many have come, and when the last one did, in nanoseconds."""
        receiver = self.processes[0]
        receiver.stdin.write("?\n")
        receiver.stdin.flush()
        count, last_ns = receiver.stdout.readline().split()
        return int(count), int(last_ns)

    def wait(self, holds):
        end = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > end:
                raise SystemExit("the stream did not do what it should")
            time.sleep(0.002)

    def until_flowing(self):
        before = self.look()[0]
        self.wait(lambda: self.look()[0] > before + 100)

    def until_cut(self):
        """When the last packet came through."""
        self.wait(lambda: time.monotonic_ns() - self.look()[1] > QUIET_NS)
        return self.look()[1]

    def end(self):
        for process in self.processes:
            process.stdin.close()
            process.wait(PATIENCE_S)


class Api:
    """One connection that stays, as a browser has it."""

    def __init__(self, engine):
        self.connection = http.client.HTTPConnection("127.0.0.1", int(engine.port), timeout=PATIENCE_S)

    def call(self, method, path, token, body=None):
        headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)

    def until(self, path, token, holds):
        end = time.monotonic() + PATIENCE_S
        while True:
            found = [item for item in self.call("GET", path, token)["items"] if holds(item)]
            if found:
                return found[0]
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain at {path}")
            time.sleep(0.005)


def decide_round(api, stream, person, sensor, number):
    """Milliseconds from the decision's POST to the last packet."""
    alert = {"title": "drop", "category": "network", "severity": "critical", "uid": f"drop-{number}",
             "time": "2026-01-01T00:00:00Z", "src": {"ip": f"203.0.113.{number + 1}"}}
    api.call("POST", "/v1/alerts", sensor, alert)
    gate = api.until("/v1/approvals?state=pending", person, lambda item: True)
    stream.until_flowing()
    begun = time.monotonic_ns()
    api.call("POST", f"/v1/approvals/{gate['id']}/decision", person,
             {"decision": "approve", "digest": gate["digest"], "reason": "seen"})
    last = stream.until_cut()
    held = api.until("/v1/containments?state=live", person, lambda item: item["state"] == "active")
    api.call("POST", f"/v1/containments/{held['id']}/release", person, {"reason": "next round"})
    stream.until_flowing()
    return (last - begun) / 1e6


def by_hand_round(lab, stream):
    nft = ["nsenter", f"--net=/run/netns/{lab.router}", "nft"]
    element = f"element inet byhand blocked {{ {netlab.address('attacker')} }}"
    stream.until_flowing()
    begun = time.monotonic_ns()
    subprocess.run([*nft, f"add {element}"], check=True)
    last = stream.until_cut()
    subprocess.run([*nft, f"delete {element}"], check=True)
    stream.until_flowing()
    return (last - begun) / 1e6


def measure(own, engine_in, program):
    """(by decision, by hand): milliseconds of each round. engine_in makes an engine in a folder, with a configuration."""
    lab = netlab.Lab()
    engine = stream = None
    try:
        lab.start()
        lab.nft(BY_HAND)
        playbook = own / "drop.lua"
        playbook.write_text(PLAYBOOK % netlab.address("attacker"))
        engine = engine_in(own, "drop", CONFIG % (playbook, lab.router))
        engine.start()
        engine.tool("user", "add", "approver-1", "--role", "approver")
        person = engine.tool("token", "create", "--user", "approver-1").split()[-1]
        sensor = engine.token()
        stream = Stream(lab, program)
        api = Api(engine)
        decided, by_hand = [], []
        for number in range(ROUNDS):
            decided.append(decide_round(api, stream, person, sensor, number))
            by_hand.append(by_hand_round(lab, stream))
        return decided, by_hand
    finally:
        if stream is not None:
            stream.end()
        if engine is not None and engine.process is not None:
            engine.stop()
        lab.stop()
