"""Versions of playbooks: which one is in force, how another one gets there, who did it, and what stays as it is."""

import pytest

from engine import Engine, alert
from waiting import until
from work import BUILD

GUARD = """
return playbook {
  name = "guard", summary = "Version %(says)s", on = { category = "endpoint" },
  run = function(alert)
    if alert.waits then wait(signal "go") end
    local helped = call "helper" {}
    return { says = "%(says)s", helped = helped }
  end,
}
"""
HELPER = """
return playbook { name = "helper", summary = "Helps", run = function() return "%(says)s" end }
"""
CONFIG = """
return hikeshi { tenants = { main = {
  playbooks = { %(playbooks)s },
  plugins = { world = { file = "%(build)s/tests/plugins/world.so" } },
  %(more)s
} } }
"""


class Site(Engine):
    """An engine with two playbooks, of which one calls the other, and people."""

    def __init__(self, more=""):
        super().__init__("-")
        self.more = more
        self.write("guard", "one")
        self.write("helper", "h1")
        self.configure("guard.lua", "helper.lua")
        self.numbers = iter(range(1, 1_000_000))
        self.people = {}

    def configure(self, *files):
        self.config.write_text(CONFIG % {"playbooks": ", ".join(f'"{file}"' for file in files), "build": BUILD,
                                         "more": self.more})

    def write(self, name, says):
        (self.folder / f"{name}.lua").write_text({"guard": GUARD, "helper": HELPER}[name] % {"says": says})

    def who(self, role):
        if role not in self.people:
            self.people[role] = self.token(user=f"{role}-1", role=role)
        return self.people[role]

    def send(self, **fields):
        """An alert; its id."""
        number = next(self.numbers)
        answer = self.post("/v1/alerts", self.who("analyst"), alert(
            1, uid=str(number), category="endpoint", title=f"Alert {number}", src=None,
            user={"name": f"user-{number}"}, **fields))
        assert answer.status == 202 and answer.json["accepted"] == 1, answer.body
        return answer.json["alerts"][0]["id"]

    def runs(self, alert_id):
        return self.get(f"/v1/alerts/{alert_id}", self.who("viewer")).json["runs"]

    def ended(self, run_id):
        """The run once it has ended."""
        def look():
            run = self.get(f"/v1/runs/{run_id}", self.who("viewer")).json
            return run if run["state"] in ("finished", "failed", "diverged", "cancelled") else None
        return until(look, f"the end of {run_id}")

    def said(self, **fields):
        """What a new alert's run gives back."""
        run = self.ended(self.runs(self.send(**fields))[0]["id"])
        assert run["state"] == "finished", run
        return run["value"]

    def waiting(self):
        """A run that waits to be told "go"; its id."""
        run = self.runs(self.send(waits=True))[0]["id"]
        until(lambda: self.get(f"/v1/runs/{run}", self.who("viewer")).json["state"] == "waiting", "a run that waits")
        return run

    def go(self, run):
        assert self.post(f"/v1/runs/{run}/signal", self.who("responder"), {"name": "go"}).status == 200
        return self.ended(run)

    def shown(self, name="guard"):
        answer = self.get(f"/v1/playbooks/{name}", self.who("viewer"))
        assert answer.status == 200, answer.body
        return answer.json

    def change(self, path, body=None, role="author", status=200):
        answer = self.post(path, self.who(role), body or {})
        assert answer.status == status, (path, answer.status, answer.body)
        return answer.json

    def reload(self, role="author", status=200, **body):
        return self.change("/v1/config/playbooks", body, role, status)

    def promote(self, version, role="author", status=200, name="guard"):
        return self.change(f"/v1/playbooks/{name}/promote", {"version": version, "reason": "a test"}, role, status)

    def rollback(self, role="author", status=200, name="guard", **body):
        return self.change(f"/v1/playbooks/{name}/rollback", {"reason": "it is bad"} | body, role, status)

    def history(self, name="guard"):
        return [(item["kind"].removeprefix("playbook."), item.get("how"), item["by"]) for item in
                self.shown(name)["history"]]

    def restart(self):
        assert self.stop() == 0
        self.start()

    def audit(self):
        assert self.document("audit", "verify")["ok"] is True
        assert self.document("audit", "rebuild", "--check")["ok"] is True


@pytest.fixture
def site():
    it = Site()
    try:
        yield it.start()
    finally:
        it.remove()


# --- reload ---

def test_a_changed_file_is_for_new_runs_only(site):
    waits = site.waiting()
    first = site.shown()["version"]
    site.write("guard", "two")
    assert site.said()["says"] == "one"  # not by itself
    changed = site.reload()
    assert changed["changed"] == 1
    assert {item["name"]: item["changed"] for item in changed["items"]} == {"guard": True, "helper": False}
    assert site.said() == {"says": "two", "helped": "h1"}
    shown = site.shown()
    assert (shown["state"], shown["previous"], shown["by"]) == ("in_force", first, "author-1")
    assert [(item["version"], item["state"]) for item in shown["versions"]] == [
        (shown["version"], "in_force"), (first, "former")]
    assert [(kind, how) for kind, how, _ in site.history()] == [("enforced", "file"), ("enforced", "file")]
    assert shown["names"][site.history()[-1][2]] == "author-1"
    # a run that began before ends as it began, but what it calls from now on is what is in force
    site.write("helper", "h2")
    site.ok("playbook", "reload", "helper.lua")
    ended = site.go(waits)
    assert ended["value"] == {"says": "one", "helped": "h2"} and ended["version"] == first
    # the same once more changes nothing, and adds nothing to the record
    before = len(site.shown()["history"])
    assert site.reload()["changed"] == 0
    assert len(site.shown()["history"]) == before
    site.audit()


def test_a_run_that_waits_over_a_restart_stays_on_its_version(site):
    waits = site.waiting()
    site.write("guard", "two")
    site.reload()
    site.restart()
    assert site.go(waits)["value"]["says"] == "one"
    assert site.said()["says"] == "two"


def test_a_broken_file_replaces_nothing(site):
    (site.folder / "guard.lua").write_text("return playbook {\n  name = 'guard',\n  run = function( end,\n}\n")
    site.write("helper", "h2")
    refused = site.reload(status=409)
    assert "guard.lua:3: " in refused["detail"] and "nothing has changed" in refused["detail"]
    assert site.said() == {"says": "one", "helped": "h1"}  # all or nothing: one may call the other
    told = site.run("playbook", "reload")
    assert told.returncode != 0 and "guard.lua:3: " in told.stderr
    # by name, one that is good is taken
    assert site.reload(file="helper.lua")["changed"] == 1
    assert site.said() == {"says": "one", "helped": "h2"}
    (site.folder / "guard.lua").unlink()
    assert "guard.lua" in site.reload(status=409)["detail"]
    assert site.reload(file="none.lua", status=404)
    # a file that is suddenly another playbook, and two of one name
    (site.folder / "guard.lua").write_text(GUARD.replace('"guard"', '"other"') % {"says": "x"})
    assert '"other"' in site.reload(status=409)["detail"]
    (site.folder / "guard.lua").write_text(HELPER % {"says": "x"})
    assert 'helper' in site.reload(status=409)["detail"]
    assert site.said() == {"says": "one", "helped": "h2"}


# --- roll back and promote ---

def test_a_rollback_stays_until_the_file_changes(site):
    first = site.shown()["version"]
    site.write("guard", "two")
    site.reload()
    bad = site.shown()["version"]
    assert site.rollback()["version"] == first
    assert site.said()["says"] == "one"
    assert [item["state"] for item in site.shown()["versions"]] == ["set_aside", "in_force"]
    # the file still has the bad text
    item = [item for item in site.reload()["items"] if item["name"] == "guard"][0]
    assert (item["version"], item["changed"], item["set_aside"]) == (first, False, bad)
    site.restart()
    assert any("not that of its file" in line for line in site.lines)
    assert site.said()["says"] == "one"
    # a second rollback doesn't bring the bad one back
    refused = site.rollback(status=409)
    assert refused["current"]["version"] == first and "to which one" in refused["detail"]
    assert site.rollback(version=first[:12], status=409)["current"]["version"] == first
    assert site.said()["says"] == "one"
    site.write("guard", "three")
    site.restart()  # it changed while nothing ran
    assert site.said()["says"] == "three"
    assert [how for _, how, _ in site.history()] == ["file", "file", "rollback", "file"]
    assert site.shown()["history"][2]["reason"] == "it is bad"
    # back to one of long ago, by the beginning of its version
    assert site.rollback(version=bad[:8])["version"] == bad
    assert site.said()["says"] == "two"
    site.audit()


def test_a_version_is_promoted_whatever_the_file_says(site):
    first = site.shown()["version"]
    site.write("guard", "two")
    site.reload()
    second = site.shown()["version"]
    assert site.promote(first)["previous"] == second
    assert site.said()["says"] == "one"
    site.restart()
    assert site.said()["says"] == "one"
    assert site.rollback()["version"] == second
    assert site.said()["says"] == "two"
    assert site.promote(second, status=409)["current"]["version"] == second
    told = site.ok("playbook", "promote", "guard", "--version", first[:10], "--reason", "by hand")
    assert first in told and site.history()[-1] == ("enforced", "promote", "local")
    listed = site.document("playbook", "list")["items"]
    assert [(item["name"], item["version"]) for item in listed] == [
        ("guard", first), ("helper", site.shown("helper")["version"])]
    text = site.ok("playbook", "show", "guard")
    assert "by hand" in text and "author-1" in text and "promote" in text
    assert 'says = "one"' in site.ok("playbook", "show", "guard", "--source")


@pytest.mark.parametrize("path,body,status", [
    ("/v1/playbooks/guard/promote", {"version": "0" * 64, "reason": "r"}, 404),
    ("/v1/playbooks/guard/promote", {"version": "no-version", "reason": "r"}, 400),
    ("/v1/playbooks/guard/promote", {"version": "abc", "reason": "r"}, 400),
    ("/v1/playbooks/guard/promote", {"version": "0" * 64}, 400),
    ("/v1/playbooks/guard/promote", {"reason": "r"}, 400),
    ("/v1/playbooks/guard/rollback", {}, 400),
    ("/v1/playbooks/guard/rollback", {"reason": "r"}, 409),
    ("/v1/playbooks/nobody/rollback", {"reason": "r"}, 404),
])
def test_what_makes_no_sense_is_refused(site, path, body, status):
    site.change(path, body, status=status)
    assert site.said()["says"] == "one"


def test_only_authors_and_administrators_change_versions(site):
    first = site.shown()["version"]
    site.write("guard", "two")
    for role in ("viewer", "analyst", "approver", "responder", "auditor"):
        site.reload(role=role, status=403)
        site.promote(first, role=role, status=403)
        site.rollback(role=role, status=403)
    assert site.said()["says"] == "one" and len(site.history()) == 1
    site.reload(role="tenant-admin")
    assert site.said()["says"] == "two"


def test_a_version_that_stands_or_may_again_is_not_erased(site):
    first = site.shown()["version"]
    site.write("guard", "two")
    site.reload()
    until(lambda: not site.get("/v1/runs?state=live", site.who("viewer")).json["items"], "the end of all runs")
    admin = site.who("tenant-admin")
    for version in (first, site.shown()["version"]):
        answer = site.post("/v1/tenants/main/audit/erase", admin, {"subject": version, "reason": "r"})
        assert answer.status == 409, answer.body


# --- the configuration ---

def test_names_come_and_go_with_the_configuration(site):
    first = site.shown("helper")["version"]
    site.write("helper", "h2")
    site.reload()
    site.rollback(name="helper")
    site.configure("guard.lua")
    site.restart()
    assert site.shown("helper")["state"] == "withdrawn"
    assert [item["name"] for item in site.document("playbook", "list")["items"]] == ["guard"]
    assert site.rollback(name="helper", version=first, status=404)
    assert site.said() == {"says": "one"}
    site.configure("guard.lua", "helper.lua")
    site.restart()
    assert site.said() == {"says": "one", "helped": "h1"}  # as it was: the file has not changed
    assert [(kind, how) for kind, how, _ in site.history("helper")] == [
        ("enforced", "file"), ("enforced", "file"), ("enforced", "rollback"), ("withdrawn", None),
        ("enforced", "configured")]
    site.write("helper", "h3")
    site.ok("config", "apply")
    assert site.said() == {"says": "one", "helped": "h3"}
    site.audit()


def test_two_files_of_one_name_are_refused(site):
    (site.folder / "twin.lua").write_text(GUARD % {"says": "twin"})
    site.configure("guard.lua", "helper.lua", "twin.lua")
    told = site.run("config", "check", site.config)
    assert told.returncode != 0 and 'twin.lua: playbook "guard" is in guard.lua already' in told.stderr


def test_killed_right_after_the_answer_it_is_so(site):
    site.write("guard", "two")
    site.reload()
    site.rollback()
    site.process.kill()
    site.process.wait()
    site.process = None
    site.audit()
    site.start()
    assert site.said()["says"] == "one"


def test_alerts_between_reloads(site):
    """Whatever comes together: each run is of one whole version, and the record says which."""
    ids = []
    for number in range(30):
        site.write("guard", f"v{number}")
        ids.append(site.send())
        site.reload()
        ids.append(site.send())
    said = {}
    for alert_id in ids:
        run = site.ended(site.runs(alert_id)[0]["id"])
        said.setdefault(run["version"], set()).add(run["value"]["says"])
    assert all(len(values) == 1 for values in said.values()) and len(said) > 20
    site.audit()
