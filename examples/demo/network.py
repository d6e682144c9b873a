#!/usr/bin/python3
"""What stands around the demo's firewall: a server behind it, and visitors in front of it.

    network.py server --listen ADDR:PORT --eve FILE      asks for a password; writes an alert about who guesses
    network.py visitor --from ADDR --to ADDR:PORT        connects from an address of its own, again and again
    network.py visitor --as ADDR --to ADDR:PORT          the same, but says in a first line where it comes from
    ... --guesses                                        and tries a wrong password each time

All tell what happens as one JSON object a line on stdout. The alerts are lines of Suricata's EVE format.
"""
import argparse
import contextlib
import datetime
import json
import socket
import threading
import time

GREETING = b"SSH-2.0-demo\r\n"
WRONG = b"password 123456\r\n"
GUESSES_MAX = 5  # wrong passwords from one address, then the sensor speaks up
TIMEOUT_S = 1


def tell(**event):
    print(json.dumps({"time": time.time(), **event}), flush=True)


class Sensor:
    """Counts wrong passwords, and writes an alert when it has seen enough of them."""

    def __init__(self, file):
        self.file = file
        self.lock = threading.Lock()
        self.wrong = {}

    def saw_wrong_password(self, peer, here):
        with self.lock:
            self.wrong[peer[0]] = self.wrong.get(peer[0], 0) + 1
            if self.wrong[peer[0]] == GUESSES_MAX:
                self.write(peer, here)

    def write(self, peer, here):
        now = datetime.datetime.now().astimezone()
        alert = {
            "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%f%z"), "event_type": "alert", "host": "sensor-1",
            "src_ip": peer[0], "src_port": peer[1], "dest_ip": here[0], "dest_port": here[1], "proto": "TCP",
            "alert": {"action": "allowed", "gid": 1, "signature_id": 9000001, "rev": 1, "severity": 1,
                      "signature": "HIKESHI DEMO SSH password guessing, many failures from one source",
                      "category": "Unsuccessful User Privilege Gain",
                      "metadata": {"signature_severity": ["Critical"]}}}
        with open(self.file, "a", encoding="utf-8") as out:
            out.write(json.dumps(alert) + "\n")
        tell(event="alert", source=peer[0])


def greet(client, peer, here, sensor):
    with client, contextlib.suppress(OSError):
        client.settimeout(10)
        client.sendall(GREETING)
        if client.recv(len(WRONG)) == WRONG and sensor:
            sensor.saw_wrong_password(peer, here)


def server(listen, eve):
    host, _, port = listen.rpartition(":")
    sensor = Sensor(eve) if eve else None
    with socket.create_server((host, int(port))) as listener:
        here = listener.getsockname()
        tell(event="listening", port=here[1])
        while True:
            client, peer = listener.accept()
            threading.Thread(target=greet, args=(client, peer, here, sensor), daemon=True).start()


def gets_through(options):
    """Does the server's greeting arrive?"""
    host, _, port = options.to.rpartition(":")
    source = (options.source, 0) if options.source else None
    try:
        with socket.create_connection((host, int(port)), TIMEOUT_S, source) as connection:
            if options.claimed:
                connection.sendall(f"PROXY TCP4 {options.claimed} 192.0.2.10 50000 22\r\n".encode())
            through = connection.recv(len(GREETING)) == GREETING
            connection.sendall(WRONG if options.guesses else b"bye\r\n")
            return through
    except OSError:
        return False


def visitor(options):
    while True:
        tell(event="through" if gets_through(options) else "cut off")
        time.sleep(options.every)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("server", "visitor"))
    parser.add_argument("--listen", default="127.0.0.1:0", help="ADDR:PORT of the server")
    parser.add_argument("--eve", help="where the server's sensor writes its alerts")
    parser.add_argument("--from", dest="source", help="the visitor's address")
    parser.add_argument("--as", dest="claimed", help="the address that the visitor says it has")
    parser.add_argument("--to", help="ADDR:PORT that the visitor connects to")
    parser.add_argument("--guesses", action="store_true", help="try a wrong password each time")
    parser.add_argument("--every", type=float, default=0.2, help="seconds between connections")
    options = parser.parse_args()
    if options.what == "server":
        server(options.listen, options.eve)
    if not options.to:
        parser.error("a visitor needs --to")
    visitor(options)


if __name__ == "__main__":
    main()
