"""Runs in a network namespace and does what it is told, one JSON object a line (see netlab.py)."""

import itertools
import json
import selectors
import socket
import sys
import threading

MOMENT_S = 0.4  # on one machine an answer takes less than a millisecond
numbers = itertools.count(1)


def serve(ports):
    """Echo whatever comes, over IPv4 and IPv6."""
    selector = selectors.DefaultSelector()
    for port in ports:
        listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        selector.register(listener, selectors.EVENT_READ, True)

    def run():
        while True:
            for key, _ in selector.select():
                if key.data:
                    connection, _ = key.fileobj.accept()
                    selector.register(connection, selectors.EVENT_READ, False)
                    continue
                try:
                    data = key.fileobj.recv(4096)
                except OSError:
                    data = b""
                if data:
                    key.fileobj.sendall(data)
                else:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()

    threading.Thread(target=run, daemon=True).start()


def talk(connection):
    """Send a line; is it what comes back, perhaps after lines that were late?"""
    line = b"%d\n" % next(numbers)
    got = b""
    try:
        connection.sendall(line)
        while not got.endswith(line):
            part = connection.recv(4096)
            if not part:
                return False
            got += part
    except OSError:
        return False
    return True


def main():
    held = {}
    for text in sys.stdin:
        order = json.loads(text)
        ok = True
        if order["op"] == "serve":
            serve(order["ports"])
        elif order["op"] in ("try", "connect"):
            try:
                connection = socket.create_connection((order["host"], order["port"]), timeout=MOMENT_S)
                ok = talk(connection)
                if order["op"] == "connect":
                    held[order["name"]] = connection
                else:
                    connection.close()
            except OSError:
                ok = False
        elif order["op"] == "talk":
            ok = talk(held[order["name"]])
        print(json.dumps({"ok": ok}), flush=True)


main()
