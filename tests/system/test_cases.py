"""Alerts become cases: joined by what they share, worked on, merged and split, closed, and told in order."""

import concurrent.futures
import hashlib
import json
import os

import pytest

from engine import alert
from waiting import until
from work import Work, act, close, contain

TASK = {"op": "case", "args": {}}


@pytest.fixture
def start():
    engines = []

    def make(**tenants):
        engines.append(Work(**tenants))
        return engines[-1].start()
    yield make
    for engine in engines:
        engine.remove()


@pytest.fixture(scope="module")
def engine():
    it = Work()
    try:
        yield it.start()
    finally:
        it.remove()


def kill(engine):
    os.kill(engine.process.pid, 9)
    engine.process.wait()
    engine.audit()
    engine.start()


# --- opened and joined ---

def test_alerts_that_share_something_are_one_case(engine):
    first = engine.send(user={"name": "a.clerk"}, title="First", severity="medium")
    second = engine.send(user={"name": "A.CLERK"}, device={"host": "fin-pc-12"}, severity="critical")
    third = engine.send(user=None, device={"host": "FIN-PC-12."}, severity="low")  # not by the user, and milder than what opens
    other = engine.send()
    case = engine.case_of(first)
    assert case and engine.case_of(second) == engine.case_of(third) == case != engine.case_of(other)
    shown = engine.case(case)
    assert (shown["title"], shown["severity"], shown["state"], shown["phase"]) == (
        "First", "critical", "open", "identify")
    assert shown["counts"]["alerts"] == shown["alert_count"] == 3
    assert {(one["type"], one["value"]) for one in shown["entities"]} == {("user", "a.clerk"), ("host", "fin-pc-12")}
    timeline = engine.of(f"/v1/cases/{case}/timeline")["items"]
    joined = [item for item in timeline if item["kind"] == "case.joined"]
    assert [(item["subject"], item["what"]["entity"]) for item in joined] == [
        (second, "user:a.clerk"), (third, "host:fin-pc-12")]


def test_what_is_mild_opens_none(engine):
    assert engine.case_of(engine.send(severity="low")) is None


def test_what_no_playbook_wants_is_in_none(engine):
    answer = engine.post("/v1/alerts", engine.people()["sensor"],
                         alert(9, uid="unwanted", category="web", user={"name": "unwanted"}))
    assert engine.case_of(answer.json["alerts"][0]["id"]) is None


def test_ignored_common_and_closed(start):
    engine = start(main={"more": """
      lists = { noise = { "svc-*" } },
      cases = { join_by = { "user", "src.ip" }, ignore = { "list:noise", "198.51.100.0/24" }, window = "1h" },"""})
    same = dict(device={"host": "proxy-1"})  # which is not joined by here
    users = [engine.case_of(engine.send(user={"name": "svc-backup"}, src={"ip": "198.51.100.7"}, **same))
             for _ in range(3)]
    assert len(set(users)) == 3 and None not in users
    closed = engine.case_of(engine.send(user={"name": "b.clerk"}))
    engine.do(f"/v1/cases/{closed}/close", {"verdict": "expected"})
    again = engine.case_of(engine.send(user={"name": "b.clerk"}))
    assert again != closed and engine.case(again)["follows"] == closed
    assert [one["id"] for one in engine.case(again)["similar"]] == [closed]
    engine.do(f"/v1/cases/{again}/close", {"verdict": "expected"})
    engine.do(f"/v1/cases/{closed}/reopen", {"reason": "not so"})
    assert engine.case_of(engine.send(user={"name": "b.clerk"})) == closed


def test_after_a_restart_it_goes_on(start):
    engine = start()
    case = engine.case_of(engine.send(user={"name": "a.clerk"}))
    merged = engine.case_of(engine.send(user={"name": "b.clerk"}))
    engine.do(f"/v1/cases/{merged}/merge", {"into": case})
    shut = engine.case_of(engine.send(user={"name": "c.clerk"}))
    engine.do(f"/v1/cases/{shut}/close", {"verdict": "expected"})
    kill(engine)
    assert engine.case_of(engine.send(user={"name": "a.clerk"})) == case
    assert engine.case_of(engine.send(user={"name": "b.clerk"})) == case  # where it was merged into
    assert engine.case_of(engine.send(user={"name": "c.clerk"})) != shut


def test_two_tenants_share_no_case(start):
    engine = start(one={}, two={})
    alerts = {name: engine.send(user={"name": "a.clerk"}, tenant=name) for name in ("one", "two")}
    cases = {name: engine.case_of(alerts[name], name) for name in alerts}
    assert cases["one"] != cases["two"]
    assert engine.case_of(engine.send(user={"name": "a.clerk"}, tenant="two"), "two") == cases["two"]
    foreign = cases["one"]
    body = {"note": {"text": "x"}, "assign": {"to": "analyst-1"}, "phase": {"phase": "learn"}, "summary": {"title": "x"},
            "evidence": {"name": "x", "text": "x"}, "task": {"title": "x"}, "close": {"verdict": "expected"},
            "reopen": {}, "unmerge": {}, "release": {"reason": "x"},
            "merge": {"into": cases["two"]}, "split": {"alert": alerts["one"]}}
    for verb, sent in body.items():
        answer = engine.post(f"/v1/cases/{foreign}/{verb}", engine.people("two")["approver"], sent)
        assert answer.status == 404, (verb, answer.status, answer.body)
        assert b"a.clerk" not in answer.body and b"Alert" not in answer.body
    for path in (f"/v1/cases/{foreign}", f"/v1/cases/{foreign}/timeline"):
        assert engine.get(path, engine.people("two")["analyst"]).status == 404
    # nor does one's own case go into theirs, or take their alerts
    mine = cases["two"]
    assert engine.post(f"/v1/cases/{mine}/merge", engine.people("two")["analyst"], {"into": foreign}).status == 404
    assert engine.post(f"/v1/cases/{mine}/split", engine.people("two")["analyst"], {"alert": alerts["one"]}).status == 404
    assert engine.post(f"/v1/cases/{mine}/evidence", engine.people("two")["analyst"],
                       {"name": "x", "entry": 10 ** 9}).status == 404
    assert engine.case(foreign, "one")["state"] == "open" and engine.case(foreign, "one")["notes"] == []
    assert engine.stop() == 0
    engine.audit()


# --- worked on ---

def test_people_write_into_it(engine):
    case = engine.case_of(engine.send())
    path = f"/v1/cases/{case}"
    assert engine.do(path + "/assign", {"to": "analyst-1"})["assignee"] == "analyst-1"
    engine.do(path + "/assign", {"to": "nobody-1"}, status=400)
    assert engine.do(path + "/phase", {"phase": "contain", "reason": "it spreads"})["phase"] == "contain"
    engine.do(path + "/phase", {"phase": "later"}, status=400)
    engine.do(path + "/summary", {"happening": "it spreads", "do_now": "pull the plug"})
    engine.do(path + "/summary", {"impact": "two clerks", "scope": "one room", "title": "Renamed"})
    engine.do(path + "/summary", {}, status=400)
    engine.do(path + "/note", {"text": "seen it"})
    engine.do(path + "/note", {"text": ""}, status=400)
    engine.do(path + "/note", {"text": "x" * 5000}, status=400)
    engine.do(path + "/note", {"text": "x"}, "viewer", status=403)
    shown = engine.case(case)
    assert (shown["title"], shown["happening"], shown["do_now"], shown["impact"], shown["scope"]) == (
        "Renamed", "it spreads", "pull the plug", "two clerks", "one room")
    assert [(note["text"], note["by_name"]) for note in shown["notes"]] == [("seen it", "analyst-1")]
    task = engine.do(path + "/task", {"title": "Call them", "owner": "approver-1", "due": "4h"})["task"]
    engine.do(path + "/task", {"title": "Call them", "owner": "no one"}, status=400)
    assert [(one["id"], one["kind"], one["owner"]) for one in engine.case(case)["tasks"]] == [
        (task, "manual", "approver-1")]
    terminal = engine.ok("case", "show", case, token=engine.people()["analyst"])
    for words in ("Renamed", "HAPPENING", "it spreads", "DO NOW", "pull the plug", "CLOCKS", "triage", "ALERTS (1, 1 open)",
                  "analyst-1: seen it", "TASKS", "Call them", "assigned to analyst-1"):
        assert words in terminal, (words, terminal)


def test_evidence_says_where_it_is_from(engine):
    alert_id = engine.send()
    case = engine.case_of(alert_id)
    engine.do(f"/v1/cases/{case}/evidence", {"name": "log", "text": "three lines\n", "note": "from the proxy"})
    entries = engine.of(f"/v1/tenants/main/audit/entries?subject={alert_id}")["items"]
    engine.do(f"/v1/cases/{case}/evidence", {"name": "the alert", "entry": entries[0]["seq"]})
    engine.do(f"/v1/cases/{case}/evidence",
              {"name": "image", "place": "//share/image.dd", "sha256": "ab" * 32, "size": 10 ** 12})
    log, entry, image = engine.case(case)["evidence"]
    assert (log["size"], log["sha256"]) == (12, hashlib.sha256(b"three lines\n").hexdigest())
    assert log["by_name"] == "analyst-1" and log["note"] == "from the proxy"
    raw = json.dumps(entries[0]["payload"], separators=(",", ":"), ensure_ascii=False).encode()
    assert (entry["entry"], entry["size"], entry["sha256"]) == (
        entries[0]["seq"], len(raw), hashlib.sha256(raw).hexdigest())
    assert (image["place"], image["size"], image["sha256"]) == ("//share/image.dd", 10 ** 12, "ab" * 32)
    kept = [item["payload"] for item in engine.of(f"/v1/tenants/main/audit/entries?subject={case}")["items"]
            if item["seq"] == log["seq"]]
    assert kept[0]["text"] == "three lines\n"
    for body in ({"name": "x"}, {"name": "x", "text": "a", "place": "b"}, {"name": "x", "text": "a", "sha256": "ab" * 32},
                 {"name": "x", "place": "b", "sha256": "AB" * 32}, {"name": "x", "entry": -1}, {"name": "x", "entry": "7"},
                 {"name": "x", "entry": 1.5}, {"name": "x", "text": "y" * 50000}):
        engine.do(f"/v1/cases/{case}/evidence", body, status=400)
    engine.do(f"/v1/cases/{case}/evidence", {"name": "x", "entry": 2 ** 62}, status=404)


def test_the_clocks(start):
    engine = start(main={"rules": '{ name = "ask", kind = "contain", outcome = "ask" }'})
    alert_id = engine.send(contain())
    case = engine.case_of(alert_id)
    gate = until(lambda: engine.items("approvals", "sensor"), "a gate")[0]
    times = engine.case(case)["times"]
    assert times["event"] == "2026-01-01T00:00:00.000000Z" and times["alerted"] and times["asked"]
    assert times["first_look"] is times["decided"] is times["effective"] is times["undone"] is None
    engine.of("/v1/cases/" + case)  # a person looks
    seen = until(lambda: engine.case(case)["times"]["first_look"], "the first look")
    engine.of("/v1/cases/" + case, "approver")
    engine.do(f"/v1/approvals/{gate['id']}/decision", {"decision": "approve", "digest": gate["digest"]}, "approver")
    until(lambda: engine.case(case)["times"]["effective"], "the containment")
    engine.do(f"/v1/cases/{case}/release", {"reason": "over"}, "approver")
    shown = engine.case(case)
    assert shown["times"]["first_look"] == seen
    clocks = shown["clocks_ms"]
    assert all(clocks[name] is not None for name in ("detect", "triage", "decide", "contain", "restore"))
    assert clocks["detect"] > 86400000 and 0 <= clocks["triage"] < 60000 and 0 <= clocks["decide"] < 60000


def test_the_timeline_has_pages(engine):
    alert_id = engine.send(act("touch_read"), {"op": "note", "text": "hello"}, close())
    engine.said(alert_id)
    case = engine.case_of(alert_id)
    whole = engine.of(f"/v1/cases/{case}/timeline?limit=500")
    assert whole["next"] is None and whole["alerts_left_out"] == 0
    kinds = [item["kind"] for item in whole["items"]]
    assert kinds[:4] == ["alert.received", "case.opened", "alert.routed", "run.started"]
    assert {"step.intended", "step.settled", "case.noted", "alert.closed", "run.finished"} <= set(kinds)
    assert [item["seq"] for item in whole["items"]] == sorted(item["seq"] for item in whole["items"])
    found, after = [], ""
    while after is not None:
        page = engine.of(f"/v1/cases/{case}/timeline?limit=3{after}")
        assert len(page["items"]) <= 3
        found += page["items"]
        after = page["next"] and f"&after={page['next']}"
    assert found == whole["items"]
    assert "hello" in engine.ok("case", "timeline", case, token=engine.people()["analyst"])


# --- merged and split ---

def test_a_merge_can_be_taken_back(engine):
    one, two, three = (engine.send(user={"name": f"merge-{n}"}) for n in range(3))
    a, b, c = (engine.case_of(it) for it in (one, two, three))
    engine.do(f"/v1/cases/{a}/note", {"text": "in a"})
    engine.do(f"/v1/cases/{a}/merge", {"into": a}, status=400)
    engine.do(f"/v1/cases/{a}/merge", {"into": "ca-00000000000000000000000000"}, status=404)
    engine.do(f"/v1/cases/{a}/merge", {"into": b, "reason": "the same thing"})
    engine.do(f"/v1/cases/{b}/merge", {"into": c})
    engine.do(f"/v1/cases/{a}/merge", {"into": c}, status=409)
    engine.do(f"/v1/cases/{c}/merge", {"into": a}, status=409)  # no circle
    shown = engine.case(c)
    assert shown["counts"]["alerts"] == 3 and {it["id"] for it in shown["alerts"]} == {one, two, three}
    assert set(shown["merged_from"]) == {a, b} and [note["text"] for note in shown["notes"]] == ["in a"]
    assert engine.case(a)["merged_into"] == b
    assert engine.case_of(engine.send(user={"name": "merge-0"})) == c
    engine.do(f"/v1/cases/{a}/close", {"verdict": "expected"}, status=409)
    engine.do(f"/v1/cases/{a}/note", {"text": "late"})
    engine.do(f"/v1/cases/{b}/unmerge", {"reason": "it was not"})
    engine.do(f"/v1/cases/{b}/unmerge", status=409)
    assert engine.case(b)["counts"]["alerts"] == 2 and engine.case(c)["counts"]["alerts"] == 2
    assert engine.case(a)["merged_into"] == b
    engine.do(f"/v1/cases/{a}/unmerge")
    assert [engine.case(it)["counts"]["alerts"] for it in (a, b, c)] == [1, 1, 2]


def test_what_was_closed_while_merged_does_not_stay_open(engine):
    one, two = (engine.case_of(engine.send(user={"name": f"merged-closed-{n}"})) for n in range(2))
    engine.do(f"/v1/cases/{one}/merge", {"into": two})
    engine.do(f"/v1/cases/{two}/close", {"verdict": "expected"})
    assert engine.do(f"/v1/cases/{one}/unmerge")["state"] == "open"
    until(lambda: engine.case(one)["state"] == "closed", "the case to close")
    assert engine.case(one)["verdict"] == "expected"


def test_an_alert_goes_out_and_back(engine):
    first, second = (engine.send(user={"name": "split"}) for _ in range(2))
    case = engine.case_of(first)
    assert engine.case_of(second) == case
    new = engine.do(f"/v1/cases/{case}/split", {"alert": second, "reason": "another matter"})["to"]
    assert engine.case_of(second) == new and engine.case(case)["alert_count"] == engine.case(new)["alert_count"] == 1
    engine.do(f"/v1/cases/{case}/split", {"alert": second}, status=404)
    engine.do(f"/v1/cases/{new}/split", {"alert": second, "to": new}, status=400)
    assert engine.do(f"/v1/cases/{new}/split", {"alert": second, "to": case})["to"] == case
    assert engine.case_of(second) == case and engine.case(case)["alert_count"] == 2
    assert engine.case(new)["alert_count"] == 0
    engine.do(f"/v1/cases/{new}/close", {"verdict": "expected"})
    engine.do(f"/v1/cases/{case}/split", {"alert": second, "to": new}, status=409)


# --- closed ---

def test_closed_by_a_person(engine):
    alerts = [engine.send({"op": "wait", "time": "1h"}, user={"name": "closing"}) for _ in range(3)]
    case = engine.case_of(alerts[0])
    answer = engine.do(f"/v1/cases/{case}/close", {"verdict": "false_positive", "note": "a drill"})
    assert (answer["state"], answer["verdict"], answer["runs_live"]) == ("closed", "false_positive", 3)
    for it in alerts:
        shown = engine.of("/v1/alerts/" + it)
        assert (shown["state"], shown["verdict"]) == ("closed", "false_positive")
    twice = engine.do(f"/v1/cases/{case}/close", {"verdict": "true_positive"}, status=409)
    assert twice["current"]["verdict"] == "false_positive"
    engine.do(f"/v1/cases/{case}/phase", {"phase": "learn"}, status=409)
    engine.do(f"/v1/cases/{case}/note", {"text": "for the report"})
    assert engine.do(f"/v1/cases/{case}/reopen", {"reason": "it was none"})["verdict"] is None
    engine.do(f"/v1/cases/{case}/reopen", status=409)


def test_closed_by_itself(engine):
    """When every alert is closed and nothing holds it open; the worst verdict counts."""
    user = {"name": "by-itself"}
    engine.said(engine.send(close("false_positive"), user=user))
    case = engine.case_of(engine.send(close("expected"), user=user))
    until(lambda: engine.case(case)["state"] == "closed", "the case to close")
    shown = engine.case(case)
    assert shown["verdict"] == "expected" and engine.kinds(case)[-1] == "case.closed"


def test_what_holds_it_open(engine):
    user = {"name": "held-open"}
    alert_id = engine.send(contain("held-open"), act("touch_once", "held-2", fail=True), close(), user=user)
    engine.said(alert_id)
    case = engine.case_of(alert_id)
    proposed = until(lambda: engine.case(case)["proposed"], "a proposal")
    shown = engine.case(case)
    assert (proposed, shown["state"], shown["phase"]) == ("true_positive", "open", "recover")
    assert shown["proposals"][0]["note"] == "something is contained still"
    engine.do(f"/v1/cases/{case}/release", {"reason": "clean"}, "approver")
    engine.do(f"/v1/cases/{case}/assign", {"to": "analyst-1"})
    task = next(one for one in shown["tasks"] if one["state"] == "open")["id"]
    engine.do(f"/v1/tasks/{task}/done", {"outcome": "not_needed", "evidence": "clean"})
    engine.do(f"/v1/cases/{case}/assign", {})
    until(lambda: engine.case(case)["state"] == "closed", "the case to close")
    assert engine.kinds(case).count("case.proposed") == 1


def test_closed_after_a_kill(start):
    """The engine ends right before it would have closed the case; the next one does."""
    engine = start()
    alert_id = engine.send(close())
    engine.said(alert_id)
    kill(engine)
    until(lambda: engine.case(engine.case_of(alert_id))["state"] == "closed", "the case to close")


# --- released ---

def test_everything_of_a_case_is_released(start):
    engine = start()
    user = {"name": "released"}
    alerts = [engine.send(contain(f"host-{n}"), user=user) for n in range(12)]
    stuck = engine.send(contain("stuck", fail_undo=1), user=user)
    elsewhere = engine.send(contain("elsewhere"))
    for it in [*alerts, stuck, elsewhere]:
        engine.said(it)
    case = engine.case_of(stuck)
    engine.do(f"/v1/cases/{case}/release", {"reason": "over"}, "analyst", status=403)
    answer = engine.do(f"/v1/cases/{case}/release", {"reason": "over"}, "approver")
    assert (answer["released"], answer["not_released"], answer["by_hand"], answer["more"]) == (12, 1, 0, False)
    held = [one for one in answer["items"] if one["outcome"] != "released"]
    assert [one["outcome"] for one in held] == ["held"] and "failed" in held[0]["why"]
    left = [one["target"] for one in engine.items("containments") if one["state"] == "active"]
    assert sorted(left) == ["elsewhere", "stuck"]
    assert engine.kinds(case).count("case.releasing") == 1
    done = engine.run("case", "release", case, "--reason", "once more", token=engine.people()["approver"])
    assert done.returncode == 0 and "released" in done.stdout
    assert engine.do(f"/v1/cases/{case}/release", {"reason": "nothing"}, "approver")["items"] == []
    assert engine.stop() == 0
    engine.audit()


def test_killed_while_it_releases(start):
    """What was ordered goes on, and nothing is undone twice."""
    engine = start()
    user = {"name": "killed"}
    alerts = [engine.send(contain(f"host-{n}", before_ms=20), user=user) for n in range(30)]
    for it in alerts:
        engine.said(it)
    case = engine.case_of(alerts[0])
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: engine.do(f"/v1/cases/{case}/release", {"reason": "over"}, "approver"))
        until(lambda: sum("UNDO" in line for line in engine.world()) >= 3, "some to be undone")
        os.kill(engine.process.pid, 9)
        engine.process.wait()
        assert asked.exception() is not None
    engine.audit()
    engine.start()
    until(lambda: not [one for one in engine.items("containments") if one["state"] == "releasing"], "what was begun")
    engine.do(f"/v1/cases/{case}/release", {"reason": "the rest"}, "approver")
    assert {one["state"] for one in engine.items("containments")} == {"released"}
    undone = [line.split(" ")[1] for line in engine.world() if "UNDO" in line]
    assert len(undone) == len(set(undone)) == 30


# --- the engine ends at a point ---

@pytest.mark.parametrize("verb, body, shows", [
    ("note", {"text": "n"}, lambda it: [note["text"] for note in it["notes"]] == ["n"]),
    ("assign", {"to": "analyst-1"}, lambda it: it["assignee"] == "analyst-1"),
    ("close", {"verdict": "expected"}, lambda it: (it["state"], it["counts"]["alerts_open"]) == ("closed", 0)),
    ("split", None, lambda it: it["counts"]["alerts"] == 1),
    ("merge", None, lambda it: it["state"] == "merged"),
])
@pytest.mark.parametrize("point", ["before-case", "case-written"])
def test_at_point(start, point, verb, body, shows):
    """What was not acknowledged is there as a whole or not at all, and can be done again."""
    engine = start()
    first, second = (engine.send({"op": "wait", "time": "1h"}, user={"name": "point"}) for _ in range(2))
    case = engine.case_of(first)
    other = engine.case_of(engine.send(user={"name": "other"}))
    body = body or ({"into": other} if verb == "merge" else {"alert": second})
    engine.people()
    assert engine.stop() == 0
    engine.start(crash=point)
    engine.do_and_die(f"/v1/cases/{case}/{verb}", body)
    engine.start()
    assert shows(engine.case(case)) == (point == "case-written")
    if point == "before-case":
        engine.do(f"/v1/cases/{case}/{verb}", body)
        assert shows(engine.case(case))
    # the index of what is joined was brought back as it stands
    late = engine.case_of(engine.send(user={"name": "point"}))
    assert late == {"close": late, "merge": other}.get(verb, late) and (verb != "close" or late != case)
    assert engine.stop() == 0
    engine.audit()


def test_ordered_and_not_begun(start):
    engine = start()
    alert_id = engine.send(contain("host-1"))
    engine.said(alert_id)
    case = engine.case_of(alert_id)
    engine.people()
    assert engine.stop() == 0
    engine.start(crash="case-ordered")
    engine.do_and_die(f"/v1/cases/{case}/release", {"reason": "over"}, "approver")
    engine.start()
    assert engine.items("containments")[0]["state"] == "active"  # nobody was told that it is released
    assert engine.do(f"/v1/cases/{case}/release", {"reason": "over"}, "approver")["released"] == 1
    assert len([line for line in engine.world() if "UNDO" in line]) == 1


# --- from playbooks ---

def test_a_playbook_writes_into_the_case(engine):
    told = {"title": "Named by the playbook", "phase": "contain", "happening": "it guesses", "do_now": "wait",
            "evidence": [{"name": "lookup", "text": "known bad"}]}
    alert_id = engine.send({"op": "case", "args": told}, {"op": "note", "text": "by the way"},
                           {"op": "case", "args": {"phase": "recover"}})
    said = engine.said(alert_id)
    case = engine.case_of(alert_id)
    assert said[0]["value"] == said[2]["value"] == case
    shown = engine.case(case)
    assert (shown["title"], shown["phase"], shown["happening"], shown["do_now"]) == (
        "Named by the playbook", "recover", "it guesses", "wait")
    run = engine.of("/v1/alerts/" + alert_id)["runs"][0]["id"]
    assert [(note["text"], note["run"], note["step"]) for note in shown["notes"]] == [("by the way", run, "1")]
    assert [(one["name"], one["run"], one["by"]) for one in shown["evidence"]] == [("lookup", run, "engine")]


def test_a_playbook_opens_a_case_where_there_is_none(engine):
    alert_id = engine.send(TASK, severity="low", user={"name": "opened-by-playbook"})
    case = engine.said(alert_id)[0]["value"]
    assert case.startswith("ca-") and engine.case_of(alert_id) == case
    assert engine.case_of(engine.send(severity="low", user={"name": "opened-by-playbook"})) == case


def test_a_playbook_in_a_case_that_nothing_joins(engine):
    """Such a case is not remembered: what stands is read, also what is on its way to the disk."""
    alert_id = engine.send({"op": "case", "args": {"phase": "contain"}}, {"op": "case", "args": {"do_now": "wait"}},
                           {"op": "wait", "time": "1s"}, {"op": "case", "args": {"do_now": "more"}}, user=None)
    case = engine.case_of(alert_id)
    until(lambda: engine.case(case)["do_now"] == "wait", "the second step")
    engine.do(f"/v1/cases/{case}/close", {"verdict": "expected"})
    said = engine.said(alert_id)
    assert said[0]["value"] == said[1]["value"] == case and "it is closed" in said[3]["why"]
    shown = engine.case(case)
    assert (shown["entities"], shown["phase"], shown["do_now"]) == ([], "contain", "wait")


def test_a_playbook_in_a_merged_and_in_a_closed_case(engine):
    waiting = {"op": "wait", "time": "1s"}
    one, two = (engine.send(waiting, {"op": "case", "args": {"happening": f"said by {n}"}}, user={"name": f"late-{n}"})
                for n in range(2))
    other = engine.case_of(engine.send(user={"name": "late-other"}))
    engine.do(f"/v1/cases/{engine.case_of(one)}/merge", {"into": other})
    engine.do(f"/v1/cases/{engine.case_of(two)}/close", {"verdict": "expected"})
    assert engine.said(one)[1] == {"value": other} and engine.case(other)["happening"] == "said by 0"
    said = engine.said(two)[1]
    assert "value" not in said and "it is closed" in said["why"]


def test_a_replay_sees_what_was(start):
    """The engine is killed between the steps of a playbook: its case is the same one, and written into once."""
    engine = start()
    waiting = {"op": "wait", "time": "2s"}
    alert_id = engine.send({"op": "case", "args": {"happening": "before"}}, {"op": "note", "text": "one"}, waiting,
                           {"op": "case", "args": {"do_now": "after"}}, {"op": "note", "text": "two"})
    case = engine.case_of(alert_id)
    until(lambda: engine.case(case)["notes"], "the first note")
    engine.do(f"/v1/cases/{case}/close", {"verdict": "expected"})
    engine.do(f"/v1/cases/{case}/reopen")
    kill(engine)
    said = engine.said(alert_id)
    assert said[0]["value"] == said[3]["value"] == case
    shown = engine.case(case)
    assert [note["text"] for note in shown["notes"]] == ["one", "two"]
    assert (shown["happening"], shown["do_now"]) == ("before", "after")
    assert engine.kinds(case).count("case.described") == 2
    assert engine.stop() == 0
    engine.audit()


@pytest.mark.parametrize("args, words", [
    ({"phase": "later"}, "phase must be"), ({"title": 7}, "title must be a text"),
    ({"happening": "x" * 5000}, "happening must have"), ({"evidence": "x"}, "evidence is a list"),
    ({"evidence": [{"text": "x"}]}, "needs a name"), ({"evidence": [{"name": "x"}] * 17}, "at most 16"),
])
def test_what_a_playbook_says_wrong(engine, args, words):
    run = engine.run_of(engine.send({"op": "case", "args": args}))
    assert run["state"] == "failed" and words in run["reason"], run["reason"]


# --- hostile ---

def test_ten_thousand_alerts_of_one_entity(start):
    engine = start(main={"more": 'cases = { window = "24h" },'})
    sensor = engine.people()["sensor"]
    for batch in range(10):
        alerts = [alert(1, uid=f"{batch}-{n}", category="endpoint", severity="high", src={"ip": "203.0.113.66"},
                        user={"name": f"u{batch}-{n}"}, title=f"T {batch}-{n}") for n in range(1000)]
        answer = engine.post("/v1/alerts", sensor, alerts)
        assert answer.status == 202 and answer.json["accepted"] == 1000, answer.body[:300]
    case = engine.items("cases")
    assert len(case) == 1 and case[0]["alert_count"] == 10000
    case = case[0]["id"]
    shown = engine.get("/v1/cases/" + case, sensor)
    assert len(shown.body) < 200_000
    shown = shown.json
    assert shown["counts"]["alerts"] == 10000 and len(shown["alerts"]) == 100 and len(shown["entities"]) == 100
    timeline = engine.of(f"/v1/cases/{case}/timeline?limit=500")
    assert timeline["alerts_left_out"] == 9500 and len(timeline["items"]) == 500
    until(lambda: engine.case(case)["counts"]["runs_live"] == 0, "all runs to end")
    answer = engine.do(f"/v1/cases/{case}/close", {"verdict": "false_positive"})
    assert answer["state"] == "closed"
    assert engine.case(case)["counts"]["alerts_open"] == 0
    assert engine.stop() == 0
    engine.audit()


def test_markup_and_control_characters(engine):
    hostile = "<script>alert(1)</script>\u001b[2J\u202e\u0085"
    alert_id = engine.send({"op": "note", "text": hostile}, {"op": "case", "args": {"happening": hostile}},
                           title=hostile, user={"name": "<img src=x>"}, device={"host": "a\u001b[31mb"})
    engine.said(alert_id)
    case = engine.case_of(alert_id)
    engine.do(f"/v1/cases/{case}/note", {"text": hostile})
    shown = engine.case(case)
    assert shown["title"] == hostile and [one["value"] for one in shown["entities"]] == ["<img src=x>"]
    for command in (["case", "show", case], ["case", "list"], ["case", "timeline", case]):
        out = engine.ok(*command, token=engine.people()["analyst"])
        assert not any(c in out for c in "\u001b\u202e\u0085"), command


def test_many_people_at_once(engine):
    """Everything that many do to two cases at the same time ends in a state that the record gives again."""
    a, b = (engine.case_of(engine.send(user={"name": f"crowd-{n}"})) for n in range(2))
    todo = [(a, "close", {"verdict": "expected"}), (a, "reopen", {}), (a, "merge", {"into": b}), (b, "merge", {"into": a}),
            (a, "unmerge", {}), (b, "unmerge", {}), (a, "phase", {"phase": "contain"}), (b, "note", {"text": "x"}),
            (a, "assign", {"to": "analyst-1"}), (b, "close", {"verdict": "true_positive"}), (b, "reopen", {})] * 12
    token = engine.people()["analyst"]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda it: engine.post(f"/v1/cases/{it[0]}/{it[1]}", token, it[2]).status, todo))
    assert set(answers) <= {200, 409}, sorted(set(answers))
    for case in (a, b):
        state, entries = None, [kind for kind in engine.kinds(case)]
        moves = {"case.opened": (None, "open"), "case.closed": ("open", "closed"), "case.reopened": ("closed", "open"),
                 "case.merged": ("open", "merged"), "case.unmerged": ("merged", "open"), "case.phase": ("open", "open"),
                 "case.assigned": ("open", "open")}
        for kind in entries:
            if kind in moves:
                assert state == moves[kind][0], (case, entries)
                state = moves[kind][1]
        assert engine.case(case)["state"] == state
    merged = [engine.case(case)["merged_into"] for case in (a, b)]
    assert merged != [b, a]


def test_the_record_gives_all_of_it_again(engine):
    """After everything that the tests of this file did to one engine; the last of them."""
    assert engine.stop() == 0
    engine.audit()
    engine.start()
