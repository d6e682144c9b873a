"""Somebody who knows the source tries to get in, to stay in, or to keep others out."""

import threading

import pytest

from engine import Engine, tenant_lua
from people import OTHER, Browser, engine_with, kinds_about, link_of, open_gate, person, set_password
from waiting import until

STRICT = 'login = { decide_by = "session", step_up = { "contain" } },'
CROWD = "127.98.0.1"  # an address that many share


@pytest.fixture(scope="module")
def engine():
    it = Engine("return hikeshi { tenants = { main = %s } }" % tenant_lua())
    try:
        yield it.start()
        it.stop()
        it.ok("audit", "rebuild", "--check")
        said = "\n".join(it.lines)
        assert "AddressSanitizer" not in said and "runtime error" not in said
    finally:
        it.remove()


def out(browser):
    browser.post("/logout")
    browser.csrf = None
    return browser


# --- keeping others out ---

def test_a_neighbours_guesses_keep_no_known_browser_out(engine):
    """One host behind a router guesses until the router's address waits; whoever logs in there every day still does."""
    known = out(person(engine, "crowd-1", "approver", address=CROWD))
    for n in range(40):
        if Browser(engine.url, address=CROWD).log_in(f"phantom-crowd-{n}", OTHER).status_code == 429:
            break
    stranger = Browser(engine.url, address=CROWD)
    assert stranger.log_in("crowd-1").status_code == 429
    assert known.log_in("crowd-1").status_code == 303
    # Its own wrong passwords make it wait all the same.
    out(known)
    answers = [known.log_in("crowd-1", OTHER).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]


def test_a_flood_of_strangers_keeps_no_known_browser_out(engine):
    known = out(person(engine, "flood-0", "approver"))
    statuses, stop = [], threading.Event()

    def flood(number):
        n = 0
        while not stop.is_set():
            n += 1
            statuses.append(Browser(engine.url).log_in(f"flood-{number}-{n}", OTHER).status_code)
    threads = [threading.Thread(target=flood, args=(number,)) for number in range(18)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: 503 in statuses, "all the places to be taken")
        for _ in range(2):
            assert known.log_in("flood-0").status_code == 303
            out(known)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_whoever_has_to_wait_is_told_how_long(engine):
    """RFC 9110 section 10.2.3, for programs; the page says it in words."""
    it = person(engine, "told-1", "viewer")
    it.set_up_device()
    for path, fields in (("/step-up", {"code": "000000"}), ("/account/totp/remove", {"code": "000000"}),
                         ("/account/password", {"now": OTHER, "password": OTHER, "again": OTHER})):
        answer = None
        for _ in range(12):
            answer = it.post(path, fields)
            if answer.status_code == 429:
                break
        assert answer.status_code == 429, path
        assert 1 <= int(answer.headers["Retry-After"]) <= 300, path
    stranger = Browser(engine.url)
    answer = None
    for _ in range(8):
        answer = stranger.log_in("told-1", OTHER)
        if answer.status_code == 429:
            break
        assert "Retry-After" not in answer.headers
    assert answer.status_code == 429
    first = int(answer.headers["Retry-After"])
    assert 1 <= first <= 300
    assert f"{first} second" in answer.text  # as the page says


def test_who_finds_no_place_is_told_when_to_come_back(engine):
    """Those who have a link come before strangers, but there is an end to their places too."""
    path = link_of(engine, "busy-1", "viewer")
    answers = []

    def use():
        answers.append(Browser(engine.url).post(path, {"password": OTHER, "again": OTHER}))
    threads = [threading.Thread(target=use) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(303) == 1 and set(statuses) == {303, 404, 503}  # the link counts once
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 503)


# --- a session in other hands ---

def test_a_session_in_other_hands_makes_itself_no_other_person():
    """Where decisions want a code, so do the ways to become somebody who can give one."""
    engine = engine_with(STRICT)
    try:
        engine.start()
        victim = person(engine, "admin-1", "tenant-admin")
        approver = person(engine, "approver-1", "approver")
        approver.set_up_device()
        theirs = next(u["id"] for u in victim.read("/v1/users").json()["items"] if u["name"] == "approver-1")
        ways = [("/v1/users", {"name": "approver-9", "role": "approver"}), (f"/v1/users/{theirs}/link", {}),
                (f"/v1/users/{theirs}/remove-totp", {}), ("/v1/tokens", {"user": "approver-1"}),
                ("/v1/tokens", {"service": "robot-9", "role": "tenant-admin"})]
        for path, body in ways:
            answer = victim.write(path, body)
            assert answer.status_code == 403 and answer.json()["type"] == "/problems/step-up", path
        token = engine.ok("token", "create", "--user", "admin-1").split()[-1]
        for path, body in ways:
            answer = engine.post(path, token, body)
            assert answer.status == 403 and "a token can't give one" in answer.json["detail"], path
        assert "approver-9" not in engine.ok("user", "list")
        assert approver.read("/v1/whoami").status_code == 200
        # What takes ways away wants none: whoever has to shut a door must not look for a device first.
        assert victim.write(f"/v1/users/{theirs}/end-sessions").status_code == 200
        victim.set_up_device()
        made = victim.write("/v1/users", {"name": "approver-9", "role": "approver"})
        assert made.status_code == 201, made.text
        assert victim.write(f"/v1/users/{theirs}/link").status_code == 200
    finally:
        engine.remove()


def test_what_was_approved_is_not_made_longer_by_others():
    """A renewal is a word like an approval: of a person, in a session where only those decide, with a code."""
    engine = engine_with(STRICT)
    try:
        engine.start()
        gate, digest = open_gate(engine)
        it = person(engine, "approver-1", "approver")
        device, _ = it.set_up_device()
        assert it.write(f"/v1/approvals/{gate}/decision",
                        {"decision": "approve", "digest": digest}).status_code == 200
        held = until(lambda: [item for item in engine.document("contain", "list", "--active")["items"]
                              if item["expires"]], "a containment")[0]
        path = f"/v1/containments/{held['id']}/renew"
        robot = engine.token(service="robot-1", role="approver")
        answer = engine.post(path, robot, {"for": "8h"})
        assert answer.status == 403 and "a service token never does" in answer.json["detail"]
        token = engine.ok("token", "create", "--user", "approver-1").split()[-1]
        assert engine.post(path, token, {"for": "8h"}).status == 403
        other = person(engine, "approver-2", "approver")
        assert other.write(path, {"for": "8h"}).json()["type"] == "/problems/step-up"
        assert engine.document("contain", "show", held["id"])["expires"] == held["expires"]
        assert it.write(path, {"for": "8h"}).status_code == 200
        assert engine.document("contain", "show", held["id"])["expires"] != held["expires"]
    finally:
        engine.remove()


# --- from one tenant into another ---

def test_who_enters_a_tenant_keeps_its_rules():
    """A customer whose people all have devices is not entered with a password alone."""
    tenant = tenant_lua()
    required = tenant[:tenant.rindex("}")].rstrip().rstrip(",") + ',\nlogin = { totp = "required" },\n}'
    engine = Engine("return hikeshi { tenants = { provider = %s, customer = %s } }" % (tenant, required))
    try:
        engine.start()  # makes the tenants
        engine.stop()
        path = link_of(engine, "provider-1", "provider-admin", "provider")
        engine.start()
        it = Browser(engine.url)
        set_password(it, path)
        assert it.log_in("provider-1", tenant="provider").status_code == 303
        assert it.read("/v1/alerts").status_code == 200
        assert it.read("/v1/alerts?tenant=customer").status_code == 403
        page = it.get("/alerts?tenant=customer")
        assert (page.status_code, page.headers["Location"]) == (303, "/account/totp")
        it.set_up_device()
        assert it.read("/v1/alerts?tenant=customer").status_code == 200
        assert it.get("/alerts?tenant=customer").status_code == 200
        # Whose tenant is looked at makes no difference to who logs out.
        assert it.post("/logout?tenant=customer").status_code == 303
        assert it.read("/v1/whoami").status_code == 401
        assert kinds_about(engine, "provider-1", "provider")[-1] == "session.closed"
    finally:
        engine.remove()
