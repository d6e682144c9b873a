#!/usr/bin/python3
"""An engine with made-up things on it, for the tests in a browser and for the pictures.

Starts it, prints one line of JSON ({"url", "password", "cookies": {PERSON: value}, "paths": {NAME: path}}), and stays
until standard input ends.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from browser import PASSWORD, person  # noqa: E402
from engine import Engine, SOURCE  # noqa: E402
from waiting import until  # noqa: E402

CONFIG = """return hikeshi { tenants = {
  ["kita-works"] = {
    playbooks = { "%(source)s/playbooks/contain-bruteforce.lua", "spread.lua", "ask.lua" },
    plugins = { intel = {}, edl = {} },
    capabilities = { ["contain.block_ip"] = "edl.block_ip", ["release.block_ip"] = "edl.unblock_ip",
                     ["enrich.lookup"] = "intel.lookup" },
    lists = { ["branch offices"] = { "203.0.113.192/26" } },
    authority = {
      { name = "two-for-ranges", kind = "contain", targets = { "203.0.113.128/25" }, outcome = "ask",
        role = "approver", quorum = 2, expires = "2h" },
      { name = "a-person-says-yes", kind = "contain", outcome = "ask", role = "approver", expires = "1h" },
    },
    protected = { { target = "203.0.113.200", mode = "ask", reason = "the VPN gateway of a branch office" } },
    notices = { zone = "+09:00" },
  },
  ["minami-works"] = { playbooks = {}, plugins = { intel = {} } },
} }"""
SPREAD = """return playbook {
  name = "contain-spread", summary = "Block a network from which many accounts are tried",
  on = { category = "identity" },
  run = function(alert)
    local done, why = act.contain.block_ip({ ip = alert.range }, {
      expires = "12h",
      because = {
        "Password spraying against 214 accounts within nine minutes",
        { ["sign-ins that succeeded"] = 2, accounts = { "clerk-7", "svc-backup" }, ["first seen"] = "13:04" },
        { text = "The same network in the feed of the industry group", link = "https://feed.example/network/4711" },
      },
    })
    return { done = done ~= nil, why = why }
  end }"""
ASK = """return playbook {
  name = "ask-owner", summary = "Ask who started a scan", on = { category = "web" },
  run = function(alert)
    local answer = ask { question = "Is " .. alert.src.ip .. " a scanner that somebody ordered?",
                         choices = { "yes", "no", "I don't know" }, timeout = "4h", otherwise = "no" }
    return close { verdict = answer == "yes" and "expected" or "undetermined" }
  end }"""

ALERTS = [
    {"title": "Many failed logins, then one that succeeded", "category": "authentication", "severity": "critical",
     "src": {"ip": "198.51.100.23"}, "device": {"host": "vpn-gw-1", "ip": "192.0.2.10"}, "user": {"name": "clerk-7"},
     "product": "VPN gateway", "technique": ["T1110.003"], "count": 812},
    {"title": "Password guessing against the mail server", "category": "authentication", "severity": "critical",
     "src": {"ip": "198.51.100.77"}, "device": {"host": "mail-1"}, "product": "Mail server"},
    {"title": "Sign-ins from a network that was never seen before", "category": "identity", "severity": "high",
     "src": {"ip": "203.0.113.201"}, "range": "203.0.113.192/26", "device": {"host": "idp-1"},
     "user": {"name": "svc-backup"}, "product": "Identity provider"},
    {"title": "Requests for many paths that don't exist", "category": "web", "severity": "medium",
     "src": {"ip": "198.51.100.130"}, "device": {"host": "www-2"}, "product": "Web server"},
    {"title": "New mail forwarding rule to an outside address", "category": "cloud", "severity": "high",
     "user": {"name": "sales-3", "mail": "sales-3@kita-works.example"}, "product": "Mail service"},
    {"title": "Unusual amount of data to one address", "category": "data", "severity": "medium",
     "src": {"ip": "192.0.2.61"}, "dst": {"ip": "198.51.100.9", "port": 443}, "device": {"host": "fin-pc-12"},
     "product": "Network sensor"},
]


class Scene:
    def __init__(self):
        self.engine = Engine("-")
        (self.engine.folder / "spread.lua").write_text(SPREAD)
        (self.engine.folder / "ask.lua").write_text(ASK)
        self.engine.config.write_text(CONFIG % {"source": SOURCE})
        self.engine.start()
        tenant = "kita-works"
        self.people = {name: person(self.engine, name, role, tenant=tenant) for name, role in (
            ("approver-1", "approver"), ("approver-2", "approver"), ("responder-1", "responder"),
            ("admin-1", "tenant-admin"))}
        self.people["other-1"] = person(self.engine, "other-1", "approver", tenant="minami-works")
        self.sensor = self.engine.token(service="sensor-1", role="analyst", tenant=tenant)
        self.reader = self.engine.token("reader-1", "viewer", tenant=tenant)

    def items(self, what):
        return self.engine.get(f"/v1/{what}?limit=100", self.reader).json["items"]

    def newest(self, what, **wanted):
        found = until(lambda: [it for it in self.items(what) if all(it[k] == v for k, v in wanted.items())],
                      f"{what} {wanted}")
        return found[0]["id"]

    def play(self):
        sent = self.engine.post("/v1/alerts", self.sensor, ALERTS)
        assert sent.json["accepted"] == len(ALERTS), sent.body
        paths = {"queue": "/"}
        me = self.people["approver-1"]
        first = self.newest("approvals", target="198.51.100.77")
        page = me.get(f"/approvals/{first}")
        me.submit(page, "/decide", button=("decision", "approve"), reason="Seen on two hosts")
        paths["containment"] = "/containments/" + self.newest("containments", state="active")
        two = self.newest("approvals", target="203.0.113.192/26")
        page = self.people["approver-2"].get(f"/approvals/{two}")
        self.people["approver-2"].submit(page, "/decide", button=("decision", "approve"))
        page = self.people["approver-2"].get(f"/approvals/{two}")
        self.people["approver-2"].submit(page, "/note", text="Is a branch office behind these addresses?")
        one = self.newest("approvals", target="198.51.100.23")
        question = self.newest("approvals", action="ask")
        paths |= {"approval": f"/approvals/{one}", "range": f"/approvals/{two}", "question": f"/approvals/{question}",
                  "decided": f"/approvals/{first}", "approvals": "/approvals", "alerts": "/alerts",
                  "alert": "/alerts/" + self.newest("alerts", title=ALERTS[0]["title"]),
                  "runs": "/runs", "run": "/runs/" + self.newest("runs", state="finished"),
                  "containments": "/containments", "ledger": f"/ledger?subject={first}", "ledger-all": "/ledger",
                  "people": "/people", "account": "/account", "missing": "/runs/ru-none"}
        case = self.newest("cases", title=ALERTS[0]["title"])
        page = me.get(f"/cases/{case}")
        me.submit(page, "/summary", happening="Somebody guesses passwords at the VPN gateway. One account let them in.",
                  do_now="Decide on the block, then end the sessions of clerk-7.", impact="", scope="")
        me.submit(me.get(f"/cases/{case}"), "/note", text="clerk-7 was called: not at a keyboard at 13:05.")
        me.submit(me.get(f"/cases/{case}"), "/take")
        for what, body in (("task", {"title": "Reset the password of clerk-7", "owner": "responder-1", "due": "2h",
                                     "instruction": "Call first: the number is in the list of contacts."}),
                           ("evidence", {"name": "Sign-ins of the last day", "text": "13:04 203.0.113.23 accepted",
                                         "note": "From the gateway's own pages"})):
            done = self.engine.post(f"/v1/cases/{case}/{what}", self.sensor, body)
            assert done.status == 200, done.body
        paths |= {"cases": "/cases", "case": f"/cases/{case}", "tasks": "/tasks",
                  "task": "/tasks/" + self.newest("tasks", state="open"), "gaps": "/gaps"}
        until(lambda: len(self.engine.get("/v1/search?q=clerk-7", self.reader).json["items"]) > 2, "the index")
        paths |= {"search": "/search", "found": "/search?q=clerk-7"}
        return paths


def main():
    scene = Scene()
    try:
        paths = scene.play()
        cookies = {name: {cookie.name: cookie.value for cookie in browser.session.cookies}
                   for name, browser in scene.people.items()}
        print(json.dumps({"url": scene.engine.url, "password": PASSWORD, "cookies": cookies, "paths": paths}),
              flush=True)
        sys.stdin.read()
        return scene.engine.stop()
    finally:
        scene.engine.remove()


if __name__ == "__main__":
    sys.exit(main())
