"""The pages: well formed in both languages whatever an alert says, safe to open, and enough to decide by form alone."""

import json
import re
import sqlite3

import pytest
import requests

from browser import Browser, person
from engine import Engine, alert, tenant_lua
from waiting import until

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>&amp;",
    "bidi": "invoice\u202efdp.exe \u2066x\u2069 zero\u200bwidth",
    "control": "bell\u0007 escape\u001b[31m del\u007f nel\u0085",
    "long word": "W" * 3000,
    "long title": "word " * 2000,
    "places": "{0} {1} %s %n ${jndi:ldap://x.example}",
    "japanese": "不審なログイン「管理者」・試行回数（多数）",
    "emoji": "🔥🧯 ﷽ a\u0301\u0302\u0303",
    "newlines": "one\ntwo\r\nthree",
}


class Office:
    """An engine, people with browsers, and a sensor."""

    def __init__(self, engine):
        self.engine = engine
        self.people = {name: person(engine, name, role) for name, role in (
            ("approver-1", "approver"), ("approver-2", "approver"), ("responder-1", "responder"),
            ("viewer-1", "viewer"), ("analyst-1", "analyst"), ("admin-1", "tenant-admin"))}
        self.sensor = engine.token(service="sensor-1", role="analyst")
        self.reader = engine.token("reader-1", "viewer")
        self.number = 0

    def send(self, **fields):
        self.number += 1
        sent = self.engine.post("/v1/alerts", self.sensor, alert(self.number, **fields))
        assert sent.status == 202, sent.body
        return sent.json["alerts"][0]["id"]

    def show(self, what, ident):
        return self.engine.get(f"/v1/{what}/{ident}", self.reader).json

    def gate(self, **fields):
        """A new alert's question."""
        ident = self.send(**fields)
        run = until(lambda: self.show("alerts", ident)["runs"], "a run")[0]["id"]
        return until(lambda: [it for it in self.engine.get("/v1/approvals?limit=500", self.reader).json["items"]
                              if it["run"] == run], "a question")[0]["id"]


@pytest.fixture(scope="module")
def office(engine):
    return Office(engine)


def test_a_decision_end_to_end(office):
    gate = office.gate(device={"host": "vpn-1"}, user={"name": "clerk-7"})
    me = office.people["approver-1"]
    queue = me.get("/").check("en")
    assert f"/approvals/{gate}" in queue.links and "Decisions" in queue.text
    page = me.get(f"/approvals/{gate}").check("en")
    for words in ("Why", "What it touches", "How it is undone", "Without an answer", "Decide"):
        assert words in page.text
    order = [page.text.index(f" {words} ") for words in (
        "Why", "What it touches", "How it is undone", "Without an answer", "Decide")]
    assert order == sorted(order)
    assert "vpn-1" in page.text and "clerk-7" in page.text and "minutes left" in page.text
    assert page.form("/decide")["fields"]["digest"] == office.show("approvals", gate)["digest"]
    after = me.submit(page, "/decide", button=("decision", "approve"), reason="Seen on two hosts").check()
    assert after.url.endswith(f"/approvals/{gate}?done=approved")
    assert [it.status_code for it in after.response.history] == [303]
    assert "It is being carried out" in after.text and "Seen on two hosts" in after.text
    # sent twice, or late: what stands is shown
    again = me.submit(page, "/decide", button=("decision", "approve")).check()
    assert again.url.endswith("?done=already") and "already decided" in again.text
    assert len(office.show("approvals", gate)["decisions"]) == 1
    lease = until(lambda: [it for it in office.engine.get("/v1/containments?state=active", office.reader).json["items"]
                           if it["gate"] == gate], "the block")[0]["id"]
    listed = me.get("/containments").check()
    assert f"/containments/{lease}" in listed.links and "approver-1" in listed.text
    page = me.get(f"/containments/{lease}").check()
    done = me.submit(page, "/renew", **{"for": "12h", "reason": "still there"}).check()
    assert "Renewed" in done.text and ("11 hours 59 minutes left" in done.text or "12 hours left" in done.text)
    done = me.submit(me.get(f"/containments/{lease}"), "/release", reason="it was ours").check()
    assert "elease" in done.text
    until(lambda: office.show("containments", lease)["state"] == "released", "the release")
    assert "it was ours" in me.get(f"/containments/{lease}").check().text


def test_rejecting_wants_a_reason(office):
    gate = office.gate()
    me = office.people["approver-1"]
    page = me.get(f"/approvals/{gate}")
    refused = me.submit(page, "/decide", 400, button=("decision", "reject")).check()
    assert "Required to reject" in refused.text
    assert office.show("approvals", gate)["state"] == "pending"
    done = me.submit(refused, "/decide", button=("decision", "reject"), reason="Our own scanner <3").check()
    assert "Nothing is done" in done.text and "Our own scanner <3" in done.text
    assert office.show("approvals", gate)["state"] == "rejected"


def test_who_may_not_decide_sees_why(office):
    gate = office.gate()
    page = office.people["viewer-1"].get(f"/approvals/{gate}").check()
    assert "Your role may not decide this" in page.text
    assert not [form for form in page.forms if form["action"].endswith("/decide")]
    page = office.people["analyst-1"].get(f"/approvals/{gate}").check()
    assert "Your role may not decide this" in page.text
    assert [form for form in page.forms if form["action"].endswith("/note")]
    # whoever forges the form is refused all the same
    analyst = office.people["analyst-1"]
    fields = office.people["approver-1"].get(f"/approvals/{gate}").form("/decide")["fields"]
    csrf = page.form("/logout")["fields"]["csrf"]
    refused = analyst.post(f"/approvals/{gate}/decide", fields | {"decision": "approve", "csrf": csrf}, 403)
    assert "your role may not decide" in refused.text
    viewer = office.people["viewer-1"]
    csrf = viewer.get("/").form("/logout")["fields"]["csrf"]
    viewer.post(f"/approvals/{gate}/decide", fields | {"decision": "approve", "csrf": csrf}, 403)
    assert office.show("approvals", gate)["state"] == "pending"


def test_narrow_pass_on_ask_back(office):
    gate = office.gate()
    first, second = office.people["approver-1"], office.people["approver-2"]
    page = second.get(f"/approvals/{gate}").check()
    old = page
    page = second.submit(page, "/note", text="Whose is it?\n<b>").check()
    assert "Whose is it?" in page.text and "approver-2 wrote" in page.text
    people = re.findall(r'<option value="(us-[^"]*)"[^>]*>([^<]*)<', page.source)
    assert sorted(name for _, name in people) == ["admin-1", "approver-1", "responder-1"]
    to = next(ident for ident, name in people if name == "approver-1")
    page = second.submit(page, "/delegate", to=to, reason="your network").check()
    assert "passed it on to approver-1" in page.text
    assert "not within" not in page.text
    wide = second.submit(page, "/narrow", 400, expires="5h").check()
    assert "longer than what is asked for" in wide.text
    assert second.submit(page, "/narrow", 400, expires="soon").check()
    page = second.submit(page, "/narrow", expires="30m", reason="enough for now").check()
    assert "Narrowed" in page.text and "It ends by itself after 30 minutes" in page.text
    # whoever looked before decides nothing, and sees what is different now
    stale = second.submit(old, "/decide", button=("decision", "approve")).check()
    assert "?stale=" in stale.url and "has changed" in stale.text
    assert "4 hours" in stale.text and "30 minutes" in stale.text
    assert office.show("approvals", gate)["state"] == "pending"
    done = first.submit(first.get(f"/approvals/{gate}"), "/decide", button=("decision", "approve")).check()
    assert "being carried out" in done.text
    assert office.show("approvals", gate)["shown"]["lease_ms"] == 1800000


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_stay_texts(office, name):
    text = HOSTILE[name]
    gate = office.gate(title=text[:9000] or "x", device={"host": text[:200]}, user={"name": text[:200]},
                       product=text[:200], url=text[:300], process=text[:300])
    shown = office.show("approvals", gate)
    run = office.show("runs", shown["run"])
    case = office.show("alerts", run["alert"])["case"]
    me = office.people["approver-1"]
    paths = ["/", "/alerts", "/approvals", "/runs", f"/alerts/{run['alert']}", f"/approvals/{gate}",
             f"/runs/{run['id']}", f"/ledger?subject={run['alert']}", f"/ledger?subject={gate}"]
    if case:
        paths += ["/cases", f"/cases/{case}"]
    for language in ("en", "ja"):
        me.session.cookies.set("hikeshi-language", language)
        for path in paths:
            page = me.get(path).check(language)
            assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\u0007\u001b\u007f\u0085]", page.source), path
            assert len(page.source) < 400_000, (path, len(page.source))
    me.session.cookies.set("hikeshi-language", "en")
    page = me.get(f"/alerts/{run['alert']}")
    if name == "bidi":
        assert "invoice[U+202E]fdp.exe" in page.text
    if name == "markup":
        assert "<script>alert(1)</script>" in page.text


def test_what_a_person_writes_stays_text(office):
    gate = office.gate()
    me = office.people["approver-1"]
    for text in HOSTILE.values():
        page = me.get(f"/approvals/{gate}")
        sent = text.replace("\u0007", "").replace("\u001b", "").replace("\u007f", "").replace("\u0085", "")
        me.submit(page, "/note", text=sent[:900]).check()


def test_every_page_in_both_languages(office):
    admin = office.people["admin-1"]
    gate = office.gate()
    run = office.show("approvals", gate)["run"]
    for language in ("en", "ja"):
        page = admin.get(f"/language?to={language}&then=/runs").check(language)
        assert page.url.endswith("/runs")
        for path in ("/", "/approvals", "/approvals?state=pending", "/alerts", "/alerts?state=new", "/runs",
                     "/runs?state=live", "/containments", "/containments?state=released", "/containments?state=",
                     "/cases", "/tasks", "/search", "/search?q=guessing", "/ledger", f"/ledger?subject={run}", "/people", f"/runs/{run}",
                     f"/approvals/{gate}", "/account"):
            admin.get(path).check(language)
        for path in ("/runs/ru-none", "/approvals/ga-none", "/alerts/al-none", "/cases/ca-none", "/tasks/ta-none",
                     "/containments/co-none", "/ledger?subject=no%20id", "/ledger?after=x",
                     "/static/hikeshi-0000.css"):
            admin.get(path, 404).check(language)
        admin.get("/alerts?limit=5&state=" + "x" * 100, 400).check(language)
        admin.get("/search?q=usr%3Ax", 400).check(language)
    assert admin.get("/language?to=fr", 404)
    assert admin.get("/language?to=en&then=https://evil.example/").url.endswith("/")
    assert admin.get("/language?to=en&then=//evil.example/").url.endswith("/")


def test_the_language_is_the_browsers_until_one_is_chosen(office):
    japanese = Browser(office.engine.url, "ja-JP,ja;q=0.9,en;q=0.8")
    page = japanese.get("/login").check("ja")
    assert japanese.get("/language?to=en&then=/login").check("en")
    assert japanese.get("/login").check("en")
    assert Browser(office.engine.url, "fr").get("/login").check("en")
    assert page.response.headers["Vary"] == "Accept-Language, Cookie"


def test_lists_go_on(office):
    for _ in range(3):
        office.send(category="other", severity="low")
    me = office.people["viewer-1"]
    for number in range(60):
        office.send(category="other", severity="low", title=f"Number {number}")
    seen, path = set(), "/alerts?state=new"
    for _ in range(20):
        page = me.get(path).check()
        found = {link for link in page.links if link and re.fullmatch("/alerts/al-.*", link)}
        assert found and not found & seen
        seen |= found
        more = [link for link in page.links if link and "after=" in link and not link.endswith("after=")
                and link.startswith("/alerts")]
        if not more:
            break
        path = more[0]
    assert len(seen) >= 60


def test_looking_is_recorded_once(office):
    ident = office.send(category="other", severity="low", title="Nobody looked")
    me = office.people["analyst-1"]
    assert f"/alerts/{ident}" in me.get("/").links
    me.get(f"/alerts/{ident}").check()
    until(lambda: office.show("alerts", ident)["seen"], "the first look")
    me.get(f"/alerts/{ident}")
    kinds = [entry["kind"] for entry in office.show("alerts", ident)["entries"]]
    assert kinds.count("alert.seen") == 1
    assert f"/alerts/{ident}" not in me.get("/").links


def test_a_run_is_cancelled_from_its_page(office):
    gate = office.gate()
    run = office.show("approvals", gate)["run"]
    assert not [form for form in office.people["approver-1"].get(f"/runs/{run}").forms if "cancel" in form["action"]]
    me = office.people["responder-1"]
    done = me.submit(me.get(f"/runs/{run}").check(), "/cancel", reason="a drill").check()
    assert "Cancelled" in done.text and "a drill" in done.text
    assert office.show("runs", run)["state"] == "cancelled"
    refused = me.post(f"/runs/{run}/cancel", {"csrf": done.form("/logout")["fields"]["csrf"], "reason": "x"}, 409)
    refused.check()


def test_the_ledger_page_verifies(office):
    gate = office.gate()
    me = office.people["approver-1"]
    page = me.get(f"/ledger?subject={gate}").check()
    assert "approval asked for" in page.text
    # the newest entries are covered within a minute; older ones are at once
    first = me.get("/ledger").check()
    assert "verified" in first.text or "not covered yet" in first.text or "There is no checkpoint yet" in first.text
    assert "ledger opened" in first.text


def test_the_ledger_page_after_a_checkpoint():
    engine = Engine()
    try:
        office = Office(engine.start())
        gate = office.gate()
        engine.stop()
        engine.start()
        me = person(engine, "auditor-1", "auditor")
        page = me.get(f"/ledger?subject={gate}").check()
        assert "verified" in page.text and "lead, hash by hash" in page.text, page.text[:600]
        assert re.search(r"hikeshi/[0-9a-f]+/main", page.text)
        assert "Leaf hash" in page.text
        # an auditor reads the record and decides nothing
        refused = me.get(f"/approvals/{gate}").check()
        assert "Your role may not decide" in refused.text
        # somebody with the database changes what was asked: the page says so, and which entry it is
        seq = office.show("approvals", gate)["entries"][0]["seq"]
        db = sqlite3.connect(engine.data / "ledger.db", isolation_level=None)
        trigger = db.execute("SELECT sql FROM sqlite_master WHERE name = 'entry_is_not_changed'").fetchone()[0]
        db.execute("DROP TRIGGER entry_is_not_changed")
        db.execute("UPDATE entry SET payload = replace(payload, '203.0.113.', '198.51.100.') WHERE line LIKE ?",
                   (f"hk1 {seq} %",))
        db.execute(trigger)
        db.close()
        page = me.get(f"/ledger?subject={gate}").check()
        assert "NOT VERIFIED" in page.text and f"The payload of entry {seq} is not" in page.text
    finally:
        engine.remove()


def test_forms_need_their_secret(office):
    gate = office.gate()
    me = office.people["approver-1"]
    form = me.get(f"/approvals/{gate}").form("/decide")
    fields = form["fields"] | {"decision": "approve"}
    without = {name: value for name, value in fields.items() if name != "csrf"}
    for wrong in (without, fields | {"csrf": ""}, fields | {"csrf": "x" * 43}):
        me.post(form["action"], wrong, 403)
    me.post(form["action"], fields, 403, headers={"Origin": "https://evil.example"})
    me.post(form["action"], fields, 403, headers={"Sec-Fetch-Site": "cross-site"})
    assert me.post(form["action"], fields | {"digest": "x"}, 400)
    assert me.post(form["action"], fields | {"decision": "maybe"}, 400)
    assert office.show("approvals", gate)["state"] == "pending"


def test_without_a_session_there_is_only_the_way_in(office):
    gate = office.gate()
    nobody = Browser(office.engine.url)
    for path in ("/", "/approvals", f"/approvals/{gate}", "/ledger", "/people"):
        page = nobody.get(path).check()
        assert "/login" in page.url and gate not in page.text
    for token in (office.reader, office.sensor):
        page = nobody.get("/", headers={"Authorization": f"Bearer {token}"})
        assert "/login" in page.url  # a token opens no page
    page = nobody.post(f"/approvals/{gate}/decide", {"decision": "approve"})
    assert "/login" in page.url
    assert office.show("approvals", gate)["state"] == "pending"
    office.people["viewer-1"].get("/people", 403).check()
    office.people["viewer-1"].get("/ledger", 403).check()


def test_static_files_are_kept_for_ever(office):
    page = office.people["viewer-1"].get("/")
    css = next(link for link in page.links if link.endswith(".css"))
    answer = requests.get(office.engine.url + css, timeout=30)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "@import" not in answer.text and "url(" not in answer.text and "http" not in answer.text
    icon = next(link for link in page.links if link.endswith(".svg"))
    answer = requests.get(office.engine.url + icon, timeout=30)
    assert answer.headers["Content-Type"] == "image/svg+xml" and "script" not in answer.text


def test_pages_are_small(office):
    gate = office.gate()
    page = office.people["approver-1"].get(f"/approvals/{gate}")
    css = next(link for link in page.links if link.endswith(".css"))
    sizes = len(page.source.encode()), len(requests.get(office.engine.url + css, timeout=30).content)
    print(f"approval page {sizes[0]} bytes, style sheet {sizes[1]} bytes")
    assert sizes[0] < 24_000 and sizes[1] < 24_000


def test_a_tenant_sees_no_other():
    tenant = tenant_lua()
    engine = Engine("return hikeshi { tenants = { [\"kita-works\"] = %s, [\"minami-works\"] = %s } }" % (tenant, tenant))
    try:
        engine.start()
        mine = person(engine, "approver-1", "approver", tenant="kita-works")
        other = person(engine, "approver-1", "approver", tenant="minami-works")
        sensor = engine.token(service="sensor-1", role="analyst", tenant="kita-works")
        sent = engine.post("/v1/alerts", sensor, alert(1, title="Only for kita"))
        ident = sent.json["alerts"][0]["id"]
        gate = until(lambda: [link for link in mine.get("/").links if link and "/approvals/ga-" in link], "a gate")[0]
        run = next(link for link in mine.get(gate).links if link and link.startswith("/runs/"))
        for path in (gate, run, f"/alerts/{ident}", f"/ledger?subject={ident}"):
            mine.get(path).check()
            page = other.get(path, 404).check()
            assert "Only for kita" not in page.source and "kita-works" not in page.source
        for path in ("/", "/approvals", "/alerts", "/runs", "/cases", "/ledger", "/containments"):
            page = other.get(path).check()
            assert "Only for kita" not in page.source and "kita-works" not in page.source and ident not in page.source
        csrf = other.get("/").form("/logout")["fields"]["csrf"]
        form = mine.get(gate).form("/decide")
        refused = other.post(form["action"], form["fields"] | {"csrf": csrf, "decision": "approve"}, 404)
        assert "kita" not in refused.source
        for header in ({"X-Hikeshi-Tenant": "kita-works"}, {}):
            query = "" if header else "?tenant=kita-works"
            answer = other.session.get(engine.url + gate + query, headers=header, timeout=30)
            assert answer.status_code == 404 and "Only for kita" not in answer.text
        assert engine.stop() == 0
    finally:
        engine.remove()


def test_problems_are_pages_for_browsers_and_documents_for_programs(office):
    page = office.people["viewer-1"].get("/runs/ru-none", 404).check()
    assert "nothing here" in page.text
    answer = office.engine.get("/v1/runs/ru-none", office.reader)
    assert answer.headers["Content-Type"] == "application/problem+json" and json.loads(answer.body)["status"] == 404
    assert answer.status == 404
    nowhere = Browser(office.engine.url, "ja").get("/no/such/path", 404).check("ja")
    assert "ページが見つかりません" in nowhere.text
    for path in ("/no/such/path", "/v1/no/such/path"):
        assert office.engine.get(path).headers["Content-Type"] == "application/problem+json"
    answer = office.engine.get("/v1/no/such/path", headers={"Accept": "text/html"})
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_engine_ends_well(engine):
    """Last in the file: all of the above left nothing behind."""
    assert engine.stop() == 0
    engine.ok("audit", "verify")
    engine.ok("audit", "rebuild", "--check")
