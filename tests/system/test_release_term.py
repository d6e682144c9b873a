"""A playbook takes back what its case contains: release { … }."""

import json

import pytest

from waiting import until
from work import DO_ALL, Work, act

USER = {"user": {"name": "clerk-1"}}


def release(**args):
    return {"op": "release", "args": args}


def hold_two(work):
    """Two alerts of one case, each with a containment; the ids of the case and of the containments."""
    first = work.send(act(target="host-1"), **USER)
    assert work.said(first)[0]["value"]
    second = work.send(act(target="host-2"), **USER)
    assert work.said(second)[0]["value"]
    case = work.case_of(first)
    assert case and case == work.case_of(second)
    return case, {item["id"] for item in work.items("containments")}


@pytest.fixture
def made():
    engines = []

    def make(rules=DO_ALL):
        engines.append(Work(main={"rules": rules}))
        return engines[-1]
    yield make
    for engine in engines:
        engine.remove()


def test_everything_of_the_case_is_taken_back(made):
    work = made()
    work.start()
    case, held = hold_two(work)
    other = work.send(act(target="host-3"), user={"name": "clerk-2"})
    assert work.said(other)[0]["value"]
    sent = work.send(release(reason="it was planned"), release(), **USER)
    assert work.case_of(sent) == case
    first, second = work.said(sent)
    assert (first["value"]["released"], first["value"]["not_released"], first["value"]["more"]) == (2, 0, False)
    assert {item["containment"] for item in first["value"]["items"]} == held
    assert second["value"]["released"] == 0
    states = {item["target"]: item["state"] for item in work.items("containments")}
    assert states == {"host-1": "released", "host-2": "released", "host-3": "active"}
    run = work.run_of(sent)
    entries = work.of(f"/v1/tenants/main/audit/entries?subject={case}&limit=500")["items"]
    [ordered] = [item for item in entries if item["line"].split(" ")[3] == "case.releasing"]
    payload = ordered["payload"] if isinstance(ordered["payload"], dict) else json.loads(ordered["payload"])
    assert (payload["run"], payload["reason"]) == (run["id"], "it was planned")
    assert set(payload["containments"]) == held
    work.audit()


@pytest.mark.parametrize("outcome, told", [("deny", "denied by no-undo: "), ("ask", "denied by no-undo: a person has to")])
def test_the_rules_come_first(made, outcome, told):
    work = made(DO_ALL + ', { name = "no-undo", kind = "restore", outcome = "%s" }' % outcome)
    work.start()
    _, held = hold_two(work)
    sent = work.send(release(), **USER)
    [said] = work.said(sent)
    assert said["why"].startswith(told), said
    assert {item["state"] for item in work.items("containments") if item["id"] in held} == {"active"}


def test_an_alert_without_a_case_has_nothing_to_take_back(made):
    work = made()
    work.start()
    [said] = work.said(work.send(release(), severity="low"))
    assert said["why"] == "the alert is in no case"


@pytest.mark.parametrize("crash", ["case-ordered", "releasing"])
def test_a_crash_in_the_middle_is_gone_on_from(made, crash):
    work = made()
    work.start()
    hold_two(work)
    assert work.stop() == 0
    work.start(crash=crash)
    sent = work.post("/v1/alerts", work.people()["sensor"], {
        "title": "Enough", "category": "endpoint", "severity": "high", "time": "2026-01-01T00:00:00Z", "uid": "enough",
        "do": [release()], **USER}).json["alerts"][0]["id"]
    work.gone()
    work.start()
    [said] = work.said(sent)
    # where the next start took a release up by itself, that one may still be under way
    assert {item["outcome"] for item in said["value"]["items"]} <= {"released", "releasing"}, said
    assert until(lambda: all(item["state"] == "released" for item in work.items("containments")), "both are released")
    work.audit()
