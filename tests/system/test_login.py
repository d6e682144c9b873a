"""People log in: links, passwords, sessions, codes, waits. And what somebody tries who isn't them."""

import base64
import json
import re
import sqlite3
import threading
import time

import pytest

from engine import Engine, alert, tenant_lua
from people import PASSWORD, Browser, Device, link_of, paper_of, person, secret_of, set_password, totp
from waiting import until

OTHER = "eleven dry birches"
STRICT = 'login = { decide_by = "session", step_up = { "contain", "release" } },'


@pytest.fixture(scope="module")
def engine():
    it = Engine("return hikeshi { tenants = { main = %s } }" % tenant_lua())
    try:
        yield it.start()
    finally:
        it.remove()


def engine_with(login, tenants=("main",)):
    """An engine whose tenants have a policy for logins."""
    tenant = tenant_lua()
    with_login = tenant[:tenant.rindex("}")].rstrip().rstrip(",") + ",\n" + login + "\n}"
    return Engine("return hikeshi { tenants = { %s } }" % ", ".join(f"{name} = {with_login}" for name in tenants))


def entries(engine, subject=None):
    args = ["--subject", subject] if subject else []
    return engine.document("audit", "show", "--limit", "500", *args)["items"]


def kinds_about(engine, name):
    user = next(u for u in engine.document("user", "list")["items"] if u["name"] == name)
    return [item["line"].split()[3] for item in entries(engine, user["id"])]


# --- links ---

def test_a_link_sets_a_password_once(engine):
    path = link_of(engine, "link-1", "viewer")
    scanner = Browser(engine.url)
    for _ in range(3):  # those who check mails open links, and even run what is there
        shown = scanner.get(path)
        assert shown.status_code == 200
        assert "link-1" in shown.text and 'name="again"' in shown.text
    scanner.session.head(engine.url + path)

    browser = Browser(engine.url)
    assert browser.log_in("link-1").status_code == 403
    set_password(browser, path)
    for answer in (browser.get(path), browser.post(path, {"password": OTHER, "again": OTHER})):
        assert answer.status_code == 404
        assert "link-1" not in answer.text
    assert browser.log_in("link-1", OTHER).status_code == 403
    assert browser.log_in("link-1").status_code == 303
    assert kinds_about(engine, "link-1") == ["user.added", "user.link_made", "user.password_set", "session.opened"]


def test_a_new_link_takes_the_place_of_the_old(engine):
    first = link_of(engine, "link-2", "viewer")
    second = link_of(engine, "link-2")
    browser = Browser(engine.url)
    assert browser.get(first).status_code == 404
    set_password(browser, second)


def test_a_guessed_link_is_nobodys(engine):
    path = link_of(engine, "link-3", "viewer")
    browser = Browser(engine.url)
    for guess in ("/link/" + "0" * 64, path[:-1] + ("0" if path[-1] != "0" else "1"), path[:-1], path + "0",
                  path.upper().replace("/LINK/", "/link/")):
        assert browser.get(guess).status_code == 404
        assert browser.post(guess, {"password": OTHER, "again": OTHER}).status_code == 404
    set_password(browser, path)


@pytest.mark.parametrize("password, again, words", [
    ("brief", "brief", "shorter than 12"),
    ("x" * 257, "x" * 257, "longer than 256"),
    ("password1234", "password1234", "first that anybody would try"),
    ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "first that anybody would try"),
    ("link-flaws-99", "link-flaws-99", "little more than your name"),
    (OTHER, OTHER + " ", "not the same"),
    (OTHER, "", "not the same"),
], ids=["short", "long", "common", "monotonous", "name", "differs", "once"])
def test_bad_passwords_are_refused(engine, password, again, words):
    users = [u["name"] for u in engine.document("user", "list")["items"]]
    path = link_of(engine, "link-flaws", None if "link-flaws" in users else "viewer")
    browser = Browser(engine.url)
    answer = browser.post(path, {"password": password, "again": again})
    assert answer.status_code == 400
    assert words in answer.text
    assert password not in answer.text
    assert browser.get(path).status_code == 200  # it still counts


def test_a_link_expires(fresh):
    fresh.start()
    path = link_of(fresh, "late-1", "viewer")
    fresh.stop()
    change_credential(fresh, "link", lambda value: value | {"expires_us": int(time.time() * 1e6)})
    fresh.start()
    assert Browser(fresh.url).get(path).status_code == 404


def test_a_link_of_a_folder_without_an_engine(fresh):
    said = fresh.run("user", "add", "early-1", "--role", "viewer", check=0)
    path = said.stdout.split()[-1]
    assert re.fullmatch(r"/link/[0-9a-f]{64}", path)
    assert "no engine runs" in said.stderr
    fresh.start()
    browser = Browser(fresh.url)
    set_password(browser, path)
    assert browser.log_in("early-1").status_code == 303


def test_services_make_no_links(engine):
    token = engine.token(service="maker-1", role="tenant-admin")
    link_of(engine, "wanted-1", "viewer")
    for path in ("/v1/users", "/v1/users/wanted-1/link", "/v1/users/wanted-1/remove-totp"):
        answer = engine.post(path, token, {"name": "made-1", "role": "viewer"} if path == "/v1/users" else {})
        assert answer.status == 403, answer.body


def test_links_are_for_administrators(engine):
    link_of(engine, "wanted-2", "tenant-admin")
    for role in ("viewer", "analyst", "approver", "responder", "author", "auditor"):
        it = person(engine, f"link-{role}", role)
        assert it.write("/v1/users/wanted-2/link").status_code == 403
    admin = person(engine, "link-admin", "tenant-admin")
    made = admin.write("/v1/users/wanted-2/link")
    assert made.status_code == 200
    assert made.json()["link"].startswith(engine.url + "/link/")


# --- sessions ---

def test_a_session_is_a_person(engine):
    it = person(engine, "person-1", "analyst")
    who = it.read("/v1/whoami").json()
    assert (who["name"], who["role"], who["person"]) == ("person-1", "analyst", True)
    sent = it.write("/v1/alerts", alert(1))
    assert sent.status_code == 202, sent.text
    assert it.write("/v1/users", {"name": "x", "role": "viewer"}).status_code == 403


def test_the_cookie(engine):
    path = link_of(engine, "cookie-1", "viewer")
    browser = Browser(engine.url)
    set_password(browser, path)
    answer = browser.log_in("cookie-1", then="/account")
    assert answer.headers["Location"] == "/account"
    session, device = [v.strip() for v in answer.raw.headers.getlist("Set-Cookie")]
    assert re.fullmatch(r"hikeshi=[A-Za-z0-9_-]{43}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict", session)
    assert re.fullmatch(r"hikeshi-device=[0-9a-f]{32}\.[0-9a-f]{64}; Path=/; Max-Age=15552000; HttpOnly; "
                        "SameSite=Strict", device)


@pytest.mark.parametrize("then", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)",
                                  "/a\nb", "", "account"])
def test_no_way_out_by_then(engine, then):
    users = [u["name"] for u in engine.document("user", "list")["items"]]
    browser = Browser(engine.url)
    set_password(browser, link_of(engine, "then-1", None if "then-1" in users else "viewer"))
    shown = browser.get("/login", params={"then": then})
    assert 'name="then"' not in shown.text and 'href="//' not in shown.text and 'href="https' not in shown.text
    assert browser.log_in("then-1", then=then).headers["Location"] == "/"


def test_whom_there_is_cannot_be_told(engine):
    known = "known-1"
    browser = Browser(engine.url)
    set_password(browser, link_of(engine, known, "viewer"))
    link_of(engine, "unset-1", "viewer")
    user = next(u["id"] for u in engine.document("user", "list")["items"] if u["name"] == known)
    answers = {}
    for name in (known, "nobody-1", "unset-1", user, "", "x" * 200, "'; --"):
        answer = Browser(engine.url).log_in(name, "wrong wrong wrong")
        assert answer.status_code == 403
        answers[name] = re.sub(r' value="[^"]*"', "", answer.text)
    assert len(set(answers.values())) == 1
    # An id is no name, not even with the right password.
    assert Browser(engine.url).log_in(user).status_code == 403


def test_pages_want_a_session(engine):
    browser = Browser(engine.url)
    answer = browser.get("/account?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?then=/account%3Fx%3D1"
    token = engine.token(user="bearer-1", role="viewer")
    answer = browser.get("/account", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 303
    assert browser.post("/account/password", {}).headers["Location"] == "/login?then=/"


def test_forged_requests(engine):
    mine = person(engine, "forge-1", "tenant-admin")
    other = person(engine, "forge-2", "tenant-admin")
    assert mine.csrf and other.csrf and mine.csrf != other.csrf
    for csrf in (None, "", "x", other.csrf, mine.csrf[:-1], mine.csrf + "x"):
        data = {"session": "others"} | ({"csrf": csrf} if csrf is not None else {})
        assert mine.post("/account/sessions", data, with_csrf=False).status_code == 403
        headers = {"X-Hikeshi-CSRF": csrf} if csrf is not None else {}
        wrote = mine.session.post(mine.url + "/v1/tokens", json={"service": "s", "role": "viewer"}, headers=headers)
        assert wrote.status_code == 403
    host = mine.url.removeprefix("http://")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"http://{host}.evil.example"},
                    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert mine.post("/account/sessions", {"session": "others"}, headers=headers).status_code == 403
        assert mine.write("/v1/tokens", {"service": "s", "role": "viewer"}, **headers).status_code == 403
        # Nor is anybody logged in to somebody else's account unawares.
        assert Browser(engine.url).post("/login", {"name": "forge-2", "password": PASSWORD}, headers=headers
                                        ).status_code == 403
    for headers in ({"Origin": mine.url}, {"Sec-Fetch-Site": "same-origin"}, {}):
        assert mine.post("/account/sessions", {"session": "others"}, headers=headers).status_code == 303
        assert mine.write("/v1/tokens", {"service": "s", "role": "viewer"}, **headers).status_code == 201
    # A program's token needs none, and a cookie beside it isn't looked at.
    token = engine.token(user="forge-3", role="viewer")
    who = mine.session.get(mine.url + "/v1/whoami", headers={"Authorization": f"Bearer {token}"})
    assert who.json()["name"] == "forge-3"


def test_a_session_cannot_be_planted(engine):
    """Session fixation: what a browser had before the login is worth nothing after it."""
    attacker = person(engine, "fix-1", "viewer")
    planted = attacker.cookie
    victim = Browser(engine.url)
    set_password(victim, link_of(engine, "fix-2", "viewer"))
    victim.session.cookies.set("hikeshi", planted, domain="127.0.0.1", path="/")
    victim.get("/account")  # as the attacker; the token of the form is of that session
    answer = victim.log_in("fix-2")
    assert answer.status_code == 303
    cookies = [c.value for c in victim.session.cookies if c.name == "hikeshi"]
    assert planted not in cookies or len(cookies) > 1
    assert attacker.read("/v1/whoami").status_code == 401  # it has ended with that
    made_up = Browser(engine.url)
    made_up.session.cookies.set("hikeshi", "A" * 43, domain="127.0.0.1", path="/")
    assert made_up.read("/v1/whoami").status_code == 401
    made_up.log_in("fix-2")
    assert "A" * 43 not in [c.value for c in made_up.session.cookies if c.name == "hikeshi" and c.domain == ""]


def test_odd_cookies(engine):
    it = person(engine, "odd-1", "viewer")
    good = it.cookie

    def status(cookie):
        return engine.get("/v1/whoami", headers={"Cookie": cookie}).status
    assert status(f"hikeshi={good}") == 200
    assert status(f"a=b; hikeshi={good}; c=d") == 200
    assert status(f"a=b;hikeshi={good}") == 200
    for bad in (f"hikeshi={good}; hikeshi={good}", f"hikeshi={good}; hikeshi=x", f"hikeshi={good}x", f"hikeshi= {good}",
                f"Hikeshi={good}", f'hikeshi="{good}"', f"xhikeshi={good}", f"__Host-hikeshi={good}", "hikeshi=",
                "hikeshi", "=", ";;;", f"hikeshi={good},", "hikeshi=" + "a" * 5000):
        assert status(bad) == 401, bad
    assert it.session.get(it.url + "/v1/whoami", headers={"Cookie": f"hikeshi={good}"}).status_code == 200


def test_logging_out(engine):
    it = person(engine, "out-1", "viewer")
    cookie = it.cookie
    answer = it.post("/logout")
    assert answer.headers["Location"] == "/login?done=logout"
    assert "hikeshi=;" in answer.headers["Set-Cookie"]
    assert engine.get("/v1/whoami", headers={"Cookie": f"hikeshi={cookie}"}).status == 401
    assert kinds_about(engine, "out-1")[-1] == "session.closed"


def test_the_list_of_sessions(engine):
    one = person(engine, "list-1", "viewer", **{"User-Agent": "First Browser"})
    two = Browser(engine.url, **{"User-Agent": "Second <Browser>"})
    three = Browser(engine.url)
    assert two.log_in("list-1").status_code == three.log_in("list-1").status_code == 303
    page = one.get("/account")
    assert "First Browser" in page.text and "Second &lt;Browser&gt;" in page.text
    ids = re.findall(r'name="session" value="(se-[a-z0-9]+)"', page.text)
    assert len(ids) == 2  # not the one it is shown in
    listed = engine.document("user", "sessions", "list-1")["items"]
    second = next(item["id"] for item in listed if "Second" in item["agent"])

    stranger = person(engine, "list-2", "viewer")
    assert stranger.post("/account/sessions", {"session": second}).status_code == 404
    assert one.post("/account/sessions", {"session": second}).status_code == 303
    assert two.read("/v1/whoami").status_code == 401
    assert three.read("/v1/whoami").status_code == 200
    assert one.post("/account/sessions", {"session": "others"}).status_code == 303
    assert three.read("/v1/whoami").status_code == 401
    assert one.read("/v1/whoami").status_code == 200
    engine.ok("user", "end-sessions", "list-1")
    assert one.read("/v1/whoami").status_code == 401
    assert stranger.read("/v1/whoami").status_code == 200


def test_a_person_has_so_many_sessions(engine):
    first = person(engine, "many-1", "viewer")
    first.get("/account")
    others = [Browser(engine.url) for _ in range(20)]
    for browser in others:
        assert browser.log_in("many-1").status_code == 303
    assert first.read("/v1/whoami").status_code == 401
    assert all(browser.read("/v1/whoami").status_code == 200 for browser in others)


def test_a_new_password_ends_the_others(engine):
    one = person(engine, "new-1", "viewer")
    two = Browser(engine.url)
    two.log_in("new-1")
    wrong = one.post("/account/password", {"now": OTHER, "password": OTHER, "again": OTHER})
    assert wrong.status_code == 403 and "is another one" in wrong.text
    assert one.post("/account/password", {"now": PASSWORD, "password": "short", "again": "short"}).status_code == 400
    assert two.read("/v1/whoami").status_code == 200
    assert one.post("/account/password", {"now": PASSWORD, "password": OTHER, "again": OTHER}).status_code == 303
    assert one.read("/v1/whoami").status_code == 200
    assert two.read("/v1/whoami").status_code == 401
    assert two.log_in("new-1", PASSWORD).status_code == 403
    assert two.log_in("new-1", OTHER).status_code == 303
    set_password(Browser(engine.url), link_of(engine, "new-1"))  # and so does a link
    assert one.read("/v1/whoami").status_code == two.read("/v1/whoami").status_code == 401


def test_a_disabled_person_is_out(engine):
    it = person(engine, "gone-1", "viewer")
    path = link_of(engine, "gone-1")
    engine.ok("user", "disable", "gone-1", "--reason", "left")
    assert it.read("/v1/whoami").status_code == 401
    assert it.get("/account").status_code == 303
    assert it.log_in("gone-1").status_code == 403
    assert it.get(path).status_code == 404
    assert engine.run("user", "link", "gone-1").returncode != 0


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

def open_gate(engine, number=66):
    sensor = engine.token(service=f"sensor-{number}", role="analyst")
    engine.post("/v1/alerts", sensor, alert(number))
    reader = engine.token(service=f"reader-{number}", role="viewer")

    def pending():
        items = engine.get("/v1/approvals?state=pending", reader).json["items"]
        return items and items[0]
    gate = until(pending, "a gate")
    return gate["id"], engine.get(f"/v1/approvals/{gate['id']}", reader).json["digest"]


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


# --- two tenants ---

def test_each_tenant_has_its_own_people():
    engine = engine_with("", ("one", "two"))
    try:
        engine.start()
        assert 'name="tenant"' in Browser(engine.url).get("/login").text
        one = person(engine, "same-name", "tenant-admin", "one")
        two = person(engine, "same-name", "tenant-admin", "two", password=OTHER)
        assert Browser(engine.url).log_in("same-name", PASSWORD, tenant="two").status_code == 403
        assert Browser(engine.url).log_in("same-name", PASSWORD, tenant="three").status_code == 403
        assert Browser(engine.url).log_in("same-name", PASSWORD).status_code == 403
        assert one.read("/v1/whoami").json()["tenant"] == "one"
        assert two.read("/v1/whoami").json()["tenant"] == "two"
        for path in ("/v1/alerts?tenant=two", "/v1/tenants/two/audit/entries"):
            assert one.read(path).status_code == 404
        theirs = two.read("/v1/users").json()["items"][0]["id"]
        for verb in ("link", "unlock", "remove-totp", "end-sessions", "disable"):
            assert one.write(f"/v1/users/{theirs}/{verb}").status_code == 404
        assert one.read(f"/v1/users/{theirs}/sessions").status_code == 404
        # The token of a form is of one session, whoever's.
        assert one.post("/account/sessions", {"session": "others", "csrf": two.csrf}).status_code == 403
    finally:
        engine.remove()


# --- waits ---

def test_guessing_makes_wait_but_not_the_owner(engine):
    owner = person(engine, "wait-1", "viewer")  # this browser is known from here on
    owner.post("/logout")
    for browser in (owner, Browser(engine.url)):
        browser.csrf = None
    stranger = Browser(engine.url)
    for _ in range(5):
        assert stranger.log_in("wait-1", OTHER).status_code == 403
    waiting = stranger.log_in("wait-1", OTHER)
    assert waiting.status_code == 429
    assert re.search(r"try again in \d+ seconds?", waiting.text)
    assert stranger.log_in("wait-1").status_code == 429  # not even the right one
    # The owner's browser has a lane of its own; a device cookie of somebody else is none.
    other = person(engine, "wait-2", "viewer")
    other.post("/logout")
    other.csrf = None
    assert other.log_in("wait-1").status_code == 429
    assert owner.log_in("wait-1").status_code == 303
    assert Browser(engine.url).log_in("wait-1").status_code == 429
    engine.ok("user", "unlock", "wait-1", "--reason", "asked for")
    assert Browser(engine.url).log_in("wait-1").status_code == 303
    assert kinds_about(engine, "wait-1")[-2:] == ["user.unlocked", "session.opened"]


def test_names_that_nobody_has_make_wait_too(engine):
    answers = [Browser(engine.url).log_in("phantom-1", OTHER).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]


def test_an_address_waits_whomever_it_guesses():
    engine = Engine("return hikeshi { tenants = { main = {} } }")
    try:
        engine.start()
        answers = [Browser(engine.url, address="127.99.0.1").log_in(f"any-{n}", OTHER).status_code for n in range(22)]
        assert answers == [403] * 20 + [429] * 2
        assert Browser(engine.url, address="127.99.0.2").log_in("any-1", OTHER).status_code == 403
    finally:
        engine.remove()


def test_many_at_once_are_no_way_around_the_wait(engine):
    link_of(engine, "burst-1", "viewer")
    answers = []

    def guess():
        answers.append(Browser(engine.url).log_in("burst-1", OTHER).status_code)
    threads = [threading.Thread(target=guess) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(403) <= 5
    assert set(answers) <= {403, 429, 503}


def test_codes_cannot_be_guessed_in_a_session(fresh):
    fresh.start()
    it = person(fresh, "codes-1", "viewer")
    device, _ = it.set_up_device()
    answers = [it.post("/step-up", {"code": f"{n:06d}"}).status_code for n in range(8)]
    assert answers[:5] == [403] * 5 and set(answers[5:]) == {429}
    assert it.post("/step-up", {"code": device.code()}).status_code == 429


def test_a_flood_of_logins_stops_nobody_else():
    engine = Engine("return hikeshi { tenants = { main = %s } }" % tenant_lua())
    try:
        engine.start()
        gate, digest = open_gate(engine)
        approver = engine.token(user="approver-1", role="approver")
        statuses, stop = [], threading.Event()

        def flood(number):
            browser, n = Browser(engine.url), 0
            while not stop.is_set():
                n += 1
                statuses.append(browser.log_in(f"flood-{number}-{n}", OTHER).status_code)
        threads = [threading.Thread(target=flood, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        until(lambda: len(statuses) > 100, "the flood")
        begun = time.monotonic()
        answer = engine.post(f"/v1/approvals/{gate}/decision", approver, {"decision": "approve", "digest": digest})
        took = time.monotonic() - begun
        stop.set()
        for thread in threads:
            thread.join()
        assert answer.status == 200
        assert took < 5, f"{took:.1f} s"
        assert set(statuses) <= {403, 429, 503}
        assert 429 in statuses or 503 in statuses
        held = until(lambda: engine.document("contain", "list", "--active")["items"], "the containment")
        assert held
        assert engine.stop() == 0
    finally:
        engine.remove()


# --- what is kept ---

def change_credential(engine, shelf, change):
    """Turn back time where it is written down; the engine is stopped."""
    db = sqlite3.connect(engine.data / "ledger.db")
    for tenant, ident, value in db.execute(
            "SELECT tenant, id, value FROM credential WHERE shelf = ?", (shelf,)).fetchall():
        db.execute("UPDATE credential SET value = ? WHERE tenant = ? AND shelf = ? AND id = ?",
                   (json.dumps(change(json.loads(value))), tenant, shelf, ident))
    db.commit()
    db.close()


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


def test_the_other_language(engine):
    page = Browser(engine.url, **{"Accept-Language": "ja-JP,en;q=0.5"}).get("/login")
    assert '<html lang="ja">' in page.text and "パスワード" in page.text
    refused = Browser(engine.url, **{"Accept-Language": "ja"}).log_in("jemand", OTHER)
    assert "正しくありません" in refused.text


def test_the_record_is_whole(engine):
    """The last one on this engine: what all the others did folds to the same rows again."""
    assert engine.stop() == 0
    engine.ok("audit", "rebuild", "--check")
    engine.ok("audit", "verify")
    said = "\n".join(engine.lines)
    assert "AddressSanitizer" not in said and "runtime error" not in said
