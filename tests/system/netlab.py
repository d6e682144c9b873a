"""A small network of namespaces that really forwards packets:

    attacker ──┐
    neighbour ─┼── router ── server
    admin ─────┘

Each has an IPv4 and an IPv6 address, and programs run in it that talk when they are told to.
"""

import itertools
import json
import os
import pathlib
import select
import subprocess
import sys

from waiting import until

AGENT = pathlib.Path(__file__).parent / "netagent.py"
HOSTS = {"attacker": 1, "neighbour": 2, "admin": 3, "server": 4}
V4 = "198.51.100.{}"
V6 = "2001:db8:{}::2"
labs = itertools.count()


def address(host, v6=False):
    """Of each host a network of its own: four addresses of IPv4, a /64 of IPv6."""
    number = HOSTS[host]
    return V6.format(number) if v6 else V4.format(4 * number + 2)


def is_permitted():
    """May network namespaces be made here?"""
    name = f"hkx{os.getpid()}"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True)
    if done.returncode == 0:
        subprocess.run(["ip", "netns", "del", name], check=True)
    return done.returncode == 0


class Agent:
    """A program in a namespace that serves, connects and talks."""

    def __init__(self, netns):
        self.process = subprocess.Popen(["ip", "netns", "exec", netns, sys.executable, str(AGENT)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, op, **fields):
        self.process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        assert ready, f"no answer to {op}"
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


class Lab:
    def __init__(self):
        self.tag = f"hk{os.getpid() % 100000}{next(labs)}"
        self.router = self.tag + "r"
        self.agents = {}

    def netns(self, host):
        return self.tag + host[:2]

    def ip(self, *args):
        subprocess.run(["ip", *map(str, args)], check=True, capture_output=True)

    def write(self, netns, path, text):
        """A setting of the namespace's network."""
        subprocess.run(["ip", "netns", "exec", netns, "sh", "-c", f"echo {text} >/proc/sys/net/{path}"], check=True)

    def nft(self, *args):
        return subprocess.run(["ip", "netns", "exec", self.router, "nft", *args], check=True,
                              capture_output=True, text=True).stdout

    def make_router(self):
        self.ip("netns", "add", self.router)
        self.write(self.router, "ipv4/ip_forward", 1)
        self.write(self.router, "ipv6/conf/all/forwarding", 1)
        self.ip("-n", self.router, "link", "set", "lo", "up")

    def connect(self, host):
        netns = self.netns(host)
        number = HOSTS[host]
        near, far = f"{self.tag}{number}a", f"{self.tag}{number}b"
        self.ip("link", "add", near, "netns", netns, "type", "veth", "peer", "name", far, "netns", self.router)
        for where, link, last4, last6 in ((netns, near, 2, 2), (self.router, far, 1, 1)):
            self.ip("-n", where, "address", "add", f"198.51.100.{4 * number + last4}/30", "dev", link)
            self.ip("-n", where, "address", "add", f"2001:db8:{number}::{last6}/64", "dev", link, "nodad")
            self.ip("-n", where, "link", "set", link, "up")
        self.ip("-n", netns, "route", "add", "default", "via", f"198.51.100.{4 * number + 1}")
        self.ip("-n", netns, "-6", "route", "add", "default", "via", f"2001:db8:{number}::1")

    def start(self):
        self.make_router()
        for host in HOSTS:
            self.ip("netns", "add", self.netns(host))
            self.ip("-n", self.netns(host), "link", "set", "lo", "up")
            self.connect(host)
            self.agents[host] = Agent(self.netns(host))
            self.agents[host].ask("serve", ports=[22, 8000])
        # The kernel looks at new links once a second, and IPv6 waits for that.
        for host in HOSTS:
            if host != "server":
                until(lambda there=host: self.reaches(there, v6=True), f"IPv6 from {host}")
        return self

    def stop(self):
        for agent in self.agents.values():
            agent.end()
        for netns in [*map(self.netns, HOSTS), self.router]:
            subprocess.run(["ip", "netns", "del", netns], capture_output=True)

    # --- what the tests say ---

    def reaches(self, host, peer="server", v6=False, port=8000):
        """Does a new connection come about, and an answer over it?"""
        return self.agents[host].ask("try", host=address(peer, v6), port=port)["ok"]

    def hold(self, host, name, peer="server", v6=False, port=8000):
        """Make a connection that stays."""
        assert self.agents[host].ask("connect", name=name, host=address(peer, v6), port=port)["ok"]

    def talks(self, host, name):
        """Does something sent over it come back in a moment?"""
        return self.agents[host].ask("talk", name=name)["ok"]
