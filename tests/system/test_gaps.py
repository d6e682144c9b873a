"""What is not covered is said: opened once, closed once, over a restart too."""

import json
import socket
import threading

import pytest

from engine import Engine, alert
from waiting import until

CONFIG = """return hikeshi {
  tenants = {
    main = { gaps = { look_every = "200ms", silent_after = { ["fw-1"] = "2s", never = "1s" } } },
    other = { gaps = { look_every = "200ms" } },
  },
}
"""


@pytest.fixture
def watching():
    it = Engine(CONFIG)
    try:
        yield it
    finally:
        it.remove()


def gaps(engine, state="open", tenant="main"):
    return {item["name"]: item
            for item in engine.document("gap", "list", "--state", state, "--tenant", tenant)["items"]}


def test_a_silent_source_is_a_gap_until_it_speaks_again(watching):
    watching.start()
    sensor = watching.token(service="sensor-1", role="analyst", tenant="main")
    watching.post("/v1/alerts?source=fw-1", sensor, alert(1, severity="low"))
    assert "fw-1" not in gaps(watching)
    gap = until(lambda: gaps(watching).get("fw-1"), "the source to be missed")
    assert gap["kind"] == "source_silent" and "nothing for" in gap["detail"]
    until(lambda: "never" in gaps(watching), "the source that never came")
    assert b'hikeshi_gaps{kind="source_silent"} 2' in watching.get("/metrics").body

    watching.process.kill()  # it stays open, and is not opened twice
    watching.process.wait()
    watching.start()
    assert "fw-1" in gaps(watching)
    watching.post("/v1/alerts?source=fw-1", sensor, alert(2, severity="low"))
    until(lambda: "fw-1" not in gaps(watching), "the gap to be closed")
    assert gaps(watching, "closed")["fw-1"]["ended"]
    kinds = [json.loads(line)["line"].split()[3] for line in
             watching.ok("audit", "show", "--subject", gap["id"], "--jsonl", "--tenant", "main").splitlines()]
    assert kinds == ["gap.opened", "gap.closed"]
    still = gaps(watching)["never"]  # looked at since, with no word of when it was last heard of
    assert len(watching.ok("audit", "show", "--subject", still["id"], "--jsonl", "--tenant", "main").splitlines()) == 1
    assert not gaps(watching, tenant="other")
    assert watching.stop() == 0
    assert watching.document("audit", "rebuild", "--check")["ok"] is True


def test_the_rhythm_is_kept_over_a_restart(watching):
    watching.start()
    sensor = watching.token(service="sensor-1", role="analyst", tenant="main")
    for number in range(1, 4):
        watching.post("/v1/alerts?source=other-source", sensor, alert(number, severity="low"))
    assert watching.stop() == 0
    watching.start()
    assert watching.stop() == 0
    assert watching.document("audit", "verify")["ok"] is True


NOT_READY = """return hikeshi {
  tenants = { main = {
    gaps = { look_every = "200ms" }, ready = { every = "1s" },
    plugins = { http = { options = { hosts = { away = { url = "http://127.0.0.1:%d/", cleartext = true, check = "status", allow = { "get", "post" } } } },
                         grants = { "net:127.0.0.1:%d" } } },
    capabilities = { ["enrich.away"] = "http.get" },
  } },
}
"""


def test_an_action_that_could_not_be_carried_out_is_a_gap():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]  # bound, and nobody listens
        it = Engine(NOT_READY % (port, port))
        try:
            it.start()
            gap = until(lambda: [g for g in gaps(it).values() if g["kind"] == "action_not_ready"], "the gap")[0]
            assert gap["name"] == "enrich.away (http.get)" and gap["detail"]
            place.listen(16)
            answering = threading.Thread(target=answer_all, args=(place,), daemon=True)
            answering.start()
            until(lambda: not [g for g in gaps(it).values() if g["kind"] == "action_not_ready"], "its end")
        finally:
            it.remove()


def answer_all(place):
    while True:
        try:
            client, _ = place.accept()
        except OSError:
            return
        with client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
