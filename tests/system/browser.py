"""A browser without script: cookies, forms, redirects, and a look at each page that comes: is it well formed, has each
field its label, and does it load nothing from elsewhere?"""

import html.parser
import re
import urllib.parse

import requests

PASSWORD = "a long walk by the river 7"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CSP = ("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
       "base-uri 'none'")


class Page(html.parser.HTMLParser):
    """A page, taken apart strictly."""

    def __init__(self, response):
        super().__init__(convert_charrefs=True)
        self.response = response
        self.status = response.status_code
        self.url = response.url
        self.source = response.content.decode("utf-8")
        self.open = []
        self.lang = None
        self.ids = []
        self.labels = set()
        self.fields = []
        self.links = []
        self.headings = []
        self.forms = []
        self.landmarks = []
        self.texts = []
        self.title = ""
        self.feed(self.source)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        attributes = dict(attrs)
        assert tag not in ("script", "style", "iframe", "object", "embed", "base", "svg"), tag
        assert not any(name.startswith("on") or name == "style" for name in names), attrs
        if tag == "html":
            self.lang = attributes.get("lang")
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "label" and "for" in attributes:
            self.labels.add(attributes["for"])
        if tag in ("input", "textarea", "select") and attributes.get("type") != "hidden":
            self.fields.append((attributes, "label" in self.open))
        if tag in ("a", "link"):
            self.links.append(attributes.get("href"))
        if tag in ("main", "nav", "header", "footer"):
            self.landmarks.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self._take_form(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def _take_form(self, tag, attributes):
        if tag == "form":
            self.forms.append({"action": attributes["action"], "method": attributes["method"], "fields": {},
                               "buttons": []})
        if not self.forms or "form" not in self.open:
            return
        form = self.forms[-1]
        name = attributes.get("name")
        if tag == "input" and name and attributes.get("type") not in ("radio", "checkbox"):
            form["fields"][name] = attributes.get("value") or ""
        elif tag == "textarea":
            form["fields"][name] = ""
            self.area = name
        elif tag == "select":
            form["fields"][name] = None
            self.select = name
        elif tag == "option" and (form["fields"][self.select] is None or "selected" in attributes):
            form["fields"][self.select] = attributes["value"]
        elif tag == "button" and name:
            form["buttons"].append((name, attributes["value"]))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> in {self.open}"
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "textarea":
            fields = self.forms[-1]["fields"]
            fields[self.area] += data[1:] if not fields[self.area] and data.startswith("\n") else data
        elif self.open and self.open[-1] == "title":
            self.title += data
        elif self.open:
            self.texts.append(data)

    def error(self, message):
        raise AssertionError(message)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def form(self, action):
        """The form that posts to a path that ends so."""
        found = [form for form in self.forms if form["action"].endswith(action)]
        assert len(found) == 1, (action, [form["action"] for form in self.forms])
        return found[0]

    def check(self, language=None):
        """What must hold for every page."""
        assert self.source.startswith("<!DOCTYPE html>")
        assert self.response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert self.response.headers["Content-Security-Policy"] == CSP
        assert self.response.headers["X-Content-Type-Options"] == "nosniff"
        assert self.response.headers["Referrer-Policy"] == "same-origin"
        assert self.response.headers["Cache-Control"] == "no-store"
        assert self.response.headers["X-Frame-Options"] == "DENY"
        assert self.lang in ("en", "ja")
        assert language is None or self.lang == language
        assert self.title.strip().endswith("Hikeshi")
        assert len(self.ids) == len(set(self.ids)), f"an id twice: {self.ids}"
        for attributes, is_in_label in self.fields:
            assert is_in_label or attributes["id"] in self.labels or "aria-label" in attributes, attributes
            for other in attributes.get("aria-describedby", "").split():
                assert other in self.ids, attributes
        assert self.landmarks.count("main") == 1
        assert self.headings and self.headings[0] == 1 and self.headings.count(1) == 1, self.headings
        assert all(b - a <= 1 for a, b in zip(self.headings, self.headings[1:])), self.headings
        for form in self.forms:
            assert form["action"].startswith("/") and not form["action"].startswith("//")
            assert form["method"] == "get" or "csrf" in form["fields"] or "/login" in self.url or "/link/" in self.url
        for link in self.links:
            assert link is None or link.startswith(("/", "#", "https://")) and not link.startswith("//"), link
        bare = re.sub(r"<[^<>]*>", "", self.source.split("\n", 1)[1])
        assert "<" not in bare and ">" not in bare, "markup in a text"
        return self


class Browser:
    """Somebody with a browser."""

    def __init__(self, url, language="en", tls=None):
        self.base = url
        self.session = requests.Session()
        self.session.headers["Accept"] = "text/html"
        self.session.headers["Accept-Language"] = language
        self.session.verify = tls if tls is not None else True

    def get(self, path, status=200, **kwargs):
        page = Page(self.session.get(urllib.parse.urljoin(self.base, path), timeout=30, **kwargs))
        assert page.status == status, (path, page.status, page.text[:500])
        return page

    def post(self, path, fields, status=200, **kwargs):
        page = Page(self.session.post(urllib.parse.urljoin(self.base, path), data=fields, timeout=30, **kwargs))
        assert page.status == status, (path, page.status, page.text[:500])
        return page

    def submit(self, page, action, status=200, button=None, **fields):
        """Send a form of a page, with what is filled in and one of its buttons."""
        form = page.form(action)
        sent = {name: value for name, value in form["fields"].items() if value is not None} | fields
        if button is not None:
            assert button in form["buttons"], (button, form["buttons"])
            sent[button[0]] = button[1]
        return self.post(form["action"], sent, status)

    def set_password(self, link):
        page = self.get(link)
        return self.post(link, {"password": PASSWORD, "again": PASSWORD} | {
            name: value for name, value in page.forms[0]["fields"].items() if name not in ("password", "again")})

    def log_in(self, name, tenant=None, **more):
        fields = {"name": name, "password": PASSWORD} | more
        if tenant:
            fields["tenant"] = tenant
        return self.post("/login", fields)


def person(engine, name, role, tenant=None, language="en"):
    """A new person, logged in."""
    where = ["--tenant", tenant] if tenant else []
    said = engine.ok("user", "add", name, "--role", role, *where)
    browser = Browser(engine.url, language)
    browser.set_password("/link/" + re.search(r"/link/([0-9a-f]+)", said).group(1))
    browser.log_in(name, tenant)
    return browser
