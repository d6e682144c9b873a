#!/usr/bin/python3
"""A small firewall that polls a block list and decides with it.

It relays TCP connections to one server. Who connects says in a first line where the connection comes
from (PROXY protocol, version 1); a source that the polled list covers is reset before a byte is
relayed, and connections that it has open are cut. Nothing here needs root: it stands where a packet
filter would stand, and does with the list what a packet filter would do.

    firewall.py --to 127.0.0.1:22 --list http://127.0.0.1:8686/lists/main/edl/blocklist.txt

The token for the list is taken from HIKESHI_TOKEN. When a poll fails, the last list stays in force.
Tells what it does as one JSON object a line on stdout.
"""
import argparse
import base64
import contextlib
import http.client
import ipaddress
import json
import os
import selectors
import socket
import struct
import sys
import threading
import time
import urllib.parse

FIRST_LINE_MAX = 107  # as the PROXY protocol says


def tell(**event):
    print(json.dumps({"time": time.time(), **event}), flush=True)


class BlockList:
    """The polled list, as networks. Unchanged lists cost one answer 304."""

    def __init__(self, url, token):
        self.url = urllib.parse.urlsplit(url)
        login = base64.b64encode(f"poll:{token}".encode()).decode()
        self.headers = {"Authorization": f"Basic {login}"}
        self.networks = []
        self.failed = None

    def fetch(self):
        connection = http.client.HTTPConnection(self.url.netloc, timeout=5)
        try:
            connection.request("GET", self.url.path, headers=self.headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status == 304:
            return None
        if answer.status != 200:
            raise OSError(f"the engine answered {answer.status}")
        if answer.getheader("ETag"):
            self.headers["If-None-Match"] = answer.getheader("ETag")
        return [ipaddress.ip_network(line) for line in body.decode("ascii").split()]

    def poll(self):
        """True when the list is another one than before."""
        try:
            networks = self.fetch()
        except (OSError, ValueError, http.client.HTTPException) as error:
            if self.failed != str(error):
                self.failed = str(error)
                tell(event="poll failed", why=self.failed)
            return False
        self.failed = None
        if networks is None or networks == self.networks:
            return False
        self.networks = networks
        return True

    def covers(self, address):
        return any(address in network for network in self.networks
                   if network.version == address.version)


def read_source(client):
    """The address in the PROXY line, read without taking a byte too many."""
    line = b""
    while not line.endswith(b"\r\n"):
        byte = client.recv(1)
        if not byte or len(line) >= FIRST_LINE_MAX:
            raise ValueError("no PROXY line")
        line += byte
    words = line.decode("ascii").split()
    if len(words) != 6 or words[0] != "PROXY" or words[1] not in ("TCP4", "TCP6"):
        raise ValueError("no PROXY line")
    return ipaddress.ip_address(words[2])


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Firewall:
    def __init__(self, block_list, server):
        self.block_list = block_list
        self.server = server
        self.lock = threading.Lock()
        self.relayed = {}  # client socket: source

    def poll_for_ever(self, every):
        while True:
            if self.block_list.poll():
                tell(event="list", entries=[str(n) for n in self.block_list.networks])
                self.cut()
            time.sleep(every)

    def cut(self):
        with self.lock:
            for client, source in self.relayed.items():
                if self.block_list.covers(source):
                    with contextlib.suppress(OSError):
                        client.shutdown(socket.SHUT_RDWR)

    def serve(self, client):
        client.settimeout(5)
        try:
            source = read_source(client)
        except (OSError, ValueError):
            reset(client)
            return
        with self.lock:  # so that no new list comes between the look and the entry
            if self.block_list.covers(source):
                reset(client)
                return
            self.relayed[client] = source
        try:
            with socket.create_connection(self.server, timeout=5) as server:
                self.relay(client, server)
        except OSError:
            pass
        finally:
            with self.lock:
                del self.relayed[client]
            client.close()

    @staticmethod
    def relay(client, server):
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    key.data.sendall(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", default="127.0.0.1:0", help="ADDR:PORT; port 0: any free one")
    parser.add_argument("--to", required=True, help="ADDR:PORT of the server behind it")
    parser.add_argument("--list", required=True, help="URL of the block list")
    parser.add_argument("--every", type=float, default=30, help="seconds between polls")
    options = parser.parse_args()
    if not os.environ.get("HIKESHI_TOKEN"):
        sys.exit("firewall: HIKESHI_TOKEN is not set")

    host, _, port = options.listen.rpartition(":")
    to_host, _, to_port = options.to.rpartition(":")
    firewall = Firewall(BlockList(options.list, os.environ["HIKESHI_TOKEN"]),
                        (to_host, int(to_port)))
    with socket.create_server((host, int(port))) as listener:
        if not firewall.block_list.poll() and firewall.block_list.failed:
            sys.exit(f"firewall: {options.list}: {firewall.block_list.failed}")
        threading.Thread(target=firewall.poll_for_ever, args=(options.every,),
                         daemon=True).start()
        tell(event="listening", port=listener.getsockname()[1])
        while True:
            client, _ = listener.accept()
            threading.Thread(target=firewall.serve, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
