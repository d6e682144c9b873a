"""GET /v1/events: what is new comes at once, nothing is told twice or left out, and nobody's wait holds anything up."""

import json
import threading
import time

from engine import alert
from waiting import until


def parse(answer):
    """[(id, event, data)] and the cursor that the answer ends with."""
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "text/event-stream"
    events, cursor = [], None
    for block in answer.body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        cursor = fields.get("id", cursor)
        if "data" in fields:
            events.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return events, cursor


def look(engine, token, cursor=None, wait=25):
    headers = {"Last-Event-ID": cursor} if cursor else {}
    return parse(engine.get(f"/v1/events?wait={wait}", token, headers=headers))


def follow(engine, token, cursor, until_kind, subject=None):
    found = []
    end = time.monotonic() + 60
    while not [it for it in found if it[1] == until_kind and subject in (None, it[2]["subject"])]:
        assert time.monotonic() < end, found
        events, cursor = look(engine, token, cursor)
        found += events
    return found, cursor


def test_every_role_may_follow(engine, tokens):
    for token in tokens.values():
        assert look(engine, token, wait=0)[0] == []


def test_who_waits_is_told_as_it_happens(engine, tokens, sensor):
    viewer = tokens["viewer"]
    _, start = look(engine, viewer, wait=0)
    told = []
    waiter = threading.Thread(target=lambda: told.append(look(engine, viewer, start)))
    begun = time.monotonic()
    waiter.start()
    sent = engine.post("/v1/alerts", sensor, alert(1)).json["alerts"][0]["id"]
    waiter.join(20)
    assert not waiter.is_alive() and time.monotonic() - begun < 20, "it was told when its time was over"
    events, _ = told[0]
    assert [kind for _, kind, data in events if data["subject"] == sent][0] == "alert.received"
    found, _ = follow(engine, viewer, start, "gate.opened")
    assert {"alert.received", "run.started", "gate.opened"} <= {kind for _, kind, _ in found}


def test_each_is_told_once_wherever_one_goes_on(engine, tokens, sensor):
    viewer = tokens["viewer"]
    _, start = look(engine, viewer, wait=0)
    sent = [engine.post("/v1/alerts", sensor, alert(number)).json["alerts"][0]["id"] for number in range(10, 16)]
    found, _ = follow(engine, viewer, start, "alert.routed", sent[-1])
    until(lambda: not [it for it in engine.get("/v1/runs", viewer).json["items"] if it["state"] == "running"], "quiet")
    whole, end = look(engine, viewer, start, wait=0)
    seqs = [data["seq"] for _, _, data in whole]
    assert seqs == sorted(set(seqs))
    assert {data["seq"] for _, _, data in found} <= set(seqs)
    for index in (0, len(whole) // 2, len(whole) - 2):
        rest, again = look(engine, viewer, whole[index][0], wait=0)
        assert rest == whole[index + 1:]
        assert again == end
    assert look(engine, viewer, end, wait=0) == ([], end)
    assert parse(engine.get(f"/v1/events?wait=0&after={whole[-2][0]}", viewer))[0] == whole[-1:]


def test_people_and_their_sessions_are_not_told(engine, tokens):
    viewer = tokens["viewer"]
    _, start = look(engine, viewer, wait=0)
    engine.token(user="somebody-else", role="viewer")
    entries = engine.get("/v1/tenants/main/audit/entries?limit=500", tokens["auditor"]).json["items"]
    assert [it for it in entries if " user.added " in it["line"]]
    assert look(engine, viewer, start, wait=0)[0] == []
    assert look(engine, viewer, start, wait=0)[1] != start


def test_a_cursor_that_was_never_given_is_refused_or_begins_anew(engine, tokens):
    viewer = tokens["viewer"]
    for cursor in ("ev12", "xx0000000000000000", "ev000000000000000g", "ev" + "0" * 17, "al-1"):
        answer = engine.get("/v1/events?wait=0", viewer, headers={"Last-Event-ID": cursor})
        assert answer.status == 400, cursor
    assert engine.get("/v1/events?wait=26", viewer).status == 400
    assert engine.get("/v1/events?wait=0").status == 401
    for beyond in ("ev00000000ffffffff", "ev" + "f" * 16):
        events, cursor = look(engine, viewer, beyond, wait=25)
        assert [kind for _, kind, _ in events] == ["reset"]
        assert look(engine, viewer, cursor, wait=0) == ([], cursor)


def test_a_stop_waits_for_nobody_and_the_next_engine_goes_on(fresh):
    fresh.start()
    viewer, sensor = fresh.token(user="viewer-1", role="viewer"), fresh.token(service="sensor-1", role="analyst")
    _, cursor = look(fresh, viewer, wait=0)
    told = []
    waiters = [threading.Thread(target=lambda: told.append(look(fresh, viewer, cursor))) for _ in range(60)]
    for waiter in waiters:
        waiter.start()
    # More than may wait are told so at once, and asked to come again later.
    until(lambda: len(told) >= 12, "those for whom there is no place", 20)
    begun = time.monotonic()
    assert fresh.stop() == 0
    for waiter in waiters:
        waiter.join(20)
    assert time.monotonic() - begun < 20
    assert told == [([], cursor)] * 60
    fresh.start()
    sent = fresh.post("/v1/alerts", sensor, alert(1)).json["alerts"][0]["id"]
    events, _ = look(fresh, viewer, cursor)
    assert sent in [data["subject"] for _, _, data in events]
