"""What the engine could not do becomes a task with an owner and the tenant's own words."""

import concurrent.futures
import os

import pytest

from waiting import until
from work import DO_ALL, Work, act, close, contain

FALLBACK = """fallback = {
  ["contain.touch"] = { owner = "approver-1", due = "15m", instruction = "Call the NOC at extension 7: touch {target}. {reason}",
                        undo = "Call the NOC: let go of {target}" },
  ["world.touch_once"] = { owner = "responder", instruction = "{target}, {target}, {fail}, {nobody}, {action}" },
  enrich = { owner = "analyst-1", instruction = "Look {target} up by hand" },
},"""


@pytest.fixture
def start():
    engines = []

    def make(**tenants):
        engines.append(Work(**(tenants or {"main": {"more": FALLBACK}})))
        return engines[-1].start()
    yield make
    for engine in engines:
        engine.remove()


def only_task(engine, tenant=None):
    tasks = until(lambda: engine.items("tasks", tenant=tenant), "a task")
    assert len(tasks) == 1, tasks
    return engine.of("/v1/tasks/" + tasks[0]["id"], tenant=tenant)


def test_a_failed_action_becomes_a_task(start):
    engine = start()
    alert = engine.send(contain("host-1", {"because": ["it beacons"]}, fail=True))
    said = engine.said(alert)
    assert said[0]["why"] == "asked to fail"
    task = only_task(engine)
    assert (task["kind"], task["owner"], task["state"], task["reason"]) == ("fallback", "approver-1", "open", "asked to fail")
    assert task["instruction"] == "Call the NOC at extension 7: touch host-1. asked to fail"
    assert (task["because"], task["args"]) == (["it beacons"], {"target": "host-1", "fail": True})
    assert task["severity"] == "high"
    shown = engine.case(engine.case_of(alert))
    assert [one["id"] for one in shown["tasks"]] == [task["id"]] and shown["counts"]["tasks_open"] == 1
    # done by hand, it is contained, and its end is work by hand too
    made = engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "they did"})["made"]
    assert engine.of("/v1/containments/" + made)["by_hand"] is True
    undo = engine.do(f"/v1/containments/{made}/release", {"reason": "over"}, "approver")["task"]
    assert engine.of("/v1/tasks/" + undo)["instruction"] == "Call the NOC: let go of host-1"
    assert engine.stop() == 0
    engine.audit()


def test_words_are_filled_in_safely(start):
    """What stands in an argument is data: no place of its own, no control characters, no end of the text."""
    engine = start()
    target = "{reason}{target}\u001b[31m\n<b>x" + "y" * 100
    engine.said(engine.send(act("touch_once", target, fail=True)))
    clean = target.replace("\u001b", " ").replace("\n", " ")
    task = only_task(engine)
    assert task["instruction"] == f"{clean}, {clean}, true, ?, world.touch_once"
    assert task["owner"] == "responder"
    listed = engine.ok("task", "list", token=engine.people()["analyst"])
    shown = engine.ok("task", "show", task["id"], token=engine.people()["analyst"])
    assert "\u001b" not in listed + shown


def test_which_failures_are_work_for_people(start):
    engine = start(main={"more": FALLBACK.replace("enrich", "notify"), "rules":
                         '{ name = "never", kind = "contain", targets = { "denied-*" }, outcome = "deny" },' + DO_ALL})
    said = engine.said(engine.send(
        act("touch_read", fail=True),      # a look that failed: the playbook's matter
        contain("denied-1"), contain("gateway"),  # not to be done by hand either
        {"op": "act", "action": "no_such", "args": {"target": "x"}, "options": {}}))
    assert all(item.get("why") for item in said) and engine.items("tasks") == []
    engine.said(engine.send(act("touch_idempotent", "host-5", wrong=1)))  # refused by its schema: not contained
    assert only_task(engine)["kind"] == "fallback"


def test_a_look_may_be_work_when_the_tenant_says_so(start):
    engine = start()
    engine.said(engine.send(act("touch_read", "host-3", fail=True)))
    task = only_task(engine)
    assert (task["owner"], task["instruction"]) == ("analyst-1", "Look host-3 up by hand")
    # which contains nothing
    assert "made" not in engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "looked"})
    assert engine.items("containments") == []


def test_what_a_person_found_not_to_have_happened(start):
    engine = start()
    alert = engine.send(act("touch_once", "host-1", crash="before"))
    run = engine.run_of(alert)
    assert run["state"] == "unknown"
    assert engine.items("tasks") == []
    step = next(step["step"] for step in run["steps"] if step["state"] == "unknown")
    engine.do(f"/v1/runs/{run['id']}/resolve", {"resolution": "did_not", "step": step, "evidence": "looked"}, "responder")
    assert only_task(engine)["action"] == "world.touch_once"


# --- releases that fail ---

def test_a_release_that_keeps_failing(start):
    engine = start()
    engine.said(engine.send(contain("host-1", fail_undo=1000)))
    lease = engine.items("containments")[0]["id"]
    for _ in range(2):
        engine.do(f"/v1/containments/{lease}/release", {"reason": "over"}, "approver", status=409)
    assert engine.items("tasks") == []
    refused = engine.do(f"/v1/containments/{lease}/release", {"reason": "over"}, "approver", status=409)
    task = only_task(engine)
    assert refused["current"]["task"] == task["id"]
    assert (task["kind"], task["containment"], task["instruction"]) == (
        "release", lease, "Call the NOC: let go of host-1")
    engine.do(f"/v1/containments/{lease}/release", {"reason": "over"}, "approver", status=409)
    only_task(engine)  # no second one
    engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "they let go"})
    it = engine.of("/v1/containments/" + lease)
    assert it["state"] == "released" and it["reason"] == "they let go"
    assert engine.stop() == 0
    engine.audit()


def test_a_release_that_works_after_all_ends_its_task(start):
    engine = start()
    engine.said(engine.send(contain("host-1", fail_undo=3)))
    lease = engine.items("containments")[0]["id"]
    for _ in range(3):
        engine.do(f"/v1/containments/{lease}/release", {"reason": "over"}, "approver", status=409)
    task = only_task(engine)
    assert task["state"] == "open"
    engine.do(f"/v1/containments/{lease}/release", {"reason": "over"}, "approver")
    assert engine.of("/v1/containments/" + lease)["state"] == "released"
    task = only_task(engine)
    assert (task["state"], task["outcome"], task["done_by"]) == ("done", "not_needed", "engine")
    engine.do(f"/v1/tasks/{task['id']}/done", {"outcome": "happened", "evidence": "late"}, status=409)
    assert engine.stop() == 0
    engine.audit()


# --- who does what ---

def test_given_to_somebody(start):
    engine = start()
    engine.said(engine.send(contain(fail=True)))
    task = only_task(engine)["id"]
    assert engine.do(f"/v1/tasks/{task}/assign", {"to": "analyst-1"})["owner"] == "analyst-1"
    engine.do(f"/v1/tasks/{task}/assign", {"to": "nobody-1"}, status=400)
    engine.do(f"/v1/tasks/{task}/assign", {"to": "analyst-1"}, "viewer", status=403)
    assert engine.do(f"/v1/tasks/{task}/assign", {})["owner"] is None
    assert engine.of("/v1/tasks/" + task)["owner"] is None
    engine.do("/v1/tasks/ta-00000000000000000000000000/assign", {"to": "analyst-1"}, status=404)
    engine.ok("task", "assign", task, "responder-1", token=engine.people()["analyst"])
    engine.ok("task", "done", task, "--evidence", "seen", "--not-needed", token=engine.people()["analyst"])
    engine.do(f"/v1/tasks/{task}/assign", {"to": "analyst-1"}, status=409)
    assert engine.of("/v1/tasks/" + task)["outcome"] == "not_needed"


def test_many_people_say_so_at_once(start):
    """One of them is heard, and there is one containment."""
    engine = start()
    engine.said(engine.send(contain(fail=True)))
    task = only_task(engine)["id"]
    engine.people()

    def say(who):
        return engine.post(f"/v1/tasks/{task}/done", engine.people()[who],
                           {"outcome": "happened", "evidence": f"says the {who}"}).status
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(say, ["analyst", "approver", "responder"] * 8))
    assert sorted(answers) == [200] + [409] * 23
    assert [one["by_hand"] for one in engine.items("containments")].count(True) == 1
    assert engine.kinds(task).count("task.done") == 1


def test_the_release_and_the_word_of_a_person_at_once(start):
    """An undo by hand that is told while the containment is released again: one end, whatever came first."""
    engine = start(main={"more": 'mode = "recommend",'})
    engine.said(engine.send(contain()))
    task = only_task(engine)["id"]
    made = engine.do(f"/v1/tasks/{task}/done", {"outcome": "happened", "evidence": "done"})["made"]
    undo = engine.do(f"/v1/containments/{made}/release", {"reason": "over"}, "approver")["task"]
    posts = [(f"/v1/tasks/{undo}/done", {"outcome": "happened", "evidence": "done"}),
             (f"/v1/containments/{made}/release", {"reason": "again"}),
             (f"/v1/tasks/{undo}/assign", {"to": "analyst-1"})] * 6
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda post: engine.post(post[0], engine.people()["approver"], post[1]).status, posts))
    assert set(answers) <= {200, 409}
    assert engine.kinds(made).count("containment.released") == 1 and engine.kinds(undo).count("task.done") == 1
    assert engine.of("/v1/containments/" + made)["state"] == "released"
    assert engine.stop() == 0
    engine.audit()


def test_killed_in_between(start):
    """What was acknowledged is there; what was not is whole or not there at all."""
    engine = start()
    alerts = [engine.send(contain(f"host-{n}", fail=True), close()) for n in range(20)]
    until(lambda: len(engine.items("tasks")) >= 10, "some tasks")
    os.kill(engine.process.pid, 9)
    engine.process.wait()
    engine.audit()
    engine.start()
    # a call that was open at the kill may have had its effect, whatever its repetition says
    runs = [engine.run_of(alert) for alert in alerts]
    assert {run["state"] for run in runs} <= {"finished", "unknown"}
    tasks = engine.items("tasks")
    assert sorted(task["run"] for task in tasks) == sorted(run["id"] for run in runs if run["state"] == "finished")
    assert len(tasks) >= 10
    done = engine.do(f"/v1/tasks/{tasks[0]['id']}/done", {"outcome": "happened", "evidence": "done"})
    os.kill(engine.process.pid, 9)
    engine.process.wait()
    engine.audit()
    engine.start()
    assert engine.of("/v1/tasks/" + tasks[0]["id"])["made"] == done["made"]
    assert engine.of("/v1/containments/" + done["made"])["state"] == "active"


@pytest.mark.parametrize("point", ["before-task", "task-written"])
def test_at_point(start, point):
    """The word of a person and the containment by hand are one."""
    engine = start(main={"more": 'mode = "recommend",'})
    engine.said(engine.send(contain()))
    task = only_task(engine)["id"]
    engine.people()
    assert engine.stop() == 0
    engine.start(crash=point)
    body = {"outcome": "happened", "evidence": "done"}
    engine.do_and_die(f"/v1/tasks/{task}/done", body)
    engine.start()
    happened = point == "task-written"
    assert engine.of("/v1/tasks/" + task)["state"] == ("done" if happened else "open")
    assert len(engine.items("containments")) == happened
    engine.do(f"/v1/tasks/{task}/done", body, status=409 if happened else 200)
    assert [it["state"] for it in engine.items("containments")] == ["active"]
    assert engine.stop() == 0
    engine.audit()


@pytest.mark.parametrize("table, words", [
    ('{ contain = { owner = "not a name!" } }', "fallback.contain.owner"),
    ('{ contain = { instruct = "x" } }', "fallback.contain.instruct"),
    ('{ contain = { due = "soon" } }', "fallback.contain.due"),
    ('{ contain = "x" }', "fallback.contain"),
])
def test_what_is_wrong_is_named(table, words):
    engine = Work(main={"more": f"fallback = {table},"})
    try:
        engine.process = None
        checked = engine.run("serve", "--config", engine.config, "--listen", "127.0.0.1:0")
        assert checked.returncode != 0 and words in checked.stderr, checked.stderr
    finally:
        engine.remove()
