"""People log in: links, passwords, sessions. And what somebody tries who isn't them."""

import re
import time

import pytest

from engine import Engine, alert, tenant_lua
from people import (OTHER, PASSWORD, Browser, change_credential, engine_with, kinds_about, link_of, person,
                    set_password)


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
    victim = Browser(engine.url)
    set_password(victim, link_of(engine, "fix-2", "viewer"))
    victim.session.cookies.set("hikeshi", attacker.cookie, domain="127.0.0.1", path="/")
    victim.get("/account")  # as the attacker; the token of the form is of that session
    assert victim.log_in("fix-2").status_code == 303
    assert victim.cookie != attacker.cookie
    assert victim.read("/v1/whoami").json()["name"] == "fix-2"
    assert attacker.read("/v1/whoami").status_code == 401  # it has ended with that

    made_up = Browser(engine.url)
    made_up.session.cookies.set("hikeshi", "A" * 43, domain="127.0.0.1", path="/")
    assert made_up.read("/v1/whoami").status_code == 401
    assert made_up.log_in("fix-2").status_code == 303
    assert made_up.cookie != "A" * 43
    assert engine.get("/v1/whoami", headers={"Cookie": "hikeshi=" + "A" * 43}).status == 401


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


def test_the_other_language(engine):
    page = Browser(engine.url, **{"Accept-Language": "ja-JP,en;q=0.5"}).get("/login")
    assert '<html lang="ja">' in page.text and "パスワード" in page.text
    refused = Browser(engine.url, **{"Accept-Language": "ja"}).log_in("jemand", OTHER)
    assert "正しくありません" in refused.text
