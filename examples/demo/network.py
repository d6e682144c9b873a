#!/usr/bin/python3
"""What stands around the demo's firewall: a server behind it, and visitors in front of it.

    network.py server                                    greets whoever connects
    network.py visitor --as 203.0.113.66 --to ADDR:PORT  connects again and again, and tells how it went

Both tell what happens as one JSON object a line on stdout.
"""
import argparse
import contextlib
import json
import socket
import time

GREETING = b"SSH-2.0-demo\r\n"


def tell(**event):
    print(json.dumps({"time": time.time(), **event}), flush=True)


def server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tell(event="listening", port=listener.getsockname()[1])
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                client.sendall(GREETING)


def gets_through(source, to):
    """Does the server's greeting arrive?"""
    host, _, port = to.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=2) as connection:
            connection.sendall(f"PROXY TCP4 {source} 192.0.2.10 50000 22\r\n".encode())
            return connection.recv(len(GREETING)) == GREETING
    except OSError:
        return False


def visitor(source, to, every):
    while True:
        tell(event="through" if gets_through(source, to) else "cut off")
        time.sleep(every)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("server", "visitor"))
    parser.add_argument("--as", dest="source", help="the address that the visitor comes from")
    parser.add_argument("--to", help="ADDR:PORT of the firewall")
    parser.add_argument("--every", type=float, default=0.2, help="seconds between connections")
    options = parser.parse_args()
    if options.what == "server":
        server()
    if not options.source or not options.to:
        parser.error("a visitor needs --as and --to")
    visitor(options.source, options.to, options.every)


if __name__ == "__main__":
    main()
