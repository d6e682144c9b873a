"""The page on which a person decides: its size, and how long it takes from the request to its last byte, against a bare
file (the pages' own style sheet) over the same kind of connection, one after the other.

Uses the browser without script of the system tests (tests/system/browser.py)."""

import http.client
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

ROUNDS = 300


def timed(connection, path, cookie):
    """Milliseconds, and the body."""
    begun = time.monotonic()
    connection.request("GET", path, headers={"Cookie": cookie, "Accept-Language": "ja"})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status)
    return (time.monotonic() - begun) * 1000, body


def measure(engine, hikeshi):
    """Sizes and times of page and style sheet: {"page": [ms…], "file": [ms…], "page_bytes", "css_bytes"}."""
    from browser import Browser  # noqa: PLC0415: needs python3-requests, as nothing else here does

    engine.start()
    said = subprocess.run([hikeshi, "user", "add", "approver-1", "--role", "approver", "--data", str(engine.data)],
                          capture_output=True, text=True, check=True).stdout
    me = Browser(f"http://127.0.0.1:{engine.port}")
    me.set_password("/link/" + re.search(r"/link/([0-9a-f]+)", said).group(1))
    me.log_in("approver-1")
    sent = me.session.post(f"{me.base}/v1/alerts", headers={"Authorization": f"Bearer {engine.token()}"}, json={
        "title": "Password guessing", "category": "authentication", "severity": "critical",
        "src": {"ip": "203.0.113.66"}, "device": {"host": "vpn-1"}, "user": {"name": "clerk-7"}}, timeout=60)
    assert sent.status_code == 202, sent.text
    end = time.monotonic() + 60
    gates = []
    while not gates:
        assert time.monotonic() < end, "no question came up"
        gates = [link for link in me.get("/").links if link and link.startswith("/approvals/ga-")]
    cookie = "; ".join(f"{it.name}={it.value}" for it in me.session.cookies)
    css = next(link for link in me.get("/").links if link.endswith(".css"))
    connection = http.client.HTTPConnection("127.0.0.1", int(engine.port), timeout=60)
    found = {"page": [], "file": []}
    for _ in range(ROUNDS):  # taking turns, since machines drift
        ms, page = timed(connection, gates[0], cookie)
        found["page"].append(ms)
        ms, file = timed(connection, css, cookie)
        found["file"].append(ms)
    engine.stop()
    return found | {"page_bytes": len(page), "css_bytes": len(file)}
