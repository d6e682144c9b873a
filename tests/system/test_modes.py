"""How far the engine goes for a tenant: watch, recommend, ask, act, and tuning; and what people do by hand."""

import datetime

import pytest

from waiting import until
from work import DO_ALL, Work, act, contain


def now_text(**ago):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**ago)).isoformat()


@pytest.fixture
def start():
    engines = []

    def make(**tenants):
        engines.append(Work(**tenants))
        return engines[-1].start()
    yield make
    for engine in engines:
        engine.remove()


FALLBACK = """fallback = { ["contain.touch"] = { owner = "approver-1", due = "30m",
  instruction = "Call the NOC, ask them to touch {target} ({nothing})", undo = "Ask the NOC to let go of {target}" } },"""


def recommended(engine, *todo, **fields):
    """The task that an alert's playbook was told of."""
    said = engine.said(engine.send(*(todo or [contain()]), **fields))
    assert said[0]["why"].startswith("recommended: ta-"), said
    return engine.of("/v1/tasks/" + said[0]["why"].split(" ")[1])


# --- watch ---

def test_watch_does_and_asks_nothing(start):
    engine = start(main={"more": 'mode = "watch",'})
    run = engine.run_of(engine.send(contain(), act("undo_once"), act("touch_read"), contain("gateway")))
    steps = [step for step in run["steps"] if step["op"] == "act"]
    assert [step["how"] for step in steps] == ["watched", "watched", "plugin", "denied"]
    assert "rule do-all alone says do" in steps[0]["reason"]
    assert not [line for line in engine.world() if not line.startswith("READ")]
    for collection in ("approvals", "containments", "tasks"):
        assert engine.items(collection) == []
    explained = engine.of("/v1/authority/explain?action=contain.touch&target=h&severity=high")
    assert explained["mode"] == "watch"
    assert explained["verdict"]["rule"] == "mode:watch"
    assert explained["verdict"]["would"] == {"outcome": "do", "rule": "do-all"}


# --- recommend ---

def test_a_recommendation_says_what_to_do(start):
    engine = start(main={"more": 'mode = "recommend",' + FALLBACK})
    task = recommended(engine, contain("host-1", {"expires": "2h", "because": ["seen twice", {"score": 7}]}))
    assert (task["kind"], task["state"], task["owner"], task["role"]) == (
        "recommended", "open", "approver-1", "analyst")
    assert task["instruction"] == "Call the NOC, ask them to touch host-1 (?)"
    assert task["title"] == "Touch host-1 (idempotent)"
    assert (task["action"], task["capability"], task["target"]) == (
        "world.touch_idempotent", "contain.touch", "host-1")
    assert task["args"] == {"target": "host-1"}
    assert task["because"] == ["seen twice", {"score": 7}]
    assert (task["undo"], task["lease_ms"], task["rule"]) == ("undo_idempotent", 7200000, "mode:recommend")
    due = datetime.datetime.fromisoformat(task["due"].replace("Z", "+00:00"))
    opened = datetime.datetime.fromisoformat(task["opened"].replace("Z", "+00:00"))
    assert due - opened == datetime.timedelta(minutes=30)
    assert engine.items("approvals") == engine.items("containments") == [] and engine.world() == []
    # it belongs to the case of its alert, also when that is moved to another
    alert = engine.of("/v1/runs/" + task["run"])["alert"]
    in_case = engine.of("/v1/alerts/" + alert)["case"]
    assert in_case and task["case"] == in_case == engine.items("tasks")[0]["case"]
    moved = engine.do(f"/v1/cases/{in_case}/split", {"alert": alert, "reason": "a test"})["to"]
    assert engine.of("/v1/tasks/" + task["id"])["case"] == moved != in_case
    assert [item["id"] for item in engine.of("/v1/cases/" + moved)["tasks"]] == [task["id"]]
    # where the tenant gave no words of its own, the action and its arguments are told
    other = recommended(engine, act("touch_once", "host-2"))
    assert other["owner"] == "responder"
    assert 'world.touch_once with {"target":"host-2"}' in other["instruction"]
    assert engine.stop() == 0
    engine.audit()


def test_what_was_done_by_hand_is_contained(start):
    engine = start(main={"more": 'mode = "recommend",' + FALLBACK})
    task = recommended(engine, contain("host-1", {"expires": "2h"}))
    when = now_text(minutes=10)
    refused = engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "x"}, "sensor", status=403)
    assert "only a person" in refused["detail"]
    engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "x"}, "viewer", status=403)
    engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened"}, status=400)
    engine.do(f"/v1/tasks/{task['id']}/done",
              {"outcome": "happened", "evidence": "x", "when": now_text(minutes=-10)}, status=400)
    made = engine.do(f"/v1/tasks/{task['id']}/done",
                     {"outcome": "happened", "evidence": "ticket 7", "when": when})["made"]
    it = engine.of("/v1/containments/" + made)
    assert (it["state"], it["by_hand"], it["target"], it["action"], it["run"]) == (
        "active", True, "host-1", "world.touch_idempotent", task["run"])
    assert it["effective"][:19] == when[:19]
    expires = datetime.datetime.fromisoformat(it["expires"].replace("Z", "+00:00"))
    assert abs((expires - datetime.datetime.fromisoformat(when)).total_seconds() - 7200) < 1
    assert engine.world() == []  # nobody else did it
    engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "again"}, status=409)
    assert [one["id"] for one in engine.items("containments")] == [made]
    # still so after a restart, and in what the ledger gives
    assert engine.stop() == 0
    engine.audit()
    engine.start()
    assert engine.of("/v1/containments/" + made)["state"] == "active"


def test_undone_by_hand(start):
    engine = start(main={"more": 'mode = "recommend",' + FALLBACK})
    task = recommended(engine)
    made = engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "done"})["made"]
    released = engine.do(f"/v1/containments/{made}/release", {"reason": "clean again"}, "approver")
    assert released["state"] == "releasing"
    undo = engine.of("/v1/tasks/" + released["task"])
    assert (undo["kind"], undo["containment"], undo["instruction"], undo["reason"]) == (
        "undo", made, "Ask the NOC to let go of host-1", "clean again")
    engine.do(f"/v1/containments/{made}/release", {"reason": "again"}, "approver", status=409)
    # it goes on over a kill
    engine.process.kill()
    engine.process.wait()
    engine.start()
    assert engine.of("/v1/containments/" + made)["state"] == "releasing"
    engine.do(f"/v1/tasks/{undo['id']}/done", {"outcome": "did_not", "evidence": "nobody answered"})
    assert engine.of("/v1/containments/" + made)["state"] == "active"
    again = engine.do(f"/v1/containments/{made}/release", {"reason": "clean again"}, "approver")["task"]
    assert again != undo["id"]
    engine.do(f"/v1/tasks/{again}/done", {"outcome": "happened", "evidence": "the NOC says so"})
    it = engine.of("/v1/containments/" + made)
    assert it["state"] == "released" and it["ended"] is not None
    assert engine.world() == []
    assert engine.stop() == 0
    engine.audit()


def test_the_end_of_a_lease_by_hand_asks_for_its_undo(start):
    engine = start(main={"more": 'mode = "recommend",'})
    task = recommended(engine, contain("host-1", {"expires": "1s"}))
    made = engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "done"})["made"]
    undo = until(lambda: [one for one in engine.items("tasks") if one["kind"] == "undo"], "the task to undo it")[0]
    assert undo["containment"] == made and engine.of("/v1/containments/" + made)["state"] == "releasing"
    engine.do(f"/v1/tasks/{undo['id']}/done", {"outcome": "happened", "evidence": "done"})
    assert engine.of("/v1/containments/" + made)["state"] == "released"


@pytest.mark.parametrize("outcome", ["did_not", "not_needed"])
def test_what_was_not_done_contains_nothing(start, outcome):
    engine = start(main={"more": 'mode = "recommend",'})
    task = recommended(engine)
    assert "made" not in engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": outcome, "evidence": "asked"})
    assert engine.items("containments") == []
    assert engine.of("/v1/tasks/" + task["id"])["evidence"] == "asked"


def test_a_rule_may_recommend_too(start):
    engine = start(main={"rules": '{ name = "advise", kind = "contain", outcome = "recommend" }'})
    assert recommended(engine)["rule"] == "advise"


def test_taking_back_what_stands_goes_on_in_every_mode(start):
    """A lease that was begun is kept to, whatever the tenant's mode has become."""
    engine = start()
    engine.said(engine.send(contain("host-1", {"expires": "2s"})))
    assert engine.stop() == 0
    engine.configure(main={"more": 'mode = "watch",'})
    engine.start()
    until(lambda: [one for one in engine.items("containments") if one["state"] == "released"], "the lease's end")
    assert len(engine.world()) == 2


# --- ask, act, and a change of mode while somebody is asked ---

def test_ask_asks_whatever_the_rules_say(start):
    engine = start(main={"more": 'mode = "ask",'})
    engine.send(contain())
    gate = until(lambda: engine.items("approvals"), "a gate")[0]
    shown = engine.of("/v1/approvals/" + gate["id"], "approver")
    assert shown["shown"]["rule"] == "mode:ask"
    engine.do(f"/v1/approvals/{gate['id']}/decision", {"decision": "approve", "digest": shown["digest"]}, "approver")
    until(lambda: [one for one in engine.items("containments") if one["state"] == "active"], "the containment")
    # what takes back, and what only looks, is not asked about; what is denied stays so
    run = engine.run_of(engine.send(act("undo_once"), act("touch_read"), contain("gateway")))
    assert [step["how"] for step in run["steps"]][1:] == ["plugin", "denied"]
    assert run["steps"][0]["how"] != "watched" and len(engine.items("approvals")) == 1


def test_an_approval_that_waits_meets_the_new_mode(start):
    engine = start(main={"rules": '{ name = "ask", kind = "contain", outcome = "ask" }'})
    engine.send(contain())
    gate = until(lambda: engine.items("approvals"), "a gate")[0]
    assert engine.stop() == 0
    engine.configure(main={"rules": '{ name = "ask", kind = "contain", outcome = "ask" }', "more": 'mode = "watch",'})
    engine.start()
    body = {"decision": "approve", "digest": gate["digest"]}
    assert "watched" in engine.do(f"/v1/approvals/{gate['id']}/decision", body, "approver", status=409)["detail"]
    assert engine.world() == [] and engine.items("containments") == []
    # turned down is turned down, in any mode
    engine.do(f"/v1/approvals/{gate['id']}/decision", body | {"decision": "reject", "reason": "no"}, "approver")


def test_tuning_isolates_nobody(start):
    engine = start(main={"more": 'tuning_until = "2999-12-31",'})
    task = recommended(engine)  # the target is a host
    assert task["rule"] == "tuning"
    engine.stop()
    engine.configure(main={"more": 'tuning_until = "2020-01-01",'})
    engine.start()
    assert "effects" in engine.said(engine.send(contain("host-9")))[0]["value"]


def test_each_tenant_has_its_own_mode(start):
    engine = start(one={"more": 'mode = "recommend",'}, two={"rules": DO_ALL})
    engine.said(engine.send(contain(), tenant="one"), "one")
    engine.said(engine.send(contain(), tenant="two"), "two")
    assert len(engine.items("tasks", tenant="one")) == 1 and engine.items("tasks", tenant="two") == []
    assert engine.items("containments", tenant="one") == [] and len(engine.items("containments", tenant="two")) == 1
    task = engine.items("tasks", tenant="one")[0]["id"]
    for path in (f"/v1/tasks/{task}/done", f"/v1/tasks/{task}/assign"):
        answer = engine.post(path, engine.people("two")["analyst"],
                             {"outcome": "happened", "evidence": "x"} if path.endswith("done") else {"to": "analyst-1"})
        assert answer.status == 404 and task not in answer.json["detail"].replace(task, "", 1), answer.body
    assert engine.get(f"/v1/tasks/{task}", engine.people("two")["analyst"]).status == 404


def test_a_mode_that_is_none_is_refused(start):
    engine = Work(main={"more": 'mode = "off",'})
    try:
        checked = engine.run("config", "check", engine.config)
        assert checked.returncode != 0 and "mode" in checked.stderr + checked.stdout
    finally:
        engine.remove()
