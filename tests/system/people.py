"""People with browsers, for tests: cookies, forms with their hidden token, and a device that gives codes."""

import base64
import hashlib
import hmac
import html
import json
import re
import sqlite3
import struct
import time

import requests

from engine import Engine, alert, tenant_lua
from waiting import until

STEP_S = 30
PASSWORD = "seven wet cedars"
OTHER = "eleven dry birches"


def totp(secret, step):
    """RFC 6238 with what every app uses: SHA-1, 30 seconds, six digits."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"


class Device:
    """Gives codes that count now, each step once: the engine takes one step early and late."""

    def __init__(self, secret):
        self.secret = secret
        self.last = -1

    def code(self):
        while True:
            now = int(time.time()) // STEP_S
            step = max(self.last + 1, now - 1)
            if step <= now + 1:
                self.last = step
                return totp(self.secret, step)
            time.sleep(0.2)  # until the clock has come to a step that isn't used


class From(requests.adapters.HTTPAdapter):
    """Connections from an address of one's own, of the many that loopback has."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


addresses = (f"127.{a}.{b}.{c}" for a in range(1, 255) for b in range(256) for c in range(1, 255))


class Browser:
    """One browser: it keeps cookies and posts the forms that it is shown. Unless it is told otherwise it sits at an
    address that no other has, since failed logins are counted by address too."""

    def __init__(self, url, verify=True, address=None, **headers):
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, From(address or next(addresses)))
        self.session.verify = verify
        self.session.headers.update(headers)
        self.csrf = None

    def get(self, path, **kwargs):
        kwargs.setdefault("allow_redirects", False)
        return self._seen(self.session.get(self.url + path, timeout=60, **kwargs))

    def post(self, path, data=None, with_csrf=True, **kwargs):
        kwargs.setdefault("allow_redirects", False)
        data = dict(data or {})
        if with_csrf and self.csrf is not None:
            data.setdefault("csrf", self.csrf)
        return self._seen(self.session.post(self.url + path, data=data, timeout=60, **kwargs))

    def _seen(self, answer):
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        if found:
            self.csrf = html.unescape(found.group(1))
        return answer

    def log_in(self, name, password=PASSWORD, code="", tenant=None, then=None):
        data = {"name": name, "password": password, "code": code}
        if tenant:
            data["tenant"] = tenant
        if then:
            data["then"] = then
        answer = self.post("/login", data)
        if answer.status_code == 303:
            self.csrf = None
            self.get("/account")
        return answer

    @property
    def cookie(self):
        return next((c.value for c in self.session.cookies if c.name.removeprefix("__Host-") == "hikeshi"), None)

    def write(self, path, body=None, **headers):
        """A write to /v1 as a page's program would send it."""
        return self.session.post(self.url + path, json=body or {}, timeout=60, headers={
            "X-Hikeshi-CSRF": self.csrf or ""} | headers)

    def read(self, path):
        return self.session.get(self.url + path, timeout=60)

    def set_up_device(self, password=PASSWORD):
        """Enrol; the device and the codes on paper."""
        self.get("/account/totp")
        page = self.post("/account/totp", {"password": password})
        assert page.status_code == 200, page.text
        secret = secret_of(page)
        device = Device(secret)
        page = self.post("/account/totp/confirm", {"code": device.code()})
        assert page.status_code == 200, page.text
        paper = paper_of(page)
        assert len(paper) == 10
        self.csrf = None
        self.get("/account")
        return device, paper


def secret_of(page):
    return re.search(r"<code[^>]*>([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})<", page.text).group(1).replace(" ", "")


def paper_of(page):
    return re.findall(r"<code[^>]*>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})<", page.text)


def link_of(engine, name, role=None, tenant=None):
    """The path of a link for a new person (or, without a role, one who is there)."""
    where = ["--tenant", tenant] if tenant else []
    if role:
        said = engine.ok("user", "add", name, "--role", role, *where)
    else:
        said = engine.ok("user", "link", name, *where)
    return "/link/" + said.split()[-1].rsplit("/link/", 1)[1]


def person(engine, name, role, tenant=None, password=PASSWORD, **browser):
    """Somebody with a password, logged in."""
    path = link_of(engine, name, role, tenant)
    it = Browser(engine.url, **browser)
    set_password(it, path, password)
    assert it.log_in(name, password, tenant=tenant).status_code == 303
    return it


def set_password(browser, path, password=PASSWORD):
    browser.get(path)
    answer = browser.post(path, {"password": password, "again": password})
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/login?done=password"


def engine_with(login, tenants=("main",)):
    """An engine whose tenants have a policy for logins."""
    tenant = tenant_lua()
    with_login = tenant[:tenant.rindex("}")].rstrip().rstrip(",") + ",\n" + login + "\n}"
    return Engine("return hikeshi { tenants = { %s } }" % ", ".join(f"{name} = {with_login}" for name in tenants))


def entries(engine, subject=None, tenant=None):
    args = ["--subject", subject] if subject else []
    args += ["--tenant", tenant] if tenant else []
    return engine.document("audit", "show", "--limit", "500", *args)["items"]


def kinds_about(engine, name, tenant=None):
    where = ["--tenant", tenant] if tenant else []
    user = next(u for u in engine.document("user", "list", *where)["items"] if u["name"] == name)
    return [item["line"].split()[3] for item in entries(engine, user["id"], tenant)]


def open_gate(engine, number=66):
    sensor = engine.token(service=f"sensor-{number}", role="analyst")
    engine.post("/v1/alerts", sensor, alert(number))
    reader = engine.token(service=f"reader-{number}", role="viewer")

    def pending():
        items = engine.get("/v1/approvals?state=pending", reader).json["items"]
        return items and items[0]
    gate = until(pending, "a gate")
    return gate["id"], engine.get(f"/v1/approvals/{gate['id']}", reader).json["digest"]


def change_credential(engine, shelf, change):
    """Turn back time where it is written down; the engine is stopped."""
    db = sqlite3.connect(engine.data / "ledger.db")
    for tenant, ident, value in db.execute(
            "SELECT tenant, id, value FROM credential WHERE shelf = ?", (shelf,)).fetchall():
        db.execute("UPDATE credential SET value = ? WHERE tenant = ? AND shelf = ? AND id = ?",
                   (json.dumps(change(json.loads(value))), tenant, shelf, ident))
    db.commit()
    db.close()
