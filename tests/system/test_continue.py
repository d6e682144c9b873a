"""Runs that go on as new ones (continue_as_new), with the real engine: what is handed over, what bounds it, and what a
kill in the middle leaves; and how runs that were called end with their callers."""

import contextlib
import json
import os
import pathlib

import pytest

from browser import person
from engine import Engine, alert
from test_language import CONFIG, PLAYBOOK, effects, ended, in_state, kill, runs_of, send, shown, signal, steps_of
from waiting import until

OTHER_MACHINE = pathlib.Path(os.environ["HIKESHI_BUILD"]) / "tests" / "machine" / "other_machine.so"
CRASH = str(pathlib.Path(os.environ["HIKESHI_BUILD"]) / "hikeshi-crash")
BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])

BODIES = {
    # Counts to three, a run for each; what came before is in its state.
    "count": """
    local n = (args.n or 0) + 1
    act.world.touch_once { target = "round-" .. n }
    if n == 3 then return { n = n, first = args.first, title = alert.title } end
    return continue_as_new { n = n, first = args.first or this_run() }
    """,
    "listen": """
    if args.round == 2 then
      local first, last = wait(signal "news"), wait(signal "news")
      return { first, last, (wait(signal "none", "1s")) or "nothing" }
    end
    wait(signal "go")
    return continue_as_new { round = 2 }
    """,
    "outer": """
    local done, why = call "inner" { left = 2 }
    return { done = done, why = why }
    """,
    "inner": """
    if (args.left or 3) == 0 then return { runs = args.runs + 1 } end
    wait(signal "on")
    return continue_as_new { left = (args.left or 3) - 1, runs = (args.runs or 0) + 1 }
    """,
    "tell": """
    return signal { to = alert.url, name = "on" }
    """,
    "spin": """
    note("once more")
    return continue_as_new { n = (args.n or 0) + 1 }
    """,
    "long": """
    wait(signal "on")
    return continue_as_new { again = true }
    """,
    "caught": """
    if args.again then return "the second" end
    local ok = pcall(function() continue_as_new { again = true } end)
    return "caught " .. tostring(ok)
    """,
    "branch": """
    together { a = function() return continue_as_new { x = 1 } end, b = function() wait "1h" end }
    """,
    "large": """
    return continue_as_new { text = ("x"):rep(70000) }
    """,
    "family": """
    together {
      a = function() return call "child" { n = 1 } end,
      b = function() return call "child" { n = 2 } end,
      c = function() return ask { question = "Well?", timeout = "4h" } end,
      d = function() wait(signal "fail"); error("enough") end,
    }
    """,
    "child": """
    return call "grandchild" { n = args.n }
    """,
    "grandchild": """
    return ask { question = "And you?", timeout = "4h" }
    """,
    "parent": """
    local done, why = call "fickle" {}
    return { done = done, why = why }
    """,
    # Another machine's exp has another last digit: see test_divergence.
    "fickle": """
    note(("%.17g"):format(math.exp(1)))
    wait(signal "on")
    return "done"
    """,
}


@pytest.fixture
def engine():
    it = Engine("-")
    files = []
    for name, body in BODIES.items():
        (it.folder / f"{name}.lua").write_text(PLAYBOOK % {"name": name, "body": body})
        files.append(f'"{name}.lua"')
    it.config.write_text(CONFIG % {"playbooks": ", ".join(files), "build": BUILD, "more": ""})
    try:
        it.start()
        it.sensor = it.token(service="sensor-1", role="analyst")
        it.responder = it.token("responder-1", "responder")
        yield it
    finally:
        it.remove()


def chain(engine, run):
    """The run and those that it went on as, the last one ended or waiting for good."""
    found = [shown(engine, run)]
    while found[-1].get("continued_as"):
        found.append(shown(engine, found[-1]["continued_as"]))
    return found


def last_of(engine, run, *states):
    """The chain, once its last run is in one of the states."""
    def check():
        runs = chain(engine, run)
        assert runs[-1]["state"] in (*states, "running", "waiting", "finished"), runs[-1]
        return runs if runs[-1]["state"] in states and not runs[-1].get("continued_as") else None
    return until(check, f"the chain of {run} to be {states}")


def holds(engine):
    """The record holds, and gives the same rows when it is folded again."""
    engine.stop()
    assert engine.run("audit", "rebuild", "--check").returncode == 0
    assert engine.run("audit", "verify").returncode == 0


def test_a_run_goes_on_with_its_state(engine):
    run = send(engine, "count")
    first, second, third = last_of(engine, run, "finished")
    assert third["value"] == {"n": 3, "first": run, "title": "count"}
    assert [r["state"] for r in (first, second, third)] == ["finished"] * 3
    assert second["args"] == {"n": 1, "first": run} and "args" not in first
    assert first["value"] is None and "continues" not in first
    assert [second["continues"][k] for k in ("run", "first", "number")] == [run, run, 1]
    assert [third["continues"][k] for k in ("run", "first", "number")] == [second["id"], run, 2]
    assert len({r["alert"] for r in (first, second, third)}) == 1
    assert effects(engine) and len(effects(engine)) == 3
    # The end of the one and the beginning of the other are one write.
    ends = [e for e in second["entries"] if e["kind"] == "run.finished"][0]["seq"]
    begins = third["entries"][0]
    assert (begins["kind"], begins["seq"]) == ("run.started", ends + 1)
    # The pages lead from each to the next, and back.
    viewer = person(engine, "viewer-1", "viewer")
    page = viewer.get("/runs/" + second["id"]).check("en")
    assert {f"/runs/{run}", f"/runs/{third['id']}"} <= set(page.links), page.links
    assert "Goes on from" in page.text and "Goes on as" in page.text
    # So does the alert, which lists the first one.
    (item,) = engine.get("/v1/alerts/" + first["alert"], engine.sensor).json["runs"]
    assert (item["id"], item["state"], item["continued_as"]) == (run, "finished", second["id"])
    assert "goes on as another run" in viewer.get("/alerts/" + first["alert"]).check("en").text
    # Watching goes on to the last one, and says so.
    told = engine.ok("run", "watch", run)
    assert f"{run}  goes on as {second['id']}" in told and told.rstrip().endswith(f"{third['id']}  finished"), told
    holds(engine)


def test_each_run_of_a_chain_makes_a_test_and_is_told_again(engine, tmp_path):
    run = send(engine, "count")
    runs = last_of(engine, run, "finished")
    text = (engine.folder / "count.lua").read_text()
    (tmp_path / "count.lua").write_text(text)
    tests = [engine.ok("run", "show", r["id"], "--as-test") for r in runs]
    assert [("t.continued()" in text, "t.returned" in text) for text in tests] == [(True, False)] * 2 + [(False, True)]
    # this_run() is the engine's: what is handed over says another id in the test of the first one.
    (tmp_path / "count.test.lua").write_text("\n".join(tests))
    engine.ok("playbook", "test", tmp_path / "count.test.lua")
    document = engine.document("playbook", "replay", tmp_path / "count.lua")
    assert (document["runs"], document["same"]) == (3, 3), document
    # Step by step, too.
    walked = [engine.document("playbook", "replay", "--step", r["id"])["end"] for r in runs]
    assert [end["kind"] for end in walked] == ["continued", "continued", "finished"], walked
    assert walked[0]["text"] == {"n": 1, "first": run}, walked
    assert "goes on as a new run with" in engine.ok("playbook", "replay", "--step", run)
    (tmp_path / "count.lua").write_text(text.replace("n == 3", "n == 2"))
    document = engine.document("playbook", "replay", tmp_path / "count.lua")
    ends = {item["run"]: item["end"] for item in document["items"] if not item["same"]}
    assert ends == {runs[1]["id"]: {"was": "continued", "is": "finished"},
                    runs[2]["id"]: {"was": "finished", "is": "continued"}}, document


def test_send_waits_for_the_end_of_the_chain(engine, tmp_path):
    file = tmp_path / "alert.json"
    file.write_text(json.dumps(alert(1, title="count", category="network")))
    engine.ok("send", str(file), "--wait", token=engine.sensor)
    assert [r["state"] for r in runs_of(engine, "count")] == ["finished"] * 3


def test_signals_that_nobody_took_are_handed_on(engine):
    run = send(engine, "listen")
    in_state(engine, run, "waiting")
    assert [signal(engine, run, "news", {"n": n}).json["taken"] for n in (1, 2)] == [False, False]
    kill(engine)
    signal(engine, run, "go")
    runs = last_of(engine, run, "finished")
    assert runs[-1]["value"] == [{"n": 1}, {"n": 2}, "nothing"]
    # Whoever knows the first one only reaches the last one, and hears which that is.
    late = signal(engine, run, "news")
    assert late.status == 409 and late.json["current"]["id"] == runs[1]["id"], late.body
    holds(engine)


def test_a_signal_follows_the_chain(engine):
    run = send(engine, "inner")
    in_state(engine, run, "waiting")
    seen = [run]
    for _ in range(2):
        answer = signal(engine, run, "on")  # always to the first one
        assert answer.status == 200 and answer.json == {"id": seen[-1], "state": "running", "taken": True}, answer.body
        seen.append(until(lambda: (c := chain(engine, run)) and len(c) > len(seen) and c[-1]["state"] == "waiting"
                          and c[-1]["id"], "the run to go on"))
    kill(engine)
    assert ended(engine, send(engine, "tell", 2, url=run)) is True
    assert last_of(engine, run, "finished")[-1]["value"] == {"runs": 4}
    holds(engine)


def test_a_caller_waits_for_the_end_of_the_chain(engine):
    run = send(engine, "outer")
    seen = []
    for left in (2, 1):
        step = until(lambda: (s := steps_of(engine, run).get("0")) and s.get("run") not in (None, *seen) and s, "the call")
        seen.append(step["run"])
        in_state(engine, step["run"], "waiting")
        if left == 1:
            kill(engine)
        signal(engine, step["run"], "on")
    assert ended(engine, run) == {"done": {"runs": 3}}
    runs = chain(engine, seen[0])
    assert [r["id"] for r in runs][:2] == seen and len(runs) == 3
    assert [r["caller"] for r in runs] == [runs[0]["caller"]] * 3 and runs[0]["caller"]["run"] == run
    holds(engine)


def test_a_test_drives_a_called_chain_to_its_end(engine):
    (engine.folder / "outer.test.lua").write_text("""
    test("the last run's value", function(t)
      t.use "inner.lua"
      t.on("signal on", t.after("1h", true))
      t.run { title = "outer" }
      t.returned { done = { runs = 3 } }
      t.equal(t.count "signal on", 2)
    end)
    """)
    engine.ok("playbook", "test", engine.folder / "outer.test.lua")


def test_a_caller_that_ends_takes_with_it_what_its_call_went_on_as(engine):
    run = send(engine, "outer")
    one = until(lambda: steps_of(engine, run).get("0", {}).get("run"), "the call")
    in_state(engine, one, "waiting")
    signal(engine, one, "on")
    two = until(lambda: (n := steps_of(engine, run)["0"]["run"]) != one and n, "the call to go on")
    in_state(engine, two, "waiting")
    engine.ok("run", "cancel", run)
    assert shown(engine, two)["state"] == "cancelled"
    assert shown(engine, two)["reason"] == "the run that called it has ended"


def test_a_chain_does_not_spin(engine):
    run = send(engine, "spin")
    runs = last_of(engine, run, "failed")
    assert len(runs) == 61
    assert runs[-1]["reason"].startswith("spin.lua:7: continue_as_new: the run went on as a new one 60 times within an"), \
        runs[-1]["reason"]


def test_what_cannot_go_on(engine):
    assert shown(engine, last_of(engine, send(engine, "caught"), "finished")[1]["id"])["value"] == "the second"
    run = in_state(engine, send(engine, "branch", 2), "failed")
    assert run["reason"].startswith("branch.lua:6: continue_as_new can't be called in a branch"), run["reason"]
    run = in_state(engine, send(engine, "large", 3), "failed")
    assert run["reason"].startswith("large.lua:6: continue_as_new: state"), run["reason"]


def test_the_version_in_force_goes_on(engine):
    run = send(engine, "long")
    in_state(engine, run, "waiting")
    (engine.folder / "long.lua").write_text(PLAYBOOK % {"name": "long", "body": "return { args = args, new = true }"})
    engine.stop()
    engine.start()
    signal(engine, run, "on")
    runs = last_of(engine, run, "finished")
    assert runs[1]["value"] == {"args": {"again": True}, "new": True}
    assert runs[0]["version"] != runs[1]["version"]


def test_the_time_of_a_chain_is_one(engine):
    text = (PLAYBOOK % {"name": "long", "body": BODIES["long"]}).replace("on = ", 'limits = { run_for = "3s" }, on = ')
    (engine.folder / "long.lua").write_text(text)
    engine.stop()
    engine.start()
    run = send(engine, "long")
    in_state(engine, run, "waiting")
    signal(engine, run, "on")
    runs = last_of(engine, run, "failed")
    assert len(runs) == 2 and "longer than its playbook's limits.run_for" in runs[1]["reason"]
    began = [entry["time"] for entry in (runs[0]["entries"][0], runs[1]["entries"][-1])]
    assert began[1] > began[0]


@pytest.mark.parametrize("point", ["continuing", "continued"])
@pytest.mark.parametrize("called", [False, True])
def test_a_kill_leaves_one_run(engine, point, called):
    top = send(engine, "outer" if called else "long")
    run = until(lambda: steps_of(engine, top).get("0", {}).get("run"), "the call") if called else top
    in_state(engine, run, "waiting")
    engine.stop()
    engine.program, engine.extra = CRASH, {"HIKESHI_CRASH": point}
    engine.start()
    with contextlib.suppress(ConnectionError):
        signal(engine, run, "on")
    assert engine.process.wait(timeout=30) != 0
    engine.program, engine.extra = None, {}
    engine.start()
    if shown(engine, run)["state"] == "waiting" and not shown(engine, run).get("continued_as"):
        assert signal(engine, run, "on").status == 200  # it was not acknowledged, and not on disk
    runs = until(lambda: (c := chain(engine, run)) and len(c) > 1 and c[-1]["state"] == "waiting" and c,
                 "the run to go on")
    assert len(runs) == 2 == len(runs_of(engine, "inner" if called else "long"))
    assert runs[1]["args"] == ({"left": 1, "runs": 1} if called else {"again": True})
    if called:
        assert steps_of(engine, top)["0"]["run"] == runs[1]["id"]
    holds(engine)


# --- how runs that were called end with their callers ---

def live(engine, name):
    return [run for run in runs_of(engine, name) if run["state"] in ("running", "waiting", "unknown", "diverged")]


def family(engine, number=1):
    """A run that waits for two calls, each of which waits for another, which waits for a person."""
    run = send(engine, "family", number)
    until(lambda: [r["state"] for r in runs_of(engine, "grandchild") if r["state"] == "waiting"] == ["waiting"] * 2
          and shown(engine, run)["state"] == "waiting", "all of them to wait")
    return run


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_what_was_called_ends_in_one_write(engine, how):
    run = family(engine)
    if how == "cancelled":
        engine.ok("run", "cancel", run, "--reason", "enough")
    else:
        signal(engine, run, "fail")
        in_state(engine, run, "failed")
    entries = [entry for name in ("family", "child", "grandchild") for r in runs_of(engine, name)
               for entry in shown(engine, r["id"])["entries"] if entry["kind"] in ("run.cancelled", "run.failed")]
    assert len(entries) == 5
    assert len({entry["time"] for entry in entries}) == 1, entries
    assert {r["reason"] for r in runs_of(engine, "child") + runs_of(engine, "grandchild")} == {
        "the run that called it has ended"}
    assert not [gate for gate in engine.get("/v1/approvals?state=pending", engine.sensor).json["items"]]
    holds(engine)


@pytest.mark.parametrize("point", ["ending", "ended"])
def test_a_kill_leaves_nobody_without_a_caller(engine, point):
    run = family(engine)
    engine.stop()
    engine.program, engine.extra = CRASH, {"HIKESHI_CRASH": point}
    engine.start()
    assert engine.run("run", "cancel", run).returncode != 0
    engine.process.wait(timeout=30)
    engine.program, engine.extra = None, {}
    engine.start()
    if point == "ended":
        assert shown(engine, run)["state"] == "cancelled"
        assert not live(engine, "child") and not live(engine, "grandchild")
    else:  # nothing was acknowledged, and nothing is half done
        assert shown(engine, run)["state"] == "waiting"
        assert len(live(engine, "child")) == len(live(engine, "grandchild")) == 2
    holds(engine)


@pytest.mark.skipif(not OTHER_MACHINE.exists(), reason="a sanitizer's functions don't go together with such a library")
def test_a_caller_of_a_run_that_diverged_waits_for_a_person(engine):
    run = send(engine, "parent")
    inner = until(lambda: steps_of(engine, run).get("0", {}).get("run"), "the call")
    in_state(engine, inner, "waiting")
    holds(engine)
    engine.extra = {"LD_PRELOAD": str(OTHER_MACHINE)}
    engine.start()
    engine.extra = {}
    signal(engine, inner, "on")
    until(lambda: shown(engine, inner)["state"] == "diverged", "the called run to be parked")
    step = steps_of(engine, run)["0"]
    assert (step["state"], step["for"], step["run"]) == ("waiting", "call", inner)
    kill(engine)
    assert shown(engine, run)["state"] == "waiting"
    assert f"/runs/{inner}" in person(engine, "viewer-1", "viewer").get("/runs/" + run).check("en").links
    engine.ok("run", "cancel", inner, "--reason", "it was the old text")
    assert ended(engine, run)["why"].startswith("playbook fickle was cancelled: it was the old text")
