"""Where the demo's attack happens: in network namespaces, or where there are none, around a small firewall.

A lab has `firewall` (the plugin that blocks), `up(demo)` before the engine starts, `network_up(demo)` after it, which
gives (name, address, command) of the attacker and the neighbour, and `alerts(demo)`, the file of alerts to send.
"""
import json
import pathlib
import subprocess
import sys

from players import DemoError, Player

HERE = pathlib.Path(__file__).resolve().parent
NETWORK = [sys.executable, str(HERE / "network.py")]
ATTACKER = "203.0.113.66"
NEIGHBOUR = "203.0.113.67"
SITE = "203.0.113.1"
NETNS = pathlib.Path("/run/netns")


class ListLab:
    """The block list of the edl plugin, and a firewall that polls it. Needs no rights at all."""

    firewall = "edl"

    def up(self, demo):
        demo.paper.say("lab", "network namespaces can't be made here, so the firewall is a small program "
                       "that polls the block list")

    @staticmethod
    def on_list(demo):
        def tell(event):
            if event["event"] == "list":
                entries = ", ".join(entry.removesuffix("/32") for entry in event["entries"])
                demo.paper.say("firewall", f"polled the list: {entries or 'empty'}", when=event["time"])
            elif event["event"] == "poll failed":
                demo.paper.say("firewall", f"could not poll the list: {event['why']}", when=event["time"])
        return tell

    def network_up(self, demo):
        server = Player(demo, "the server", [*NETWORK, "server"], None)
        port = server.wait_for("listening", "the server comes up")["port"]
        wall = Player(
            demo, "the firewall",
            [sys.executable, str(HERE / "firewall.py"), "--to", f"127.0.0.1:{port}", "--list",
             f"http://{demo.address}/lists/clinic/edl/blocklist.txt", "--every", "0.3"],
            self.on_list(demo), demo.tokens["firewall-1"])
        port = wall.wait_for("listening", "the firewall comes up")["port"]
        demo.paper.say("firewall", "guards a server; polls /lists/clinic/edl/blocklist.txt")
        for name, source in (("attacker", ATTACKER), ("neighbour", NEIGHBOUR)):
            yield name, source, [*NETWORK, "visitor", "--as", source, "--to", f"127.0.0.1:{port}"]

    def alerts(self, demo):
        return HERE / "alerts.eve.jsonl"


class NamespaceLab:
    """Two network namespaces: `outside`, where an attacker and a neighbour have addresses, and `site`, with a server
    that they reach, whose packet filter the nftables plugin sets. Made in a mount namespace of the demo's own."""

    firewall = "nftables"

    @staticmethod
    def ip(*words):
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoError(f"ip {' '.join(words)}: {done.stderr.strip()}")

    def up(self, demo):
        NETNS.mkdir(exist_ok=True)
        for name in ("site", "outside"):
            # Not `ip netns add`, which goes back to the namespace that it came from: a user namespace may not.
            (NETNS / name).touch()
            subprocess.run(["unshare", f"--net={NETNS / name}", "true"], check=True)
            self.ip("-n", name, "link", "set", "lo", "up")
        self.ip("-n", "site", "link", "add", "wan", "type", "veth", "peer", "name", "lan", "netns", "outside")
        self.ip("-n", "site", "address", "add", f"{SITE}/24", "dev", "wan")
        for source in (ATTACKER, NEIGHBOUR):
            self.ip("-n", "outside", "address", "add", f"{source}/24", "dev", "lan")
        self.ip("-n", "site", "link", "set", "wan", "up")
        self.ip("-n", "outside", "link", "set", "lan", "up")
        demo.paper.say("lab", f"two network namespaces: outside with {ATTACKER} and {NEIGHBOUR}, and the "
                       f"customer's site at {SITE}")

    @staticmethod
    def on_server(demo):
        def tell(event):
            if event["event"] == "alert":
                demo.paper.say("sensor", f"{event['source']} guesses passwords: an alert, into eve.json, "
                               "which the engine follows", when=event["time"])
        return tell

    def network_up(self, demo):
        enter = ["ip", "netns", "exec"]
        server = Player(demo, "the server", [*enter, "site", *NETWORK, "server", "--listen", f"{SITE}:0", "--eve",
                                             str(demo.home / "eve.json")], self.on_server(demo))
        port = server.wait_for("listening", "the server comes up")["port"]
        demo.paper.say("server", f"listens on {SITE}:{port}; a packet filter stands before it")
        visitor = [*enter, "outside", *NETWORK, "visitor", "--to", f"{SITE}:{port}"]
        yield "attacker", ATTACKER, [*visitor, "--from", ATTACKER, "--guesses"]
        yield "neighbour", NEIGHBOUR, [*visitor, "--from", NEIGHBOUR]

    def alerts(self, demo):
        """All but those about the attacker: the site's own sensor sees that one."""
        lines = (HERE / "alerts.eve.jsonl").read_text(encoding="utf-8").splitlines()
        file = demo.home / "alerts.eve.jsonl"
        file.write_text("".join(line + "\n" for line in lines if json.loads(line)["src_ip"] != ATTACKER),
                        encoding="utf-8")
        return file
