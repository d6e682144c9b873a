"""People are told: by a real mail server and by webhooks, in their language, once, and never what is another's.

The mail server is Exim (mailserver.py); what goes wrong between it and the engine is made by a proxy. Moments are
waited for, times are shortened by the configuration.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import mailserver
from engine import Engine, alert
from mailserver import Hurdle, MailServer, Webhook, text_of
from waiting import until

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
CRASH = str(BUILD / "hikeshi-crash")
WORLD = BUILD / "tests" / "plugins" / "world.so"
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")

pytestmark = pytest.mark.skipif(mailserver.why_not() is not None, reason=str(mailserver.why_not()))

PLAYBOOK = """return playbook {
  name = "ask-first", summary = "Ask about what the alert names", on = { category = "endpoint" },
  run = function(alert)
    local todo = alert.todo
    if todo == "ask" then
      local answer, why = ask { question = alert.title, timeout = alert.timeout or "1h", choices = { "yes", "no" },
                                because = { "seen on " .. alert.device.host, alert.url }, to = alert.ask_to,
                                role = alert.ask_role }
      return { answer = answer, why = why }
    elseif todo == "act" then
      local done, why = act.world["touch_" .. (alert.effect or "idempotent")](
        { target = alert.target }, { expires = alert.expires })
      return { done = done ~= nil, why = why }
    elseif todo == "fail" then
      error("the playbook gave up on " .. alert.title)
    elseif todo == "notify" then
      local told, why = notify { to = alert.to, text = alert.text }
      return { told = told ~= nil, why = why }
    elseif todo == "escalate" then
      local told, why = escalate { to = alert.to }
      return { told = told ~= nil, why = why }
    end
  end,
}
"""


def recipient(message):
    return message["To"].addresses[0].addr_spec


def lua(value):
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return value if value.startswith("secret ") else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "{ " + ", ".join(lua(item) for item in value) + " }"
    return "{ " + ", ".join(f"[{json.dumps(key)}] = {lua(item)}" for key, item in value.items()) + " }"


def mail_channel(port, **more):
    return {"kind": "smtp", "host": "127.0.0.1", "port": port, "tls": "none", "from": "hikeshi@soc.example",
            "from_name": "火消し"} | more


def person(name, **more):
    return {"name": name, "user": name, "language": "en", "channels": {"mail": f"{name}@soc.example"}} | more


class Told(Engine):
    """An engine whose tenants have contacts. tenants: name → {channels, contacts, notices, secrets}."""

    def __init__(self, authority=(), **tenants):
        super().__init__("")
        (self.folder / "ask.lua").write_text(PLAYBOOK)
        parts = []
        for name, tenant in tenants.items():
            secrets = {}
            for key, value in tenant.get("secrets", {}).items():
                path = self.folder / f"{name}-{key}"
                path.write_text(value + "\n")
                path.chmod(0o600)
                secrets[key] = str(path)
            table = {"playbooks": ["ask.lua"], "plugins": {"world": {"file": str(WORLD)}}, "secrets": secrets,
                     "authority": list(authority) or [{"action": "world.*", "outcome": "ask", "expires": "1h"}],
                     "channels": tenant["channels"], "contacts": tenant["contacts"],
                     "notices": {"gather": "1s", "burst": 20} | tenant.get("notices", {})}
            parts.append(f"[{json.dumps(name)}] = {lua(table)}")
        self.config.write_text("return hikeshi { url = \"https://soc.example\", tenants = { %s } }\n"
                               % ", ".join(parts))
        self.tenants = list(tenants)

    def people(self, *names, role="approver"):
        return {name: self.token(user=name, role=role, tenant=self.tenants[0]) for name in names}

    def send(self, tenant=None, **fields):
        return self.send_all([fields], tenant)[0]

    def send_all(self, alerts, tenant=None):
        tenant = tenant or self.tenants[0]
        if not hasattr(self, "sensors"):
            self.sensors = {}
        if tenant not in self.sensors:
            self.sensors[tenant] = self.token(service="sensor-1", role="analyst", tenant=tenant)
        body = [alert(i % 250 + 1, category="endpoint", severity="high", uid=f"{time.monotonic_ns()}-{i}",
                      device={"host": "FIN-PC-12"}) | one for i, one in enumerate(alerts)]
        answer = self.post("/v1/alerts", self.sensors[tenant], body)
        assert answer.status == 202, answer.body
        return [item["id"] for item in answer.json["alerts"]]

    def items(self, collection, tenant=None):
        answer = self.get(f"/v1/{collection}?limit=500", self.admin(tenant))
        assert answer.status == 200, answer.body
        return answer.json["items"]

    def admin(self, tenant=None):
        tenant = tenant or self.tenants[0]
        if not hasattr(self, "admins"):
            self.admins = {}
        if tenant not in self.admins:
            self.admins[tenant] = self.token(service="admin-1", role="tenant-admin", tenant=tenant)
        return self.admins[tenant]

    def gate(self, tenant=None):
        return until(lambda: self.items("approvals", tenant), "a gate")[0]

    def notices(self, tenant=None, **wanted):
        return [item for item in self.items("notices", tenant)
                if all(item[key] == value for key, value in wanted.items())]

    def decide(self, token, gate, decision="approve", choice="yes"):
        body = {"decision": decision, "digest": gate["digest"], "reason": "seen"}
        if decision == "approve" and choice:
            body["choice"] = choice
        answer = self.post(f"/v1/approvals/{gate['id']}/decision", token, body)
        assert answer.status == 200, answer.body

    def verify(self):
        """After a stop: the record is whole, and a rebuild gives the same rows."""
        assert json.loads(self.ok("audit", "verify", "--json"))["ok"] is True
        assert json.loads(self.ok("audit", "rebuild", "--check", "--json"))["ok"] is True


@pytest.fixture
def mail():
    server = MailServer()
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture
def engines():
    """Makes engines, and removes them."""
    made = []

    def make(**kwargs):
        made.append(Told(**kwargs))
        return made[-1]
    yield make
    try:
        for one in made:
            assert one.process is None or one.stop() == 0, one.lines
    finally:
        for one in made:
            one.remove()


def test_an_approval_is_mailed_in_the_language_of_each(mail, engines):
    it = engines(main={"channels": {"mail": mail_channel(mail.port)},
                       "contacts": [person("approver-1", language="ja"), person("approver-2")],
                       "notices": {"zone": "+09:00"}}).start()
    tokens = it.people("approver-1", "approver-2")
    assert it.stop() == 0  # which makes the first checkpoint
    it.start()
    it.send(title="Is this yours?\r\nBcc: x@evil.example", todo="ask", url="https://evil.example/x")
    gate = it.gate()
    mails = mail.await_mails(2)
    by_person = {recipient(m): m for m in mails}
    ja, en = by_person["approver-1@soc.example"], by_person["approver-2@soc.example"]
    # Header fields as a mail program shows them.
    assert str(en["Subject"]) == "[main] Answer needed: Is this yours? Bcc: x@evil[.]example"
    assert str(ja["Subject"]) == "[main] 回答のお願い：Is this yours? Bcc: x@evil[.]example"
    assert en["Bcc"] is None and len(mail.mails()) == 2
    assert str(en["From"]) == "火消し <hikeshi@soc.example>"
    assert en["Auto-Submitted"] == "auto-generated"
    assert en.get_content_type() == "text/plain" and en.get_content_charset() == "utf-8"
    text = text_of(en)
    assert "Severity: high" in text and "seen on FIN-PC-12" in text and "Choices: yes, no" in text
    assert "hxxps[:]//evil[.]example/x" in text
    assert re.findall(r"https?://\S+", text) == [f"https://soc.example/approvals/{gate['id']}"]
    assert "UTC+09:00" in text
    assert JAPANESE.search(text_of(ja)) and "までに回答がない場合" in text_of(ja)
    # The foot is the newest checkpoint: an outside copy of what the record was.
    note = text[text.index("hikeshi/"):]
    it.decide(tokens["approver-1"], gate)
    outcome = mail.await_mails(4)
    subjects = {str(m["Subject"]) for m in outcome}
    assert "[main] Answered: Is this yours? Bcc: x@evil[.]example" in subjects
    answered = next(m for m in outcome if str(m["Subject"]).startswith("[main] Answered"))
    assert "By: approver-1" in text_of(answered) and "Answer: yes" in text_of(answered)
    assert answered["References"] == en["References"] and answered["Message-ID"] != en["Message-ID"]
    shown = it.get(f"/v1/approvals/{gate['id']}", it.admin()).json
    assert shown["told"] is not None and shown["opened"] <= shown["told"] <= shown["decided"]
    sent = it.notices(state="sent")
    assert {(n["contact"], n["reason"]) for n in sent} == {
        (name, reason) for name in ("approver-1", "approver-2") for reason in ("approval", "outcome")}
    assert b"soc.example" not in it.get("/v1/notices", it.admin()).body, "addresses stay in the configuration"
    assert it.stop() == 0
    it.verify()
    path = it.folder / "foot.txt"
    path.write_text(note.strip() + "\n")
    it.ok("audit", "verify", "--checkpoint", path)


def test_who_may_not_decide_is_not_asked(mail, engines):
    it = engines(main={"channels": {"mail": mail_channel(mail.port)},
                       "contacts": [person("viewer-1"), person("approver-1"), person("stranger-1")]}).start()
    it.people("approver-1")
    it.people("viewer-1", role="viewer")
    it.send(title="Yours?", todo="ask")
    mails = mail.await_mails(1)
    it.send(title="Failed", todo="fail")  # of which everybody hears; so the first was all there was
    mail.await_mails(4)
    asked = [recipient(m) for m in mail.mails() if "Answer needed" in str(m["Subject"])]
    assert asked == ["approver-1@soc.example"] and recipient(mails[0]) == "approver-1@soc.example"


def test_a_question_names_whom_to_ask_at_once(mail, engines):
    """A contact, or a level, beside the first level; whoever may not answer is not asked for being named."""
    it = engines(main={"channels": {"mail": mail_channel(mail.port)},
                       "contacts": [person("first-1"), person("manager-1", level="managers"),
                                    person("manager-2", level="managers"), person("viewer-1", level="others")]}).start()
    it.people("first-1", "manager-1", "manager-2")
    it.people("viewer-1", role="viewer")
    named = {"manager-1": {"manager-1"}, "managers": {"manager-1", "manager-2"}, "viewer-1": set(), "nobody": set()}
    count = 0
    for to, more in named.items():
        it.send(title=f"Yours, {to}?", todo="ask", ask_to=to, timeout="1h")
        gate = until(lambda to=to: [g for g in it.items("approvals") if g["summary"] == f"Yours, {to}?"], "the question")[0]
        count += 1 + len(more)
        until(lambda count=count: len(it.notices(state="sent", reason="approval")) == count, "the notices")
        asked = {item["contact"] for item in it.notices(reason="approval", about=gate["id"])}
        assert asked == {"first-1"} | more


def test_reminders_and_escalation_in_turn(mail, engines):
    it = engines(main={
        "channels": {"mail": mail_channel(mail.port)},
        "contacts": [person("first-1", order=1, answer_within="1s", remind_every="30s"),
                     person("first-2", order=2, answer_within="1s"),
                     person("second-1", level="tier2", remind_every="1s")],
        "notices": {"escalate_to": "tier2"}}).start()
    it.people("first-1", "first-2", "second-1")
    it.send(title="Yours?", todo="ask", timeout="12s")
    gate = it.gate()
    until(lambda: it.notices(reason="reminder", state="sent"), "a reminder")
    sent = {n["contact"]: n for n in reversed(it.notices(state="sent")) if n["reason"] != "reminder"}
    assert [sent[name]["reason"] for name in ("first-1", "first-2", "second-1")] == [
        "approval", "approval", "escalation"]
    assert sent["first-1"]["queued"] < sent["first-2"]["queued"] < sent["second-1"]["queued"]
    escalated = next(m for m in mail.await_mails(3) if recipient(m) == "second-1@soc.example")
    assert "has not answered" in text_of(escalated)
    reminder = until(lambda: [m for m in mail.mails() if "Still waiting" in str(m["Subject"])], "the reminder")[0]
    assert recipient(reminder) == "second-1@soc.example"
    # No answer is a no, and everybody who was asked hears of it.
    until(lambda: len(it.notices(reason="outcome", state="sent")) == 3, "the outcome for all three")
    assert it.get(f"/v1/approvals/{gate['id']}", it.admin()).json["state"] == "expired"
    lapsed = {c["name"]: c["lapsed"] for c in it.items("contacts")}
    assert lapsed["first-1"] == 1 and lapsed["first-2"] == 1
    assert it.stop() == 0
    it.verify()


def test_who_cannot_be_reached_is_not_waited_for(mail, engines):
    hurdle = Hurdle(mail)
    hurdle.trouble, hurdle.reply = "refuse_rcpt", "550 5.1.1 <first-1@soc.example>: no such user"
    it = engines(main={
        "channels": {"mail": mail_channel(hurdle.port), "sure": mail_channel(mail.port)},
        "contacts": [person("first-1", order=1, answer_within="1h"),
                     person("first-2", order=2, channels={"sure": "first-2@soc.example"})]}).start()
    it.people("first-1", "first-2")
    it.send(title="Yours?", todo="ask")
    assert recipient(mail.await_mails(1)[0]) == "first-2@soc.example"
    failed = it.notices(state="failed")[0]
    assert failed["problem"].startswith("550 5.1.1 <(address)>: no such user"), failed
    assert {c["name"]: c["failed"] for c in it.items("contacts")}["first-1"] == 1
    hurdle.close()


def test_hours(mail, engines):
    now = time.gmtime()
    later = f"{(now.tm_hour + 2) % 24:02}:{now.tm_min:02}"
    much_later = f"{(now.tm_hour + 4) % 24:02}:{now.tm_min:02}"
    it = engines(main={
        "channels": {"mail": mail_channel(mail.port)},
        "contacts": [person("first-1", hours={"from": later, "to": much_later}),
                     person("second-1", level="tier2")],
        "notices": {"escalate_to": "tier2"}}).start()
    it.people("first-1", "second-1")
    it.send(title="Yours?", todo="ask")
    assert recipient(mail.await_mails(1)[0]) == "second-1@soc.example"
    # What can wait waits for the hour at which somebody comes, if nobody else is there.
    it.send(title="Told", todo="notify", to="first-1", text="Good morning")
    notice = until(lambda: it.notices(reason="notify"), "the notice")[0]
    assert notice["contact"] == "second-1", "told to whoever is on duty"


def test_nobody_is_there(mail, engines):
    it = engines(main={"channels": {"mail": mail_channel(mail.port)},
                       "contacts": [person("viewer-1")]}).start()
    it.people("viewer-1", role="viewer")
    it.send(title="Yours?", todo="ask")
    nobody = until(lambda: it.notices(state="nobody"), "the record that nobody could be asked")[0]
    assert nobody["reason"] == "escalation" and nobody["about"] == it.gate()["id"]
    assert "hikeshi_notices_nobody_total 1" in it.get("/metrics").body.decode()


def test_what_else_people_hear_of(mail, engines):
    it = engines(authority=[{"action": "world.touch_once", "outcome": "do"},
                            {"action": "world.*", "outcome": "do_then_tell"}],
                 main={"channels": {"mail": mail_channel(mail.port)}, "contacts": [person("first-1")]}).start()
    it.send(title="Done", todo="act", target="203.0.113.9")
    it.send(title="Gone wrong", todo="fail")
    it.send(title="Told", todo="notify", text="The backup of\nthis night is missing")
    it.send(title="Handed on", todo="escalate")
    mails = {str(m["Subject"]): m for m in mail.await_mails(4)}
    assert set(mails) == {"[main] A run failed: ask-first", "[main] Message: The backup of",
                          "[main] Please take over: Handed on",
                          next((s for s in mails if s.startswith("[main] Done, for your information")), "?")}
    assert "the playbook gave up on Gone wrong" in text_of(mails["[main] A run failed: ask-first"])
    assert "The backup of\nthis night is missing\n" in text_of(mails["[main] Message: The backup of"])
    runs = {run["id"]: it.get(f"/v1/runs/{run['id']}", it.admin()).json for run in it.items("runs")}
    assert {"told": True} in [run["value"] for run in runs.values()]


def test_notify_to_nobody_says_why(mail, engines):
    it = engines(main={"channels": {"mail": mail_channel(mail.port)}, "contacts": [person("first-1")]}).start()
    it.send(title="Told", todo="notify", to="nobody-1", text="x")
    run = until(lambda: [r for r in it.items("runs") if r["state"] == "finished"], "the run's end")[0]
    value = it.get(f"/v1/runs/{run['id']}", it.admin()).json["value"]
    assert value == {"told": False, "why": "there is no contact and no level \"nobody-1\""}


def test_a_flood_becomes_a_list(mail, engines):
    it = engines(main={"channels": {"mail": mail_channel(mail.port)}, "contacts": [person("approver-1")],
                       "notices": {"burst": 2, "gather": "3s"}}).start()
    it.people("approver-1")
    it.send_all([{"title": f"Is {i} yours?", "todo": "ask"} for i in range(100)])
    until(lambda: len(it.notices(state="sent")) >= 100, "all to be told")

    def told():
        """How many are told by each mail."""
        found = [re.fullmatch(r"\[main\] (\d+) notices", str(m["Subject"])) for m in mail.mails()]
        return [int(one.group(1)) if one else 1 for one in found]
    until(lambda: sum(told()) >= 100, "all mails")
    counts, mails = told(), mail.mails()
    assert sum(counts) == 100 and len(counts) <= 5, [str(m["Subject"]) for m in mails]
    longest = mails[counts.index(max(counts))]
    assert text_of(longest).count("  - ") == 20 and f"and {max(counts) - 20} more" in text_of(longest)
    gates = it.items("approvals")
    assert len(gates) == 100 and all(gate["told"] for gate in gates)
    assert it.stop() == 0
    it.verify()


def test_greylisting_then_taken(mail, engines):
    hurdle = Hurdle(mail)
    hurdle.trouble = "refuse_rcpt"
    it = engines(main={"channels": {"mail": mail_channel(hurdle.port)}, "contacts": [person("approver-1")]}).start()
    it.people("approver-1")
    it.send(title="Yours?", todo="ask")
    waiting = until(lambda: it.notices(state="queued", tries=1), "the first try")[0]
    assert waiting["problem"].startswith("451 4.7.1 Greylisted"), waiting
    hurdle.trouble = None
    assert len(mail.await_mails(1)) == 1
    assert it.notices(id=waiting["id"])[0]["state"] == "sent" and it.notices(id=waiting["id"])[0]["tries"] == 1
    hurdle.close()


def test_the_server_is_down_and_comes_back(engines):
    server = MailServer()
    it = engines(main={"channels": {"mail": mail_channel(server.port)}, "contacts": [person("approver-1")]}).start()
    it.people("approver-1")
    try:
        it.send_all([{"title": f"{i}?", "todo": "ask"} for i in range(30)])
        until(lambda: it.notices(state="queued", tries=1), "the first try")
        assert it.stop() == 0
        it.start()  # what waits is in the ledger
        until(lambda: len(it.notices(state="queued")) == 30, "all of it to wait still")
        server.start()
        until(lambda: len(it.notices(state="sent")) >= 30, "all to be told", patience_s=90)
        server.await_mails(1)
        assert len(server.mails()) <= 5, "no storm after a restart"
    finally:
        server.remove()


def test_the_server_dies_in_the_middle_of_a_message(mail, engines):
    hurdle = Hurdle(mail)
    hurdle.trouble = "cut_data"
    it = engines(main={"channels": {"mail": mail_channel(hurdle.port)}, "contacts": [person("approver-1")]}).start()
    it.people("approver-1")
    it.send(title="Yours?", todo="ask")
    until(lambda: it.notices(state="queued", tries=1), "the first try")
    assert mail.mails() == []
    hurdle.trouble = None
    assert len(mail.await_mails(1)) == 1
    hurdle.close()


def test_a_server_that_says_nothing_does_not_hold_up_the_end(mail, engines):
    hurdle = Hurdle(mail)
    hurdle.trouble = "hang"
    it = engines(main={"channels": {"mail": mail_channel(hurdle.port)}, "contacts": [person("approver-1")]}).start()
    it.people("approver-1")
    it.send(title="Yours?", todo="ask")
    until(lambda: it.notices(state="queued"), "the notice")
    begun = time.monotonic()
    assert it.stop() == 0
    assert time.monotonic() - begun < 15
    hurdle.trouble = None
    it.start()
    assert len(mail.await_mails(1)) == 1
    hurdle.close()


def test_who_is_not_configured_any_more_is_not_told(engines):
    server = MailServer()  # not started
    it = engines(main={"channels": {"mail": mail_channel(server.port)}, "contacts": [person("approver-1")]}).start()
    it.people("approver-1")
    it.send(title="Yours?", todo="ask")
    until(lambda: it.notices(state="queued", tries=1), "the first try")
    assert it.stop() == 0
    it.config.write_text(it.config.read_text().replace('"approver-1"', '"somebody-2"'))
    it.start()
    dropped = until(lambda: it.notices(state="dropped"), "the notice to be dropped", patience_s=30)[0]
    assert "not configured any more" in dropped["problem"]
    server.remove()


def test_passing_on_and_a_second_voice(mail, engines):
    """Whoever a decision is passed on to hears at once; who has said yes isn't reminded of it."""
    it = engines(authority=[{"action": "world.*", "outcome": "ask", "quorum": 2, "expires": "1h"}],
                 main={"channels": {"mail": mail_channel(mail.port)},
                       "contacts": [person("approver-1", remind_every="2s"), person("other-1", level="others")]}).start()
    tokens = it.people("approver-1", "other-1")
    it.send(title="Two?", todo="act", target="203.0.113.9")
    mail.await_mails(1)
    gate = it.gate()
    it.decide(tokens["approver-1"], gate, choice=None)
    answer = it.post(f"/v1/approvals/{gate['id']}/delegate", tokens["approver-1"], {"to": "other-1"})
    assert answer.status == 200, answer.body
    passed_on = until(lambda: [m for m in mail.mails() if recipient(m) == "other-1@soc.example"], "the second mail")[0]
    assert "Approval needed" in str(passed_on["Subject"])
    it.decide(tokens["other-1"], it.gate(), choice=None)
    until(lambda: len(it.notices(reason="outcome", state="sent")) == 2, "the outcome for both")
    reminders = it.notices(reason="reminder")
    assert len(reminders) <= 1, "one may have been on its way before the vote"


def test_a_lost_reply_is_sent_again_as_the_same_mail(mail, engines):
    hurdle = Hurdle(mail)
    hurdle.trouble = "swallow"
    it = engines(main={"channels": {"mail": mail_channel(hurdle.port)}, "contacts": [person("approver-1")]}).start()
    it.people("approver-1")
    it.send(title="Yours?", todo="ask")
    until(lambda: it.notices(state="queued", tries=1), "the first try")
    hurdle.trouble = None
    first, second = mail.await_mails(2)
    assert first["Message-ID"] == second["Message-ID"] and str(first["Subject"]) == str(second["Subject"])
    hurdle.close()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_with_its_own_authority_and_a_password(engines, tls):
    server = MailServer(tls=tls, password="correct horse").start()
    channel = mail_channel(server.port, host="localhost", tls=tls, user="hikeshi", password='secret "smtp"',
                           ca='secret "ca"')
    secrets = {"smtp": "correct horse", "ca": (server.ca / "ca.pem").read_text().strip()}
    try:
        it = engines(main={"channels": {"mail": channel}, "contacts": [person("first-1")], "secrets": secrets}).start()
        it.ok("notice", "test", "--contact", "first-1")
        mails = server.await_mails(1)
        assert str(mails[0]["Subject"]) == "[main] Test: you can be reached"
        assert "with esmtpsa" in mails[0]["Received"]
        assert it.stop() == 0
        # Neither the password nor the address is in the record.
        ledger = b"".join(path.read_bytes() for path in it.data.glob("ledger.db*"))
        assert b"correct horse" not in ledger
        # Without the CA nothing is said to a server that can't prove who it is.
        bad = engines(main={"channels": {"mail": {k: v for k, v in channel.items() if k != "ca"}},
                            "contacts": [person("first-1")], "secrets": secrets}).start()
        answer = bad.post("/v1/contacts/first-1/test", bad.admin(), {})
        assert answer.status == 200
        tried = until(lambda: bad.notices(state="queued", tries=1), "the try")[0]
        assert "certificate" in tried["problem"].lower(), tried
        assert len(server.mails()) == 1
    finally:
        server.remove()


def test_a_server_without_tls_gets_nothing(mail, engines):
    it = engines(main={"channels": {"mail": mail_channel(mail.port, tls="starttls")},
                       "contacts": [person("first-1")]}).start()
    it.post("/v1/contacts/first-1/test", it.admin(), {})
    tried = until(lambda: it.notices(state="queued", tries=1), "the try")[0]
    assert "STARTTLS" in tried["problem"] and mail.mails() == []


@pytest.mark.parametrize("kind", ["slack", "teams", "mattermost", "webhook"])
def test_chat(engines, kind):
    hook = Webhook()
    hook.statuses = [500]  # tried again
    it = engines(main={"channels": {"chat": {"kind": kind, "url": 'secret "hook"', "private": True}},
                       "contacts": [{"name": "room-1", "language": "ja", "channels": [{"chat": True}]}],
                       "secrets": {"hook": f"http://127.0.0.1:{hook.port}/services/T0/secret-part"}}).start()
    it.send(title="これは @channel <!here> http://evil.example", todo="ask")
    gate = it.gate()
    path, headers, body = hook.await_posts(2)[1]
    message = json.loads(body)
    link = f"https://soc.example/approvals/{gate['id']}"
    assert path == "/services/T0/secret-part" and headers["Content-Type"] == "application/json"
    if kind == "slack":  # https://api.slack.com/reference/block-kit
        assert "<!here>" not in message["text"] and "&lt;!here&gt;" in message["text"]
        assert [b["type"] for b in message["blocks"]][:2] == ["header", "section"]
        assert all(b["text"]["type"] == "plain_text" for b in message["blocks"][:-1])
        assert all(len(b["text"]["text"]) <= 3000 for b in message["blocks"])
        assert len(message["blocks"][0]["text"]["text"]) <= 150
        assert message["blocks"][-1]["text"] == {"type": "mrkdwn", "text": f"<{link}|開く>"}
    elif kind == "teams":  # a message with one Adaptive Card
        assert message["type"] == "message" and len(message["attachments"]) == 1
        card = message["attachments"][0]
        assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert card["content"]["type"] == "AdaptiveCard" and card["content"]["version"] == "1.4"
        assert {b["type"] for b in card["content"]["body"]} == {"RichTextBlock"}
        assert card["content"]["actions"] == [{"type": "Action.OpenUrl", "title": "開く", "url": link}]
    elif kind == "mattermost":
        assert set(message) == {"text"} and message["text"].startswith("```\n")
        assert message["text"].endswith(f"```\n[開く]({link})")
    else:
        assert message["reason"] == "approval" and message["link"] == link and message["tenant"] == "main"
    assert "evil.example" not in body.decode().replace("evil[.]example", "")
    assert "回答のお願い" in json.dumps(message, ensure_ascii=False)
    assert until(lambda: it.notices(state="sent"), "the answer")[0]["tries"] == 1
    for path in ("/v1/notices", f"/v1/notices/{it.notices()[0]['id']}"):
        assert b"secret-part" not in it.get(path, it.admin()).body
    assert not any("secret-part" in line for line in it.lines)
    assert it.stop() == 0
    assert b"secret-part" not in b"".join(path.read_bytes() for path in it.data.glob("ledger.db*"))
    it.verify()
    hook.close()


def test_a_webhook_that_is_gone_or_busy(engines):
    hook = Webhook()
    it = engines(main={"channels": {"chat": {"kind": "slack", "url": f"http://127.0.0.1:{hook.port}/x",
                                             "private": True}},
                       "contacts": [{"name": "room-1", "channels": {"chat": True}}]}).start()
    hook.statuses = [404]
    done = it.run("notice", "test", "--contact", "room-1")
    assert done.returncode == 1 and "failed" in done.stdout and "HTTP 404" in done.stdout
    hook.statuses, hook.headers = [429], {"Retry-After": "7"}
    begun = time.monotonic()
    it.ok("notice", "test", "--contact", "room-1")
    assert time.monotonic() - begun >= 6.9, "not before it is wanted"
    hook.close()


def test_a_public_webhook_may_not_lead_inside(engines):
    hook = Webhook()
    it = engines(main={"channels": {"chat": {"kind": "slack", "url": f"https://127.0.0.1:{hook.port}/x"}},
                       "contacts": [{"name": "room-1", "channels": {"chat": True}}]}).start()
    done = it.run("notice", "test", "--contact", "room-1")
    assert done.returncode == 1 and "failed" in done.stdout, done
    assert hook.posts == []
    hook.close()


@pytest.mark.parametrize("point", ["notice-sending", "notice-answered"])
def test_killed_between_queued_and_sent(mail, engines, point):
    """The mail arrives, perhaps twice, then as the same mail; none is lost."""
    it = engines(main={"channels": {"mail": mail_channel(mail.port)}, "contacts": [person("approver-1")]}).start()
    it.people("approver-1")
    it.admin()
    it.send(title="Warm up", todo="notify", text="warm up")
    mail.await_mails(1)
    assert it.stop() == 0
    it.process = subprocess.Popen(
        [CRASH, "serve", "--data", it.data, "--config", it.config, "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True, env={**it.environment(), "HIKESHI_CRASH": point})
    for line in it.process.stderr:
        if line.startswith("listening on "):
            it.url = line.split()[-1]
        if line == "ready\n":
            break
    it.send_all([{"title": f"{i}?", "todo": "ask"} for i in range(5)])
    assert it.process.wait(30) == -signal.SIGKILL
    it.process = None
    it.start()
    until(lambda: len([gate for gate in it.items("approvals") if gate["told"]]) == 5, "all to be told")
    until(lambda: not it.notices(state="queued"), "nothing to wait")

    def counted():
        """All mails but the first, and how many questions they put."""
        mails = [m for m in mail.mails() if "warm up" not in str(m["Subject"])]
        lists = [re.search(r"(\d+) notices", str(m["Subject"])) for m in mails]
        singles = {m["Message-ID"] for m, one in zip(mails, lists) if one is None}
        return mails, len(singles) + sum(int(one.group(1)) for one in lists if one)
    until(lambda: counted()[1] >= 5, f"five questions to arrive; there are {counted()}")
    ids = [m["Message-ID"] for m in counted()[0]]
    if point == "notice-answered":
        assert len(ids) == len(set(ids)) + 1, "the one that was under way came again, as itself"
    else:
        assert len(ids) == len(set(ids))
    assert it.stop() == 0
    it.verify()


def test_two_tenants_know_nothing_of_each_other(mail, engines):
    second = MailServer(domain="two.example").start()
    try:
        it = engines(
            one={"channels": {"mail": mail_channel(mail.port, **{"from": "hikeshi@one.example"})},
                 "contacts": [person("approver-1")], "notices": {"digest": {"at": "00:00"}}},
            two={"channels": {"mail": mail_channel(second.port, **{"from": "hikeshi@two.example"})},
                 "contacts": [{"name": "zweiter-1", "language": "en", "channels": {"mail": "zweiter-1@two.example"}}],
                 "notices": {"digest": {"at": "00:00"}}}).start()
        it.people("approver-1")
        it.send(tenant="one", title="Onlyforone", todo="ask")
        it.send(tenant="two", title="Nurfuerzwei", todo="ask")
        mail.await_mails(1)
        second.await_mails(1)
        for tenant in ("one", "two"):
            assert it.post("/v1/digest", it.admin(tenant), {}).status == 200
        mail.await_mails(2)
        second.await_mails(2)
        texts = {}
        for name, server in (("one", mail), ("two", second)):
            texts[name] = "\n".join(str(m) + text_of(m) for m in server.mails())
        for words, other in ((("Onlyforone", "approver-1", "one.example", "/one"), "two"),
                             (("Nurfuerzwei", "zweiter", "two.example", "/two"), "one")):
            for word in words:
                assert word not in texts[other], (word, other)
        ids = {tenant: {n["id"] for n in it.notices(tenant)} for tenant in ("one", "two")}
        for notice in ids["one"]:
            assert it.get(f"/v1/notices/{notice}", it.admin("two")).status == 404
        assert it.post("/v1/contacts/approver-1/test", it.admin("two"), {}).status == 404
        assert not ids["one"] & ids["two"]
    finally:
        second.remove()


def test_the_digest(mail, engines):
    it = engines(authority=[{"action": "world.*", "outcome": "do"}],
                 main={"channels": {"mail": mail_channel(mail.port)},
                       "contacts": [person("first-1", language="ja"), person("second-1", level="tier2")],
                       "notices": {"digest": {"at": "08:30", "to": "tier2"}, "zone": "+09:00"}}).start()
    it.send(title="Quiet", todo="nothing")
    until(lambda: [r for r in it.items("runs") if r["state"] == "finished"], "a run")
    it.ok("notice", "digest")
    quiet = mail.await_mails(1)[0]
    assert recipient(quiet) == "second-1@soc.example"
    assert str(quiet["Subject"]) == "[main] Today: Nothing is open."
    it.send(title="Yours?", todo="ask")
    it.send(title="Held", todo="act", target="203.0.113.9", expires="1h")
    it.gate()
    until(lambda: [c for c in it.items("containments") if c["state"] == "active"], "a containment")
    it.ok("notice", "digest")
    digest = until(lambda: [m for m in mail.mails() if "Contained now" in str(m["Subject"])], "the digest")[0]
    assert str(digest["Subject"]) == "[main] Today: Waiting for a decision 1, Contained now 1"
    assert "203.0.113.9" in text_of(digest) and "Yours?" in text_of(digest)


def test_the_digest_comes_by_itself(mail, engines):
    """At its minute, once, and not again after a restart."""
    at = time.strftime("%H:%M", time.gmtime(time.time() + 65))
    it = engines(main={"channels": {"mail": mail_channel(mail.port)}, "contacts": [person("first-1")],
                       "notices": {"digest": {"at": at}}}).start()
    assert str(mail.await_mails(1, patience_s=90)[0]["Subject"]) == "[main] Today: Nothing is open."
    until(lambda: it.notices(reason="digest", state="sent"), "the server's answer")
    assert it.stop() == 0
    it.start()
    it.send(title="Told", todo="notify", text="after the restart")
    mail.await_mails(2)
    assert len(it.notices(reason="digest")) == 1


def test_config_check_names_what_is_wrong(engines):
    channel = mail_channel(25)
    rows = [
        ({"channels": {"mail": {"kind": "pigeon"}}}, "channels.mail.kind"),
        ({"channels": {"mail": channel | {"from": "x"}}}, "channels.mail.from"),
        ({"channels": {"mail": channel | {"host": "a b"}}}, "channels.mail.host"),
        ({"channels": {"mail": channel | {"port": 70000}}}, "channels.mail.port"),
        ({"channels": {"mail": channel | {"tls": "sometimes"}}}, "channels.mail.tls"),
        ({"channels": {"mail": channel | {"user": "x"}}}, "channels.mail: user and password"),
        ({"channels": {"mail": channel | {"host": "mail.example", "user": "x", "password": "y"}}},
         "channels.mail.password: is not sent without TLS"),
        ({"channels": {"mail": channel | {"password": 'secret "none"', "user": "x"}}}, "channels.mail.password"),
        ({"channels": {"mail": channel | {"colour": "red"}}}, "channels.mail.colour"),
        ({"channels": {"chat": {"kind": "slack", "url": "http://hooks.example/x"}}}, "channels.chat.url"),
        ({"contacts": [person("a", channels={})]}, "contacts[0].channels"),
        ({"contacts": [person("a", channels={"fax": "1"})]}, "contacts[0].channels.fax: there is no such channel"),
        ({"contacts": [person("a", channels={"mail": "a@b@c"})]}, "contacts[0].channels.mail"),
        ({"contacts": [person("a", channels={"mail": "a@b.example\r\nRCPT TO:<x@y.example>"})]},
         "contacts[0].channels.mail"),
        ({"contacts": [person("a"), person("a")]}, "contacts[1].name"),
        ({"contacts": [person("a", language="fr")]}, "contacts[0].language"),
        ({"contacts": [person("a", hours={"from": "25:00"})]}, "contacts[0].hours.from"),
        ({"contacts": [person("a", answer_within="soon")]}, "contacts[0].answer_within"),
        ({"contacts": [person("a", only=["gossip"])]}, "contacts[0].only"),
        ({"contacts": [person("a", order=0)]}, "contacts[0].order"),
        ({"notices": {"escalate_to": "tier9"}}, "notices.escalate_to"),
        ({"notices": {"digest": {"at": "8h"}}}, "notices.digest.at"),
        ({"notices": {"digest": {"at": "08:00", "to": "x"}}}, "notices.digest.to"),
        ({"notices": {"zone": "JST"}}, "notices.zone"),
    ]
    for change, words in rows:
        tenant = {"channels": {"mail": channel}, "contacts": [person("a")]} | change
        it = engines(main=tenant)
        done = it.run("config", "check", it.config)
        assert done.returncode != 0 and "tenants.main: " + words in done.stderr, (change, done.stderr)
    it = engines(main={"channels": {"mail": channel}, "contacts": [person("a")]})
    it.ok("config", "check", it.config)
