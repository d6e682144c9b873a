"""For tests of versions of playbooks: an engine whose playbooks change while it runs."""

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
        fields = {"category": "endpoint", "title": f"Alert {number}", "src": None,
                  "user": {"name": f"user-{number}"}} | fields
        answer = self.post("/v1/alerts", self.who("analyst"), alert(1, uid=str(number), **fields))
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
