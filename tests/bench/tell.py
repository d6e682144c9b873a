"""From an alert to the mail about its approval in the mail server's hands: the quickstart's playbooks, which look the
address up first, and a real mail server. In the same run mails of the same size are handed to the same server with
Python's smtplib, over one connection.

Uses the mail server of the system tests (tests/system/mailserver.py)."""

import pathlib
import smtplib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

import mailserver  # noqa: E402

RATE = 20
SECONDS = 20
PATIENCE_S = 60

TOLD = """
      channels = { mail = { kind = "smtp", host = "127.0.0.1", port = %d, tls = "none", from = "hikeshi@soc.example" } },
      contacts = { { name = "approver-1", user = "approver-1", channels = { mail = "approver-1@soc.example" } } },
      notices = { burst = 1000, gather = "1s" },
"""


def config(quickstart, port):
    """The quickstart's, with a contact, and without its relative paths."""
    text = quickstart.read_text().replace("../../playbooks", str(quickstart.parents[2] / "playbooks"))
    text = text.replace("./lists", str(quickstart.parent / "lists"))
    changed = text.replace("main = {", "main = {" + TOLD % port, 1)
    assert changed != text
    return changed


def waits_of(data):
    """Milliseconds from the sending of each alert to the server's answer to the mail about it, of those told so far."""
    db = sqlite3.connect(f"file:{data}/ledger.db?mode=ro", uri=True)
    rows = db.execute("""
        SELECT notice.sent_us, json_extract(received.payload, '$.view.uid') FROM notice
        JOIN gate ON gate.tenant = notice.tenant AND gate.id = notice.about
        JOIN run ON run.tenant = gate.tenant AND run.id = gate.run
        JOIN entry received ON received.line LIKE 'hk1 % alert.received ' || run.alert || ' %'
        WHERE notice.reason = 'approval' AND notice.sent_us IS NOT NULL AND notice.into_notice IS NULL""").fetchall()
    gathered = db.execute("SELECT count(*) FROM notice WHERE into_notice IS NOT NULL").fetchone()[0]
    db.close()
    return [(sent_us - int(uid.split("-")[0])) / 1000 for sent_us, uid in rows], gathered


def by_hand(server, count):
    """Milliseconds of each mail with smtplib."""
    body = "Subject: [main] Approval needed: Block 203.0.113.66 at the edge\r\n\r\n" + ("x" * 74 + "\r\n") * 20
    waits = []
    with smtplib.SMTP("127.0.0.1", server.port) as smtp:
        smtp.ehlo()
        for _ in range(count):
            begun = time.monotonic()
            smtp.sendmail("hikeshi@soc.example", ["approver-1@soc.example"], body)
            waits.append((time.monotonic() - begun) * 1000)
            time.sleep(max(0, 1 / RATE - (time.monotonic() - begun)))
    return waits


def measure(folder, engine_in, quickstart):
    """(waits of the engine, waits by hand), in milliseconds."""
    server = mailserver.MailServer().start()
    try:
        engine = engine_in(folder, "tell", config(quickstart, server.port))
        engine.start()
        engine.tool("user", "add", "approver-1", "--role", "approver")
        token = engine.token()
        engine.load(token, 8, 1, RATE * 2, RATE)  # warm: plugins, connection
        warm = wait_for(engine, RATE * 2)
        engine.load(token, 8, 1, RATE * SECONDS, RATE)
        told = wait_for(engine, RATE * (SECONDS + 2))
        engine.stop()
        return told[len(warm):], by_hand(server, RATE * SECONDS)
    finally:
        server.remove()


def wait_for(engine, count):
    end = time.monotonic() + PATIENCE_S
    while True:
        waits, gathered = waits_of(engine.data)
        if len(waits) + gathered >= count:
            return waits
        if time.monotonic() > end:
            raise SystemExit(f"only {len(waits)} of {count} mails were sent, {gathered} in lists")
        time.sleep(0.2)
