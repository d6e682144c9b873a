"""Codes: a device that gives them, decisions that want one, and what is kept of it all."""

import base64
import json
import time

import pytest

from engine import Engine, alert, tenant_lua
from people import (OTHER, PASSWORD, Browser, Device, change_credential, engine_with, entries, kinds_about, link_of,
                    open_gate, paper_of, person, secret_of, set_password, totp)
from waiting import until

STRICT = 'login = { decide_by = "session", step_up = { "contain", "release" } },'


@pytest.fixture(scope="module")
def engine():
    it = Engine("return hikeshi { tenants = { main = %s } }" % tenant_lua())
    try:
        yield it.start()
        it.stop()
        it.ok("audit", "rebuild", "--check")  # what all the tests did folds to the same rows again
        it.ok("audit", "verify")
        said = "\n".join(it.lines)
        assert "AddressSanitizer" not in said and "runtime error" not in said
    finally:
        it.remove()


# --- codes ---

def test_a_device(engine):
    it = person(engine, "totp-1", "viewer")
    assert it.post("/account/totp", {"password": OTHER}).status_code == 403
    assert it.get("/account/totp/qr").status_code == 404
    page = it.post("/account/totp", {"password": PASSWORD})
    picture = it.get("/account/totp/qr")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert picture.text.startswith("<svg ") and "script" not in picture.text
    device = Device(secret_of(page))
    for bad in ("", "000000x", totp(device.secret, 1)):
        again = it.post("/account/totp/confirm", {"code": bad})
        assert again.status_code == 400
        assert device.secret[:4] in again.text
    # Nothing is asked for as long as it isn't confirmed.
    assert Browser(engine.url).log_in("totp-1").status_code == 303
    before = it.cookie
    done = it.post("/account/totp/confirm", {"code": device.code()})
    assert done.status_code == 200
    assert it.cookie != before  # more was proven, so it is another one
    it.csrf = None
    assert it.get("/account").status_code == 200
    assert it.get("/account/totp/qr").status_code == 404  # the secret is shown no more
    assert device.secret[:4] not in it.get("/account/totp").text

    paper = paper_of(done)
    browser = Browser(engine.url)
    assert browser.log_in("totp-1").status_code == 403
    code = device.code()
    assert browser.log_in("totp-1", OTHER, code).status_code == 403  # the password still counts
    assert browser.log_in("totp-1", code=code).status_code == 303
    assert browser.log_in("totp-1", code=code).status_code == 403    # replayed
    assert browser.log_in("totp-1", code=paper[0].lower()).status_code == 303
    assert browser.log_in("totp-1", code=paper[0]).status_code == 403
    assert "9 codes on paper are left" in browser.get("/account/totp").text
    assert "totp_set" in " ".join(kinds_about(engine, "totp-1"))

    assert browser.post("/account/totp/remove", {"code": "000000"}).status_code == 403
    assert browser.post("/account/totp/remove", {"code": paper[1]}).status_code == 303
    assert Browser(engine.url).log_in("totp-1").status_code == 303
    engine.ok("user", "unlock", "totp-1")


def test_an_administrator_takes_a_device_away(engine):
    it = person(engine, "totp-2", "viewer")
    it.set_up_device()
    assert engine.run("user", "remove-totp", "totp-2").returncode == 0
    assert it.read("/v1/whoami").status_code == 401
    assert Browser(engine.url).log_in("totp-2").status_code == 303
    assert engine.run("user", "remove-totp", "totp-2").returncode != 0


def test_devices_can_be_required():
    engine = engine_with('login = { totp = "required" },')
    try:
        engine.start()
        path = link_of(engine, "must-1", "approver")
        it = Browser(engine.url)
        set_password(it, path)
        assert it.log_in("must-1").status_code == 303
        assert it.get("/step-up").status_code == 200
        assert "everybody needs one" in it.get("/account/totp").text
        assert it.read("/v1/whoami").status_code == 403
        assert it.write("/v1/alerts", alert(1)).status_code == 403
        it.set_up_device()
        assert it.read("/v1/whoami").status_code == 200
        # A token is a program's, or for where there is no browser.
        assert engine.get("/v1/whoami", engine.token(service="s-1", role="viewer")).status == 200
    finally:
        engine.remove()


# --- deciding ---

def test_a_session_decides(engine):
    gate, digest = open_gate(engine, 61)
    it = person(engine, "decide-1", "approver")
    body = {"decision": "approve", "digest": digest}
    forged = it.write(f"/v1/approvals/{gate}/decision", body, **{"X-Hikeshi-CSRF": "x"})
    assert forged.status_code == 403
    assert it.write(f"/v1/approvals/{gate}/decision", body).status_code == 200
    voted = next(item["payload"] for item in entries(engine, gate) if "gate.voted" in item["line"])
    assert (voted if isinstance(voted, dict) else json.loads(voted))["via"] == "session"


def test_only_sessions_decide_and_with_a_code():
    engine = engine_with(STRICT)
    try:
        engine.start()
        gate, digest = open_gate(engine)
        body = {"decision": "approve", "digest": digest}
        it = person(engine, "strict-1", "approver")
        # Whoever may make tokens can't decide with one of somebody else's.
        token = engine.ok("token", "create", "--user", "strict-1").split()[-1]
        refused = engine.post(f"/v1/approvals/{gate}/decision", token, body)
        assert refused.status == 403 and refused.json["type"] == "about:blank"
        assert "logged in" in refused.json["detail"]

        wants_code = it.write(f"/v1/approvals/{gate}/decision", body)
        assert wants_code.status_code == 403
        assert wants_code.json()["type"] == "/problems/step-up"
        assert "no device" in it.get("/step-up?then=/account").text
        device, paper = it.set_up_device()
        # The code that was given to set it up is a fresh one.
        assert it.write("/v1/containments/co-none/release").status_code == 404
        assert it.post("/step-up", {"code": "000000", "then": "/account"}).status_code == 403
        before = it.cookie
        answer = it.post("/step-up", {"code": device.code(), "then": "/account"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
        assert it.cookie != before
        assert engine.get("/v1/whoami", headers={"Cookie": f"hikeshi={before}"}).status == 401
        it.csrf = None
        it.get("/account")
        assert it.write(f"/v1/approvals/{gate}/decision", body).status_code == 200
        assert "session.proven" in kinds_about(engine, "strict-1")
        # Without a device's code nothing is released either.
        held = until(lambda: engine.document("contain", "list", "--active")["items"], "a containment")[0]["id"]
        other = person(engine, "strict-2", "approver")
        assert other.write(f"/v1/containments/{held}/release").json()["type"] == "/problems/step-up"
        assert engine.post(f"/v1/containments/{held}/release", token, {}).status == 403
        assert it.write(f"/v1/containments/{held}/release", {"reason": "ours"}).status_code == 200
    finally:
        engine.remove()


def test_a_no_wants_no_code():
    engine = engine_with(STRICT)
    try:
        engine.start()
        gate, digest = open_gate(engine)
        it = person(engine, "no-1", "approver")
        answer = it.write(f"/v1/approvals/{gate}/decision",
                          {"decision": "reject", "digest": digest, "reason": "it is ours"})
        assert answer.status_code == 200, answer.text
    finally:
        engine.remove()


# --- what is kept ---

def test_a_restart_logs_nobody_out(fresh):
    fresh.start()
    it = person(fresh, "stay-1", "viewer")
    device, paper = it.set_up_device()
    fresh.stop()
    fresh.start()
    it.url = fresh.url
    assert it.read("/v1/whoami").status_code == 200
    code = device.code()
    browser = Browser(fresh.url)
    assert browser.log_in("stay-1", code=code).status_code == 303
    fresh.process.kill()
    fresh.process.wait()
    fresh.start()
    it.url = browser.url = fresh.url
    # What was told is on disk: the session, and that the code is used up.
    assert browser.read("/v1/whoami").status_code == 200
    assert it.read("/v1/whoami").status_code == 200
    assert Browser(fresh.url).log_in("stay-1", code=code).status_code == 403
    assert Browser(fresh.url).log_in("stay-1", code=paper[0]).status_code == 303


def test_sessions_end_by_idleness_and_age(fresh):
    fresh.start()
    idle = person(fresh, "idle-1", "viewer")
    aged = person(fresh, "aged-1", "viewer")
    users = {u["id"]: u["name"] for u in fresh.document("user", "list")["items"]}
    fresh.stop()
    now_us = int(time.time() * 1e6)

    def turn_back(value):
        if users[value["user"]] == "idle-1":
            return value | {"seen_us": now_us - 31 * 60 * 1000000}
        return value | {"ends_us": now_us - 1}
    change_credential(fresh, "session", turn_back)
    fresh.start()
    for it in (idle, aged):
        it.url = fresh.url
        assert it.read("/v1/whoami").status_code == 401
        assert it.log_in("idle-1" if it is idle else "aged-1").status_code == 303


def test_no_secret_is_in_the_record(fresh):
    fresh.start()
    path = link_of(fresh, "kept-1", "viewer")
    it = Browser(fresh.url)
    set_password(it, path)
    it.log_in("kept-1")
    cookie = it.cookie
    device, paper = it.set_up_device()
    cookies = [cookie, it.cookie]
    secrets = [PASSWORD, path.rsplit("/", 1)[1], device.secret, *cookies, *paper, paper[0].replace("-", ""), it.csrf]
    record = json.dumps(entries(fresh))
    assert "argon2" not in record and "user.totp_set" in record
    assert "rebuild" and fresh.stop() == 0
    raw = base64.b32decode(device.secret)
    files = [p for p in fresh.data.rglob("*") if p.is_file()]
    assert any(p.name == "ledger.db" for p in files)
    for file in files:
        data = file.read_bytes()
        for secret in secrets:
            assert secret.encode() not in data, f"{file.name} has a secret in it"
        assert raw not in data and base64.b64encode(raw) not in data
    for secret in secrets:
        assert secret not in record
        assert secret not in "\n".join(fresh.lines)
    fresh.ok("audit", "rebuild", "--check")
    fresh.ok("audit", "verify")
