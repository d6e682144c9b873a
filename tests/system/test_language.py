"""The language of playbooks with the real engine, and what a restart in the middle of each construct leaves of it."""

import datetime
import os
import pathlib

import pytest

from engine import Engine, alert
from waiting import until

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])

PLAYBOOK = """
return playbook {
  name = "%(name)s", summary = "A playbook of the tests", on = { title = "%(name)s" },
  run = function(alert, args)
%(body)s
  end,
}
"""

BODIES = {
    "each": """
    return each({ 1, 2, 3, 4, 5 }, function(n)
      return retry(function(try)
        local done, why = act.world.touch_once { target = "host-" .. n, fail = n < 4 and try < 2 }
        return done and { n = n, try = try }, why
      end, { first = "3s", times = 3 })
    end, { at_once = 3 })
    """,
    "listen": """
    local r = together {
      first = function() return wait(signal "go", "1h") end,
      second = function() return wait(signal "go", "1h") end,
      early = function() wait(signal "then"); return { early = wait(signal "early") } end,
      none = function() return wait(signal "none", "1s") end,
    }
    return { r.first.value, r.second.value, r.early.value, r.none.error }
    """,
    "tell": """
    local nobody, why = signal { to = "ru-nobody", name = "go" }
    local one = signal { to = alert.url, name = "then", data = { x = 1 } }
    return { why = why, one = one, own = { signal { to = this_run(), name = "me", data = { "mine" } }, wait(signal "me") } }
    """,
    "times": """
    local before = now()
    local past = wait "2026-01-01T00:00:00Z"
    local soon = wait(alert.url)
    local open = wait "business hours"
    return { past, soon, open, now() - before }
    """,
    "closed": """
    local open, why = wait "business hours"
    return why or "open"
    """,
    "outer": """
    local r = together {
      good = function() return call "inner" { n = 20 } end,
      bad = function() return call "inner" { n = -1 } end,
      none = function() return call "no-such" {} end,
      self = function() return call "outer" {} end,
    }
    local last, why = call "inner" {}
    return { good = r.good.value, bad = r.bad.error, none = r.none.error, self = r.self.error, last = why }
    """,
    "inner": """
    if args.n == nil then local back, why = call "outer" {} return nil, error("no n: " .. why) end
    act.world.touch_once { target = "called-" .. args.n }
    wait "2s"
    if args.n < 0 then local x = nil + 1 end
    return { n = args.n * 2, title = alert.title }
    """,
    "patient": """
    local done, why = call "forever" { x = 1 }
    return { why = why }
    """,
    "forever": """
    local deeper = call "forever-2" (args)
    return "never"
    """,
    "forever-2": """
    wait "30d"
    """,
    "denied": """
    local done, why = retry(function() return act.contain.block_ip { ip = "198.51.100.7" } end, { first = "1h" })
    return { done = done, why = why }
    """,
}

CONFIG = """
return hikeshi {
  tenants = { main = {
    playbooks = { %(playbooks)s },
    plugins = { edl = { file = "edl" }, world = { file = "%(build)s/tests/plugins/world.so" } },
    capabilities = { ["contain.block_ip"] = "edl.block_ip" },
    lists = { servers = { "198.51.100.0/24" } },
    authority = {
      { name = "never-servers", kind = "contain", targets = { "list:servers" }, outcome = "deny" },
      { name = "world", action = "world.*", outcome = "do" },
    },
    %(more)s
  } },
}
"""


@pytest.fixture
def engine():
    it = Engine("-")
    files = []
    for name, body in BODIES.items():
        (it.folder / f"{name}.lua").write_text(PLAYBOOK % {"name": name, "body": body})
        files.append(f'"{name}.lua"')

    def configure(more=""):
        it.config.write_text(CONFIG % {"playbooks": ", ".join(files), "build": BUILD, "more": more})

    it.configure = configure
    configure()
    try:
        it.start()
        it.sensor = it.token(service="sensor-1", role="analyst")
        yield it
    finally:
        it.remove()


def send(engine, title, number=1, **fields):
    """The run that the alert started."""
    answer = engine.post("/v1/alerts", engine.sensor, alert(number, title=title, category="network", **fields))
    assert answer.status == 202, answer.body
    return engine.get("/v1/alerts/" + answer.json["alerts"][0]["id"], engine.sensor).json["runs"][0]["id"]


def shown(engine, run):
    return engine.get("/v1/runs/" + run, engine.sensor).json


def in_state(engine, run, *states):
    def check():
        document = shown(engine, run)
        assert document["state"] in states or document["state"] in ("running", "waiting"), document
        return document if document["state"] in states else None
    return until(check, f"{run} to be {states}")


def ended(engine, run):
    document = in_state(engine, run, "finished", "failed", "diverged", "unknown", "cancelled")
    assert document["state"] == "finished", document
    return document["value"]


def kill(engine):
    """SIGKILL, and a new engine on the same folder."""
    engine.process.kill()
    engine.process.wait()
    engine.start()


def effects(engine):
    """The lines of what really took place."""
    return [line for log in engine.data.rglob("world.log") for line in log.read_text().splitlines()]


def test_each_and_retry_go_on_after_a_kill(engine):
    run = send(engine, "each")
    # Three at once, and all three wait before they try again.
    before = in_state(engine, run, "waiting")
    assert len([s for s in before["steps"] if s["op"] == "wait"]) == 3
    kill(engine)
    assert [item["value"] for item in ended(engine, run)] == [
        {"n": n, "try": 2 if n < 4 else 1} for n in range(1, 6)]
    steps = {step["step"]: step["op"] for step in shown(engine, run)["steps"]}
    assert steps == {f"0:{n}.{k}": "wait" if k == 1 else "act" for n in range(1, 6) for k in range(3 if n < 4 else 1)}
    # Each effect once, whatever happened in between.
    assert len(effects(engine)) == 5, effects(engine)


def test_a_denial_is_not_tried_again(engine):
    run = send(engine, "denied")
    assert "never-servers" in ended(engine, run)["why"]
    assert [step["op"] for step in shown(engine, run)["steps"]] == ["act"]


# --- wait and signal ---

def signal(engine, run, name, value=None, token=None):
    body = {"name": name} | ({} if value is None else {"value": value})
    return engine.post(f"/v1/runs/{run}/signal", token or engine.responder, body)


def steps_of(engine, run):
    return {step["step"]: step for step in shown(engine, run)["steps"]}


def test_signals_are_kept_and_taken_once(engine):
    engine.responder = engine.token("responder-1", "responder")
    run = send(engine, "listen")
    until(lambda: steps_of(engine, run).get("0:none.0", {}).get("state") == "settled", "the one that nobody signals")
    in_state(engine, run, "waiting")
    # Kept before it is asked for, over a kill.
    answer = signal(engine, run, "early", {"n": 1})
    assert (answer.status, answer.json) == (200, {"id": run, "state": "waiting", "taken": False})
    kill(engine)
    assert steps_of(engine, run)["0:first.0"]["state"] == "waiting"
    # From the command line, with nothing.
    assert '"taken":true' in engine.ok("run", "signal", run, "go", "--json").replace(" ", "")
    in_state(engine, run, "waiting")
    assert sorted(steps_of(engine, run)[f"0:{name}.0"]["state"] for name in ("first", "second")) == ["settled", "waiting"]
    kill(engine)
    # Taken already: the second one still waits for another.
    in_state(engine, run, "waiting")
    assert signal(engine, run, "go", {"n": 2}).json["taken"] is True
    # Another run tells it the rest.
    teller = send(engine, "tell", 2, url=run)
    told = ended(engine, teller)
    assert told["one"] is True and "ru-nobody" in told["why"], told
    assert told["own"] == [True, ["mine"]]
    assert ended(engine, run) == [True, {"n": 2}, {"early": {"n": 1}}, "no signal came in time"]
    # Nobody hears it any more.
    late = signal(engine, run, "go")
    assert late.status == 409 and late.json["current"]["state"] == "finished", late.body
    # The record holds, and gives the same rows when it is folded again.
    engine.stop()
    assert engine.run("audit", "rebuild", "--check").returncode == 0
    assert engine.run("audit", "verify").returncode == 0


def test_who_may_signal_and_what(engine):
    engine.responder = engine.token("responder-1", "responder")
    run = send(engine, "listen")
    in_state(engine, run, "waiting")
    assert signal(engine, run, "go", token=engine.token("analyst-1", "analyst")).status == 403
    assert signal(engine, "ru-nobody", "go").status == 404
    assert signal(engine, run, "No such").status == 400
    assert engine.post(f"/v1/runs/{run}/signal", engine.responder, {}).status == 400
    assert signal(engine, run, "go", {"x": "y" * 17000}).status == 400
    # So many are kept and no more; one that is waited for always comes through.
    assert [signal(engine, run, "other", {"n": n}).status for n in range(65)] == [200] * 64 + [409]
    assert signal(engine, run, "go").status == 200


def test_times_of_day_and_business_hours(engine):
    now = datetime.datetime.now(datetime.timezone.utc)
    # By a clock on which it is about noon, open from yesterday's to tomorrow's.
    minutes = (12 - now.hour) * 60
    zone = "%s%02d:%02d" % ("-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60)
    engine.configure(f'business_hours = {{ hours = {{ from = "09:00", to = "18:00", zone = "{zone}" }} }},')
    engine.stop()
    engine.start()
    soon = (now + datetime.timedelta(seconds=3)).isoformat(timespec="seconds")
    run = send(engine, "times", url=soon)
    kill(engine)
    past, at, opened, took = ended(engine, run)
    assert (past, at, opened) == (True, True, True) and took <= 60, took

    # Closed today; what waits is due when the hours begin, whatever the configuration says later.
    local = now + datetime.timedelta(minutes=minutes)
    today = local.date().isoformat()
    engine.configure('business_hours = { hours = { from = "09:00", to = "18:00", zone = "%s" }, holidays = { "%s" } },'
                     % (zone, today))
    engine.stop()
    engine.start()
    run = send(engine, "closed", 2)
    step = in_state(engine, run, "waiting")["steps"][0]
    morning = (local + datetime.timedelta(days=1)).replace(hour=9, minute=0, second=0) - datetime.timedelta(minutes=minutes)
    assert step["due"].startswith(morning.strftime("%Y-%m-%dT%H:%M:00")), (step, morning)

    # Without any hours that is a reason.
    engine.configure()
    engine.stop()
    engine.start()
    assert ended(engine, send(engine, "closed", 3)) == "the tenant has no business_hours"
    # What waited goes on waiting.
    assert shown(engine, run)["steps"][0]["due"] == step["due"]


# --- call ---

def runs_of(engine, playbook):
    return [run for run in engine.get("/v1/runs?limit=500", engine.sensor).json["items"] if run["playbook"] == playbook]


def test_a_call_is_a_run_of_its_own(engine):
    run = send(engine, "outer")
    in_state(engine, run, "waiting")
    until(lambda: [r["state"] for r in runs_of(engine, "inner")] == ["waiting"] * 2, "both that were called to wait")
    step = steps_of(engine, run)["0:good.0"]
    called = shown(engine, step["run"])
    assert (step["for"], step["name"], called["playbook"]) == ("call", "inner", "inner")
    assert called["caller"] == {"run": run, "step": "0:good.0", "where": "outer.lua:7", "playbooks": ["outer"]}
    # What is called keeps the version that it began with.
    (engine.folder / "inner.lua").write_text(PLAYBOOK % {"name": "inner", "body": "return 'changed'"})
    kill(engine)
    value = ended(engine, run)
    assert value["good"] == {"n": 40, "title": "outer"}
    # The error has the line, the stack, and where it was called from.
    assert value["bad"].startswith("playbook inner failed: inner.lua:9: attempt to perform arithmetic"), value
    assert value["bad"].endswith("called from outer.lua:8"), value
    assert value["none"] == 'the tenant has no playbook "no-such" in force'
    assert value["self"] == 'playbook "outer" would call itself'
    assert "last" not in value  # the changed text
    assert len(effects(engine)) == 2
    engine.stop()
    assert engine.run("audit", "rebuild", "--check").returncode == 0


def test_calls_that_go_in_circles_are_refused(engine):
    (engine.folder / "outer.lua").write_text(PLAYBOOK % {"name": "outer", "body": """
    local last, why = call "inner" {}
    return why
    """})
    engine.stop()
    engine.start()
    value = ended(engine, send(engine, "outer"))
    assert value.startswith('playbook inner failed: inner.lua:6: no n: playbook "outer" would call itself'), value
    assert value.endswith("called from outer.lua:6"), value


def test_a_caller_that_is_cancelled_takes_with_it_what_it_called(engine):
    run = send(engine, "patient")
    last = until(lambda: [r for r in runs_of(engine, "forever-2") if r["state"] == "waiting"], "the innermost to wait")[0]
    engine.ok("run", "cancel", run, "--reason", "enough")
    until(lambda: {r["state"] for r in runs_of(engine, "forever") + runs_of(engine, "forever-2")} == {"cancelled"},
          "all of them to be cancelled")
    assert shown(engine, last["id"])["reason"] == "the run that called it has ended"


def test_what_is_called_and_cancelled_is_a_reason(engine):
    run = send(engine, "patient")
    inner = until(lambda: [r for r in runs_of(engine, "forever-2") if r["state"] == "waiting"], "the innermost to wait")[0]
    kill(engine)
    engine.ok("run", "cancel", inner["id"], "--reason", "enough")
    middle = runs_of(engine, "forever")[0]
    assert ended(engine, middle["id"]) == "never"
    assert ended(engine, run) == {}
    step = shown(engine, middle["id"])["steps"][0]
    assert step["ok"] is False and step["reason"].startswith("playbook forever-2 was cancelled: enough"), step
