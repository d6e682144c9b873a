"""For tests of cases, tasks and modes: an engine whose playbooks do what the alert says, in the test plugin `world`."""

import http.client
import json
import os
import pathlib

import engine
from engine import Engine, alert
from waiting import until

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])

# What a test wants done stands in the alert: do = { { op, … }, … }.
PLAYBOOK = """
return playbook {
  name = "work", summary = "Do what the alert says", on = { category = "endpoint" },
  run = function(alert)
    local said = {}
    for i, item in ipairs(alert["do"] or {}) do
      local value, why
      if item.op == "act" then value, why = act.world[item.action](item.args, item.options)
      elseif item.op == "contain" then value, why = act.contain.touch(item.args, item.options)
      elseif item.op == "case" then value, why = case(item.args)
      elseif item.op == "release" then value, why = release(item.args)
      elseif item.op == "note" then value, why = note(item.text)
      elseif item.op == "close" then value, why = close { verdict = item.verdict }
      elseif item.op == "wait" then value, why = wait(item.time)
      end
      said[i] = { value = value, why = why }
    end
    return said
  end,
}
"""

TENANT = """{
    playbooks = { "%(playbook)s" },
    plugins = { world = { file = "%(build)s/tests/plugins/world.so" }, intel = {} },
    capabilities = { ["contain.touch"] = "world.touch_idempotent" },
    authority = { %(rules)s },
    protected = { { target = "gateway", reason = "the gateway" } },
    %(more)s
  }"""
DO_ALL = '{ name = "do-all", kind = "contain", outcome = "do" }'


class Work(Engine):
    """One engine with such tenants: {name: {"rules", "more"}}."""

    def __init__(self, **tenants):
        super().__init__("-")
        self.names = list(tenants or {"main": {}})
        (self.folder / "work.lua").write_text(PLAYBOOK)
        self.configure(**(tenants or {"main": {}}))
        self.numbers = iter(range(1, 1_000_000))
        self.tokens = {}

    def configure(self, **tenants):
        texts = [f"{name} = " + TENANT % {"playbook": self.folder / "work.lua", "build": BUILD,
                                         "rules": given.get("rules", DO_ALL), "more": given.get("more", "")}
                 for name, given in tenants.items()]
        self.config.write_text("return hikeshi { tenants = { %s } }" % ", ".join(texts))

    def start(self, crash=None):
        """crash: a point (see core/base/crashpoint.h) at which it ends itself."""
        self.crash = crash
        before, engine.HIKESHI = engine.HIKESHI, str(BUILD / "hikeshi-crash") if crash else engine.HIKESHI
        try:
            return super().start()
        finally:
            engine.HIKESHI = before

    def environment(self, token=None):
        env = super().environment(token)
        if getattr(self, "crash", None) and token is None:
            env["HIKESHI_CRASH"] = self.crash
        return env

    def gone(self):
        """It ended itself; the record holds."""
        assert self.process.wait(30) == -9
        self.process = None
        self.crash = None
        self.audit()

    def people(self, tenant=None):
        """Tokens of one person for each role, and of a sensor; of the only tenant unless one is named."""
        where = tenant or self.names[0]
        if where not in self.tokens:
            named = tenant or (where if len(self.names) > 1 else None)
            tokens = {role: self.token(user=f"{role}-1", role=role, tenant=named)
                      for role in ("viewer", "analyst", "approver", "responder")}
            tokens["sensor"] = self.token(service="sensor-1", role="analyst", tenant=named)
            self.tokens[where] = tokens
        return self.tokens[where]

    def of(self, path, who="analyst", tenant=None):
        answer = self.get(path, self.people(tenant)[who])
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def items(self, collection, who="analyst", tenant=None):
        return self.of(f"/v1/{collection}?limit=500", who, tenant)["items"]

    def do(self, path, body=None, who="analyst", tenant=None, status=200):
        """POST, which must be answered so."""
        answer = self.post(path, self.people(tenant)[who], {} if body is None else body)
        assert answer.status == status, (path, answer.status, answer.body)
        return answer.json

    def do_and_die(self, path, body=None, who="analyst"):
        """POST to an engine that ends before it answers."""
        try:
            answer = self.post(path, self.people()[who], {} if body is None else body)
        except (http.client.HTTPException, OSError):
            self.gone()
        else:
            raise AssertionError((path, answer.status, answer.body))

    def send(self, *todo, tenant=None, **fields):
        """Send an alert with an entity of its own; its id."""
        n = next(self.numbers)
        fields = {"user": {"name": f"user-{n}"}, "src": None, "severity": "high"} | fields
        sent = alert(1, uid=str(n), title=fields.pop("title", f"Alert {n}"), category="endpoint", **fields)
        sent["do"] = list(todo)
        answer = self.post("/v1/alerts", self.people(tenant)["sensor"], json.dumps(sent),
                           headers={"Content-Type": "application/json"})
        assert answer.status == 202 and answer.json["accepted"] == 1, answer.body
        return answer.json["alerts"][0]["id"]

    def run_of(self, alert_id, tenant=None):
        """The run of an alert once it has ended; its value is what each operation gave."""
        def ended():
            runs = self.of(f"/v1/alerts/{alert_id}", "sensor", tenant)["runs"]
            if runs and runs[0]["state"] in ("finished", "failed", "diverged", "unknown", "cancelled"):
                return self.of(f"/v1/runs/{runs[0]['id']}", "sensor", tenant)
            return None
        return until(ended, f"the end of the run of {alert_id}")

    def said(self, alert_id, tenant=None):
        run = self.run_of(alert_id, tenant)
        assert run["state"] == "finished", run
        return run["value"] or []

    def case_of(self, alert_id, tenant=None):
        """The case that the alert is in; None."""
        return self.of(f"/v1/alerts/{alert_id}", "sensor", tenant)["case"]

    def case(self, case_id, tenant=None):
        """Looked at by a service, which is no first look."""
        return self.of(f"/v1/cases/{case_id}", "sensor", tenant)

    def world(self, tenant=None):
        """Lines of what really took place: touched and undone."""
        log = self.data / "plugins" / (tenant or self.names[0]) / "world" / "world.log"
        return log.read_text().splitlines() if log.exists() else []

    def audit(self):
        assert self.document("audit", "verify")["ok"] is True
        assert self.document("audit", "rebuild", "--check")["ok"] is True

    def kinds(self, subject, tenant=None):
        where = tenant or self.names[0]
        page = self.of(f"/v1/tenants/{where}/audit/entries?subject={subject}&limit=500", "analyst", tenant)
        return [item["line"].split(" ")[3] for item in page["items"]]


def act(action="touch_idempotent", target="host-1", options=None, **args):
    return {"op": "act", "action": action, "args": {"target": target, **args}, "options": options or {}}


def contain(target="host-1", options=None, **args):
    return {"op": "contain", "args": {"target": target, **args}, "options": options or {}}


def close(verdict="true_positive"):
    return {"op": "close", "verdict": verdict}
