"""A version that is tried as a shadow: it gets the alerts, and does nothing."""

import json

import pytest

from engine import alert
from versions import Site
from waiting import until

EVERYTHING = """
return playbook {
  name = "guard", summary = "Tries everything", on = { category = "endpoint" },
  run = function(alert)
    local said = {}
    local function tell(name, value, why) said[#said + 1] = { name = name, value = value, why = why } end
    tell("read", act.world.touch_read { target = "host-1" })
    tell("contain", act.world.touch_idempotent({ target = "host-1" }, { expires = "1h" }))
    tell("bound", act.contain.touch { target = "host-2" })
    tell("once", act.world.touch_once { target = "host-3" })
    tell("denied", act.world.touch_once { target = "gateway" })
    tell("nonsense", act.world.nothing {})
    tell("ask", ask { question = "May it?", timeout = "1h" })
    tell("note", note "a shadow was here")
    tell("case", case { title = "a shadow was here", happening = "it", phase = "contain",
                        evidence = { { name = "n", text = "t" } } })
    tell("notify", notify { text = "a shadow was here" })
    tell("escalate", escalate { text = "a shadow was here" })
    tell("wait", wait(signal "go"))
    tell("signal", signal { to = alert.tell, name = "go" })
    tell("helper", call "helper" {})
    tell("release", release { reason = "a shadow was here" })
    tell("close", close { verdict = "true_positive", note = "a shadow was here" } and true)
    return said
  end,
}
"""
SHADOW_HELPER = """
return playbook { name = "helper", summary = "Contains", run = function()
  local _, why = act.world.touch_idempotent { target = "host-4" }
  notify { text = "a shadow was here" }
  return why
end }
"""
WAITS = """
return playbook { name = "waits", summary = "Waits to be told", on = { category = "waits" },
  run = function() return wait(signal "go") end }
"""
ACTS = """
  capabilities = { ["contain.touch"] = "world.touch_idempotent" },
  authority = { { name = "do-all", kind = "contain", outcome = "do" } },
  protected = { { target = "gateway", reason = "the gateway" } },
  fallback = { ["contain.touch"] = { owner = "approver-1", instruction = "By hand" } },
  channels = { mail = { kind = "smtp", host = "127.0.0.1", port = 1, tls = "none", from = "hikeshi@soc.example" } },
  contacts = { { name = "room", channels = { mail = "room@soc.example" } } },
"""
SENTINEL = "a shadow was here"


class Shadowed(Site):
    def __init__(self, guard=None):
        super().__init__(ACTS)
        (self.folder / "helper.lua").write_text(SHADOW_HELPER)
        (self.folder / "waits.lua").write_text(WAITS)
        if guard is not None:
            (self.folder / "guard.lua").write_text(guard)
        self.configure("guard.lua", "helper.lua", "waits.lua")

    def world(self):
        log = self.data / "plugins" / "main" / "world" / "world.log"
        return log.read_text().splitlines() if log.exists() else []

    def watch(self, source, **body):
        return self.change("/v1/playbooks/guard/trial", {"source": source, "kind": "shadow"} | body)["trial"]

    def both(self, alert_id):
        """The run of the version in force, and that of the shadow, once both have ended; None for none."""
        runs = [run for run in self.get("/v1/runs?limit=500", self.who("viewer")).json["items"]
                if run["alert"] == alert_id and run["playbook"] == "guard"]
        found = {run["shadow"]: self.ended(run["id"]) for run in runs}
        return found.get(False), found.get(True)

    def entries(self, after=-1):
        found = []
        while True:
            query = f"?limit=500&after={after}" if after >= 0 else "?limit=500"
            page = self.get(f"/v1/tenants/main/audit/entries{query}", self.who("analyst")).json
            found += [(item["line"].split(" ")[3:5], item["payload"]) for item in page["items"]]
            if page["next"] is None:
                return found
            after = page["next"]

    def trial(self):
        answer = self.get("/v1/playbooks/guard/trial", self.who("viewer"))
        assert answer.status == 200, answer.body
        return answer.json


@pytest.fixture
def shadowed():
    it = Shadowed("""return playbook { name = "guard", summary = "Looks", on = { category = "endpoint" },
      run = function() return act.world.touch_read { target = "host-1" } end }""")
    try:
        yield it.start()
    finally:
        it.remove()


def test_a_shadow_does_nothing(shadowed):
    site = shadowed
    site.who("analyst")
    site.who("viewer")
    plain = site.send()
    site.both(plain)
    waiting = site.post("/v1/alerts", site.who("analyst"), alert(9, category="waits", uid="w")).json["alerts"][0]["id"]
    told = site.runs(waiting)[0]["id"]
    until(lambda: site.get(f"/v1/runs/{told}", site.who("viewer")).json["state"] == "waiting", "a run that waits")
    trial = site.watch(EVERYTHING)
    before = len(site.entries())
    effects = site.world()
    alert_id = site.send(tell=told)
    in_force, shadow = site.both(alert_id)
    assert in_force["state"] == "finished" and in_force["shadow"] is False and in_force["trial"] is None
    assert (shadow["state"], shadow["shadow"], shadow["trial"]) == ("finished", True, trial["id"]), shadow
    said = {item["name"]: (item.get("value"), item.get("why")) for item in shadow["value"]}
    assert said["read"] == ({"effects": 0}, None)  # it may look
    assert said["contain"][1] == said["bound"][1] == said["once"][1] == "shadow: do-all says do"
    assert said["denied"][1].startswith("denied by ") and "nothing" in said["nonsense"][1]
    assert (said["ask"][1], said["wait"][1], said["signal"][1]) == (
        "shadow: nobody is asked", "shadow: nobody tells it", "shadow: nobody is told")
    assert said["notify"] == said["escalate"] == said["close"] == (True, None)
    assert said["release"] == (None, "shadow: this is not done")
    assert said["helper"][0] == "shadow: do-all says do"  # what it calls is a shadow, too

    # Outside: the two looks are all that took place.
    assert [line.split(" ")[0] for line in site.world()[len(effects):]] == ["READ", "READ"]
    for collection in ("approvals", "containments", "tasks", "notices"):
        assert site.get(f"/v1/{collection}", site.who("analyst")).json["items"] == [], collection
    shown = site.get(f"/v1/alerts/{alert_id}", site.who("viewer")).json
    assert shown["state"] == "routed" and shown["verdict"] is None
    assert SENTINEL not in json.dumps(site.get(f"/v1/cases/{shown['case']}", site.who("viewer")).json)
    assert site.get(f"/v1/runs/{told}", site.who("viewer")).json["state"] == "waiting"
    # The record: entries about the shadow's own runs, and what any alert leaves.
    helper = [run["id"] for run in site.get("/v1/runs", site.who("viewer")).json["items"]
              if run["playbook"] == "helper"]
    assert len(helper) == 1 and site.get(f"/v1/runs/{helper[0]}", site.who("viewer")).json["shadow"] is True
    own = {shadow["id"], helper[0]}
    others = [kind for (kind, subject), _ in site.entries()[before:] if subject not in own]
    assert set(others) <= {"alert.received", "alert.routed", "case.opened", "run.started", "step.intended",
                           "step.settled", "run.finished", "alert.seen", "case.seen"}, others
    assert [kind for kind in others if kind in ("alert.received", "alert.routed", "run.started")] == [
        "alert.received", "alert.routed", "run.started"]
    site.audit()


def test_a_shadow_is_held_against_the_version_in_force():
    text = """return playbook { name = "guard", summary = "%(who)s", on = { %(on)s },
      run = function(alert)
        act.world.touch_read { target = alert.target }
        act.world.touch_idempotent({ target = %(target)s }, { expires = "1h" })
        close { verdict = %(verdict)s }
      end }"""
    site = Shadowed(text % {"who": "in force", "on": 'category = "endpoint"', "target": "alert.target",
                            "verdict": '"true_positive"'})
    try:
        site.start()
        assert site.get("/v1/playbooks/guard/trial", site.who("viewer")).status == 404
        trial = site.watch(text % {
            "who": "tried", "on": '{ category = "endpoint", title = "Alert" }, { category = "malware" }',
            "target": 'alert.odd and "host-odd" or alert.target',
            "verdict": 'alert.strange and "expected" or "true_positive"'})
        pairs = {}
        for name, fields in {"same": {}, "odd": {"odd": True}, "strange": {"strange": True}}.items():
            for number in range(3):
                pairs[name, number] = site.send(title="Alert", target=f"host-{name}-{number}", **fields)
        unwanted = site.send(title="Other", target="host-unwanted")
        alone = site.send(title="Another", target="host-alone", category="malware")
        for alert_id in [*pairs.values(), unwanted, alone]:
            site.both(alert_id)
        found = site.trial()
        assert (found["playbook"], found["trial"]["version"], found["trial"]["kind"], found["trial"]["by"]) == (
            "guard", trial["version"], "shadow", "author-1")
        assert (found["compared"], found["same"], found["differ"], found["open"]) == (11, 3, 8, 0), found
        assert sum(found["runs"].values()) == 10
        items = {item["alert"]: item for item in found["items"]}
        assert set(items) == {alert_id for (name, _), alert_id in pairs.items() if name != "same"} | {unwanted, alone}
        odd = items[pairs["odd", 1]]
        assert [(step["op"], step["args"]["target"]) for step in odd["removed"] + odd["added"]] == [
            ("act", "host-odd-1"), ("act", "host-odd")]
        assert odd["added"][0]["reason"] == "shadow: do-all says do"
        strange = items[pairs["strange", 0]]
        assert [(step["op"], step["args"]["verdict"]) for step in strange["removed"] + strange["added"]] == [
            ("close", "true_positive"), ("close", "expected")]
        assert items[unwanted]["trial_run"] is None and len(items[unwanted]["removed"]) == 2
        assert items[alone]["run"] is None and len(items[alone]["added"]) == 2
        shown = site.get(f"/v1/alerts/{alone}", site.who("viewer")).json  # what only a shadow wants, nobody wants
        assert (shown["state"], shown["case"], shown["runs"]) == ("new", None, [])
        told = site.ok("playbook", "show", "guard", "--trial")
        assert "11 compared, 3 the same, 8 differ, 0 not ended" in told and "host-odd" in told
        assert "its alert would not start what is tried" in told
        assert site.get("/v1/playbooks/guard/trial?limit=2", site.who("viewer")).json["more"] is True
        # nothing that only the shadow wanted took place
        assert not any("host-odd\n" in line + "\n" or "host-alone" in line for line in site.world()
                       if not line.startswith("READ"))
        site.change("/v1/playbooks/guard/promote", {"reason": "it did well"})
        after = site.send(title="Alert", target="host-after", odd=True)
        in_force, shadow = site.both(after)
        assert shadow is None and in_force["version"] == trial["version"]
        until(lambda: any("host-odd" in line for line in site.world()), "what was only tried, in force")
        site.audit()
    finally:
        site.remove()


def test_a_shadow_holds_nothing_up(shadowed):
    """Neither its alert's case, nor people, by waiting, failing, or a restart in the middle."""
    site = shadowed
    (site.folder / "guard.lua").write_text("""return playbook { name = "guard", summary = "Closes",
      on = { category = "endpoint" }, run = function() close { verdict = "expected" } end }""")
    site.reload()
    site.watch("""return playbook { name = "guard", summary = "Waits", on = { category = "endpoint" },
      run = function(alert) wait(alert.time_to_wait) error("it fails") end }""", share=100)
    slow, quick = site.send(time_to_wait="1h"), site.send(time_to_wait="1s")
    case = site.get(f"/v1/alerts/{slow}", site.who("viewer")).json["case"]
    until(lambda: site.get(f"/v1/cases/{case}", site.who("viewer")).json["state"] == "closed", "the end of the case")
    failed = [site.ended(run["id"]) for run in site.runs(quick) if run.get("shadow")][0]
    assert failed["state"] == "failed" and "it fails" in failed["reason"]
    assert site.get("/v1/notices", site.who("analyst")).json["items"] == []
    site.restart()
    waits = [run for run in site.runs(slow) if run.get("shadow")][0]
    assert waits["state"] == "waiting"
    assert site.trial()["open"] == 1 and site.trial()["differ"] == 1
    answer = site.post(f"/v1/runs/{waits['id']}/cancel", site.who("responder"), {"reason": "r"})
    assert answer.status == 200
    assert site.trial()["open"] == 0
    site.audit()


def test_a_shadow_goes_on_as_one_while_it_is_looked_at(shadowed):
    site = shadowed
    site.watch("""return playbook { name = "guard", summary = "Goes on", on = { category = "endpoint" },
      run = function(alert, args)
        local n = args and args.n or 0
        act.world.touch_idempotent { target = "host-" .. n }
        wait "1s"
        return continue_as_new { n = n + 1 }
      end }""")

    def shadows(alert_id):
        return [run for run in site.get("/v1/runs?limit=500", site.who("viewer")).json["items"]
                if run["alert"] == alert_id and run["shadow"]]
    alert_id = site.send()
    until(lambda: len(shadows(alert_id)) >= 2, "a shadow that went on")
    site.change("/v1/playbooks/guard/trial/stop", {"reason": "enough"})
    until(lambda: all(run["state"] == "finished" for run in shadows(alert_id)), "the end of the shadow")
    assert [line for line in site.world() if not line.startswith("READ")] == []
    assert site.get("/v1/containments", site.who("viewer")).json["items"] == []
    site.audit()


def test_a_shadow_may_look_at_a_share(shadowed):
    site = shadowed
    trial = site.watch("""return playbook { name = "guard", summary = "Tried", on = { category = "endpoint" },
      run = function() return 1 end }""", share=40)
    runs = [site.runs(site.send()) for _ in range(200)]
    assert all(len([run for run in of if not run.get("shadow")]) == 1 for of in runs)  # nobody is left out
    assert 45 <= sum(len(of) == 2 for of in runs) <= 115
    assert (trial["share"], trial["kind"]) == (40, "shadow")


def test_a_shadow_killed_in_the_middle_goes_on_as_one(shadowed):
    site = shadowed
    site.watch(EVERYTHING.replace('tell("read"', 'wait "2s"\n tell("read"'))
    alert_id = site.send(tell="ru-none")
    shadow = [run["id"] for run in site.runs(alert_id) if run.get("shadow")][0]
    until(lambda: site.get(f"/v1/runs/{shadow}", site.who("viewer")).json["state"] == "waiting", "its wait")
    site.process.kill()
    site.process.wait()
    site.process = None
    site.start()
    ended = site.ended(shadow)
    assert ended["state"] == "finished" and ended["shadow"] is True
    assert [line for line in site.world() if not line.startswith("READ")] == []
    assert site.get("/v1/tasks", site.who("analyst")).json["items"] == []
    site.audit()
