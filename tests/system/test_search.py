"""Searching texts and fields: what was sent and written is found, by whom it may be; the index follows by itself, through
kills and damage; what was erased is in none of its files; no question holds a reader longer than its budget."""

import http.client
import urllib.parse

import pytest

from engine import Engine, alert
from test_erase import CRASH, approve, erase, prepared, settle, sound, story
from waiting import until


def ask(engine, token, q, **more):
    query = urllib.parse.urlencode({"q": q, **more})
    return engine.get(f"/v1/search?{query}", token)


def found(engine, token, q, **more):
    answer = ask(engine, token, q, **more)
    assert answer.status == 200, answer.body
    return answer.json["items"]


def ids(engine, token, q, **more):
    return [item["id"] for item in found(engine, token, q, **more)]


def current(engine, token):
    """Wait until all there is can be found."""
    def is_current():
        answer = ask(engine, token, "", limit=1).json
        return answer["behind"] == 0 and answer
    return until(is_current, "the index")


def send(engine, sensor, *alerts):
    answer = engine.post("/v1/alerts", sensor, list(alerts))
    assert answer.status in (200, 202), answer.body
    return [item["id"] for item in answer.json["alerts"]]


def files(engine, tenant="main", ending=""):
    folder = engine.data / "search" / tenant
    return sorted(p for p in folder.glob("*" + ending)) if folder.exists() else []


RICH = alert(66, title="Ransomware.Locky on finance server", severity="high", product="acme-edr",
             src={"ip": "203.0.113.66", "host": "fin-pc-12.acme.example"}, dst={"ip": "2001:DB8:0:0::5"},
             user={"name": "alice", "mail": "alice.clerk@acme.example"},
             file={"path": "C:\\Users\\alice\\évil.exe",
                   "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
             url="https://files.bad.example/drop?x=1", process={"name": "powershell.exe"}, technique=["T1059.001"],
             vendor={"deep": {"words": "needle-in-the-raw"}})
JAPANESE = alert(67, title="端末の隔離が必要です：ﾏﾙｳｪｱ検出", severity="medium", product="ＡＣＭＥ",
                 src={"ip": "203.0.113.67"}, user={"name": "経理部 担当"})
OTHER = alert(68, title="Password guessing", severity="low", src={"ip": "203.0.113.68"}, user={"name": "bob"})


@pytest.fixture(scope="module")
def sent(engine, sensor, tokens):
    it = {name: send(engine, sensor, one)[0] for name, one in (("rich", RICH), ("japanese", JAPANESE), ("other", OTHER))}
    current(engine, tokens["viewer"])
    return it


@pytest.mark.parametrize("q, names", [
    ("ransomware", "rich"), ("RANSOMWARE locky", "rich"), ("ransomware guessing", ""),
    ("203.0.113.66", "rich"), ("203.0.113.6", ""), ("203.0.113.*", "rich japanese other"), ("203.0.113.6*", "rich japanese other"),
    ("2001:db8::5", "rich"), ("2001:0db8:0::5", "rich"), ("2001:db8:*", "rich"),
    ("acme.example", "rich"), ("alice.clerk@acme.example", "rich"), ("alice.clerk@*", "rich"),
    ("9f86d081*", "rich"), ("9F86D081884C*", "rich"), ("evil.exe", "rich"), ("évil", "rich"),
    ("files.bad.example/drop", "rich"), ("https://files.bad.example/drop", "rich"), ("T1059.001", "rich"), ("t1059*", "rich"),
    ("needle-in-the-raw", "rich"), ("needle raw", "rich"), ('"needle raw"', ""), ('"needle in the"', "rich"),
    ("user:alice", "rich"), ("user:bob", "other"), ("host:alice", ""), ("user:203.0.113.66", ""),
    ("src.ip:203.0.113.66", "rich"), ("dst.ip:203.0.113.66", ""), ("ip:203.0.113.66", "rich"), ("dst:2001:db8::5", "rich"),
    ("hash:9f86*", "rich"), ("process:powershell", "rich"), ("url:bad.example", "rich"), ("technique:t1059.001", "rich"),
    ("product:acme-edr", "rich"), ("product:acme", "rich japanese"), ("source:sensor-1", "rich japanese other"),
    ("severity:high", "rich"), ("severity:>=medium", "rich japanese"), ("severity:<medium", "other"), ("-severity:low", "rich japanese"),
    ("ransomware or guessing", "rich other"), ("alice or bob severity:low", "other"), ("(user:alice ransomware) or user:bob", "rich other"),
    ("-ransomware", "japanese other"), ("203.0.113.* -user:bob", "rich japanese"), ("not ransomware AND not guessing", "japanese"),
    ("端末", "japanese"), ("隔離", "japanese"), ("端末の隔離", "japanese"), ("末隔", ""), ("離", "japanese"), ("マルウェア", "japanese"),
    ("ﾏﾙｳｪｱ", "japanese"), ("マルウエア", ""), ("検出", "japanese"), ("title:検出", "japanese"), ("user:経理部", "japanese"),
    ("経理部　担当", "japanese"), ('"部 担当"', "japanese"), ("ACME", "rich japanese"),
    ("kind:case", None), ("state:closed", ""), ("since:1h ransomware", "rich"), ("before:2020-01-01", ""),
    ("after:2020-01-01 user:bob", "other"), ("", "rich japanese other"),
])
def test_what_was_sent_is_found(engine, tokens, sent, q, names):
    kind = {} if names is None else {"kind": "alert"}
    items = [item for item in found(engine, tokens["viewer"], q, **kind) if item["entry"] in ("alert.received", "case.opened")]
    if names is None:
        assert items
        return
    assert [item["id"] for item in items] == [sent[name] for name in ("other", "japanese", "rich") if name in names.split()]


def test_an_item_says_what_it_is(engine, tokens, sent):
    item = found(engine, tokens["viewer"], "locky", kind="alert")[0]
    shown = engine.get(f"/v1/alerts/{sent['rich']}", tokens["viewer"]).json
    assert item["title"] == RICH["title"] and item["severity"] == "high" and item["state"] == shown["state"]
    assert item["kind"] == "alert" and item["entry"] == "alert.received" and item["text"] is None


def test_what_people_write_is_found(engine, tokens, sent):
    case = engine.get(f"/v1/alerts/{sent['rich']}", tokens["viewer"]).json["case"]
    engine.ok("case", "note", case, "Spoke to the クライアント, quarantine-plan 7", token=tokens["analyst"])
    current(engine, tokens["viewer"])
    item, = found(engine, tokens["viewer"], "note:quarantine-plan クライアント")
    assert (item["id"], item["kind"], item["entry"]) == (case, "case", "case.noted") and "quarantine" in item["text"]
    assert ids(engine, tokens["viewer"], "quarantine kind:alert") == []
    playbooks = found(engine, tokens["viewer"], "kind:playbook")
    assert playbooks and all(item["kind"] == "playbook" for item in playbooks)


def test_what_is_not_for_everybody_is_not_indexed(engine, tokens, sent):
    """Persons, tokens, sessions and the configuration are for administrators and auditors."""
    for name in ("approver-1", "tenant-admin-1", "password"):
        assert not [i for i in found(engine, tokens["viewer"], name) if i["kind"] not in ("alert", "case", "run", "approval")]
    assert ask(engine, None, "x").status == 401


@pytest.mark.parametrize("q, told", [
    ('"open', "character 1: the quotation mark is not closed"), ("a (b", "character 3: the bracket is not closed"),
    ("a ) b", "character 3: this bracket closes none"), ("usr:alice", 'character 1: there is no field "usr"'),
    ("隔離 usr:alice", 'character 4: there is no field "usr"'), ("or b", 'character 1: nothing stands before "or"'),
    ("a or", 'character 5: nothing stands behind "or"'), ("severity:bad", "character 1: severity: expected"),
    ("(state:open)", "character 2: state: holds for the whole"), ("a or state:open", "character 6: state: holds for the whole"),
    ("state:open or a", "character 1: state: holds for the whole"), ("after:yesterday", "character 1: expected a day"),
    ("---", "character 2: there is no word"), ("()", "character 1: there is nothing in the brackets"), ("kind:moon", "kind: expected alert"),
    ("*", "character 1: there is no word"), ("user:", "character 1: there is no word"), ("-before:2026-01-01", "a time can't be negated"),
])
def test_a_question_that_is_none_is_told_where(engine, tokens, q, told):
    answer = ask(engine, tokens["viewer"], q)
    assert answer.status == 400 and told in answer.json["detail"], answer.body


def test_parameters(engine, tokens, sent):
    viewer = tokens["viewer"]
    for query, told in (("kind=moon", "kind: expected"), ("from=never", "from: expected a day"), ("limit=0", "limit"),
                        ("after=x", "after"), ("q=" + "a" * 2000, "q: expected once"), ("q=a&q=b", "q: expected once")):
        answer = engine.get(f"/v1/search?{query}", viewer)
        assert answer.status == 400 and told in answer.json["detail"], (query, answer.body)
    assert ids(engine, viewer, "guessing", to="2026-01-01") == []
    assert sent["other"] in ids(engine, viewer, "guessing", **{"from": "1h"})


def test_cursors_are_stable(fresh):
    engine = fresh.start()
    viewer, sensor = engine.token(user="v", role="viewer"), engine.token(service="s", role="analyst")
    sent = []
    for batch in range(4):
        sent += send(engine, sensor, *(alert(1, uid=f"u{batch}-{n}", title=f"cursor {batch} {n}", severity="low") for n in range(25)))
    current(engine, viewer)
    seen, after = [], {}
    while True:
        answer = ask(engine, viewer, "cursor", limit=7, kind="alert", **after).json
        seen += [item["id"] for item in answer["items"]]
        send(engine, sensor, alert(2, title="cursor: another that came meanwhile", uid=f"m{len(seen)}", severity="low"))
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert seen == sent[::-1]


def test_the_command(engine, tokens, sent):
    out = engine.ok("search", "user:alice", "ransomware", token=tokens["viewer"])
    assert sent["rich"] in out and "alert" in out
    lines = engine.ok("search", "--jsonl", "--kind", "alert", "severity:>=low", "--limit", "2", token=tokens["viewer"]).splitlines()
    assert len(lines) == 2
    assert engine.document("search", "locky", token=tokens["viewer"])["items"][-1]["id"] == sent["rich"]
    done = engine.run("search", "usr:x", token=tokens["viewer"])
    assert done.returncode == 1 and 'there is no field "usr"' in done.stderr, done
    assert "none" in engine.ok("search", "--", "nowhere-to-be-found", token=tokens["viewer"])


# --- other tenants ---

def test_a_tenant_finds_its_own_alone(two_tenants):
    engine = two_tenants
    for name, number in (("one", 1), ("two", 2)):
        sensor = engine.token(service=f"s-{name}", role="analyst", tenant=name)
        send(engine, sensor, alert(number, title=f"both have this, {name}-mark alone"))
    for name, other in (("one", "two"), ("two", "one")):
        viewer = engine.token(user=f"v-{name}", role="viewer", tenant=name)
        current(engine, viewer)
        items = found(engine, viewer, "both have this", kind="alert")
        assert items and all(f"{name}-mark" in item["title"] for item in items)
        assert found(engine, viewer, f'"{other} mark alone"') == []
        assert engine.call("GET", "/v1/search?q=both", viewer, headers={"X-Hikeshi-Tenant": other}).status in (403, 404)
        assert f"{other}-mark" not in str(found(engine, viewer, "", limit=500))
    assert files(engine, "one") and files(engine, "two")


# --- the index follows by itself ---

def figure(engine, name):
    text = engine.get("/metrics").body.decode()
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name + " ")))


def test_it_is_kept_over_a_stop_and_made_anew_after_a_kill(fresh):
    engine = fresh.start()
    viewer, sensor = engine.token(user="v", role="viewer"), engine.token(service="s", role="analyst")
    it, = send(engine, sensor, RICH)
    current(engine, viewer)
    assert engine.stop() == 0
    kept, = files(engine, ending=".kept")
    assert [p.name for p in files(engine)] == [kept.name]  # no WAL beside it
    engine.start()
    current(engine, viewer)
    assert it in ids(engine, viewer, "locky")
    assert [p.name.split(".")[0] for p in files(engine, ending=".open")] == [kept.name.split(".")[0]]
    engine.process.kill()
    engine.process.wait()
    before = files(engine, ending=".open")
    engine.start()
    current(engine, viewer)
    assert it in ids(engine, viewer, "locky") and not set(before) & set(files(engine))
    assert figure(engine, "hikeshi_search_behind_entries") == 0


def test_killed_while_indexing(fresh):
    engine = fresh.start()
    viewer, sensor = engine.token(user="v", role="viewer"), engine.token(service="s", role="analyst")
    current(engine, viewer)
    assert engine.stop() == 0
    engine.program, engine.extra = CRASH, {"HIKESHI_CRASH": "search.slice:5"}
    sent = []
    try:
        engine.start()
        while True:  # each comes some time after the one before, so that slices follow each other
            sent += send(engine, sensor, alert(1, uid=f"k{len(sent)}", title=f"killed {len(sent)}", severity="low"))
            until(lambda: ask(engine, viewer, "killed", kind="alert").json["items"][:1], "the first of them")
    except (OSError, AssertionError, http.client.HTTPException):
        pass
    engine.process.wait(timeout=60)
    engine.program, engine.extra = None, {}
    engine.start()
    current(engine, viewer)
    assert ids(engine, viewer, "killed", kind="alert", limit=500)[::-1][:len(sent)] == sent
    sound(engine)


@pytest.mark.parametrize("harm", ["cut", "bytes", "empty", "other"])
def test_a_damaged_file_is_made_anew(fresh, harm):
    engine = fresh.start()
    viewer, sensor = engine.token(user="v", role="viewer"), engine.token(service="s", role="analyst")
    sent = send(engine, sensor, *(alert(1, uid=f"d{n}", title=f"damaged {n}", severity="low") for n in range(400)))
    current(engine, viewer)
    assert engine.stop() == 0
    kept, = files(engine, ending=".kept")
    content = bytearray(kept.read_bytes())
    if harm == "cut":
        content = content[:len(content) // 2]
    elif harm == "empty":
        content = b""
    elif harm == "bytes":
        for at in range(4096, len(content)):
            content[at] ^= 0x55
    else:  # of another ledger
        kept.unlink()
        other = Engine()
        other.start()
        current(other, other.token(user="v", role="viewer"))
        other.stop()
        content = files(other, ending=".kept")[0].read_bytes()
        other.remove()
    kept.write_bytes(content)
    engine.start()

    def all_found():
        answer = ask(engine, viewer, "damaged", kind="alert", limit=500)
        assert answer.status == 200, answer.body
        return [item["id"] for item in answer.json["items"]] == sent[::-1] and answer.json["behind"] == 0
    until(all_found, "the index to be made anew")


def test_it_can_be_switched_off():
    text = 'return hikeshi { search = false, tenants = { main = { } } }'
    it = Engine()
    try:
        it.start()
        viewer = it.token(user="v", role="viewer")
        current(it, viewer)
        it.stop()
        assert files(it)
        config = it.folder / "off.lua"
        config.write_text(text)
        it.config = config
        it.start()
        assert not (it.data / "search").exists()
        answer = ask(it, viewer, "x")
        assert answer.status == 501 and "search = false" in answer.json["detail"]
        assert "hikeshi_search" not in it.get("/metrics").body.decode()
    finally:
        it.remove()


# --- erasing ---

# Words that share no beginning with others, since the index writes a beginning that two words share once.
WORDS = {"title": "qzxjwvkpfh", "raw": "xvkqjzwmbp", "name": "jkzvqxwgtd", "note": "zwqkvjxnrc"}


def content(path):
    """A file's bytes; of one that is being made anew, and gone by now, none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def in_index(engine, word):
    """Files in which a word stands, also the second half of it, which lies alone behind a beginning that is shared."""
    return [p.name for p in engine.data.rglob("*") if p.is_file()
            and (word.encode() in (text := content(p)) or word[2:].encode() in text)]


def rich_story(engine):
    admin, approver, sensor = prepared(engine)
    answer = engine.post("/v1/alerts", sensor, alert(
        7, title=f"the {WORDS['title']}", user={"name": WORDS["name"]}, vendor={"field": WORDS["raw"]}))
    assert answer.status == 202, answer.body
    it = answer.json["alerts"][0]["id"]
    run = engine.get(f"/v1/alerts/{it}", admin).json["runs"][0]["id"]
    gate = until(lambda: next((i for i in engine.get("/v1/approvals?state=pending", approver).json["items"]
                               if i["run"] == run), None), "a gate")["id"]
    what = {"alerts": it, "runs": run, "approvals": gate}
    settle(engine, admin, approver, what)
    assert engine.post(f"/v1/cases/{what['cases']}/note", admin, {"text": f"noted {WORDS['note']}"}).status == 200
    return admin, what


def test_what_was_erased_is_in_no_file_of_the_index(fresh):
    engine = fresh.start()
    admin, what = rich_story(engine)
    current(engine, admin)
    for word in WORDS.values():
        assert found(engine, admin, word)
        assert any(".open" in name for name in in_index(engine, word)), word
    answer = erase(engine, admin, what["alerts"])
    assert answer.status == 200, answer.body
    for word in WORDS.values():
        assert in_index(engine, word) == []
        assert found(engine, admin, word) == []
    current(engine, admin)
    assert found(engine, admin, "kind:playbook")
    for word in WORDS.values():
        assert in_index(engine, word) == [] and found(engine, admin, word) == []
    sound(engine)


@pytest.mark.parametrize("point", ["erase.cleared", "erase.committed", "erase.scrubbed"])
def test_killed_while_erasing(fresh, point):
    engine = fresh.start()
    admin, what = rich_story(engine)
    current(engine, admin)
    engine.stop()
    engine.program, engine.extra = CRASH, {"HIKESHI_CRASH": point}
    engine.start()
    with pytest.raises(OSError):
        erase(engine, admin, what["alerts"])
        engine.get("/livez")
    engine.process.wait(timeout=60)
    engine.program, engine.extra = None, {}
    engine.start()
    if point == "erase.cleared":
        assert erase(engine, admin, what["alerts"]).status == 200
    until(lambda: not any(in_index(engine, word) for word in WORDS.values()), "the words to be gone")
    current(engine, admin)
    assert not any(in_index(engine, word) for word in WORDS.values())


def test_erased_with_the_index_away_or_kept(fresh):
    """The file that the last engine kept holds what an engine without an index erased."""
    engine = fresh.start()
    admin, what = rich_story(engine)
    current(engine, admin)
    assert engine.stop() == 0
    kept, = files(engine, ending=".kept")
    old = kept.read_bytes()
    engine.start()
    assert erase(engine, admin, what["alerts"]).status == 200
    assert engine.stop() == 0
    for path in files(engine):
        path.unlink()
    kept.write_bytes(old)  # as a restored copy of the folder, or a rename that was lost, would have it
    engine.start()
    until(lambda: not any(in_index(engine, word) for word in WORDS.values()), "the words to be gone")
    current(engine, admin)
    assert found(engine, admin, WORDS["title"]) == []


# --- more than one file ---

def test_full_files():
    """A full file is made compact and never written again; a changed bit in it is seen; erasing takes that file alone."""
    engine = Engine("return hikeshi { tenants = { main = { } } }")
    try:
        engine.start()
        admin, sensor = engine.token(user="a", role="tenant-admin"), engine.token(service="s", role="analyst")
        first, = send(engine, sensor, alert(1, uid="first", title=f"the first {WORDS['title']}", severity="low"))
        for batch in range(33):
            send(engine, sensor, *(alert(n % 250, uid=f"f{batch}-{n}", title=f"many {batch}", severity="low") for n in range(1000)))
        last, = send(engine, sensor, alert(1, uid="last", title="the last", severity="low"))
        current(engine, admin)
        full, = until(lambda: files(engine, ending=".db"), "the full file")
        assert ids(engine, admin, WORDS["title"]) == [first] and ids(engine, admin, '"the last"') == [last]
        assert len(ids(engine, admin, '"many 7"', limit=500)) == 500
        page = ask(engine, admin, '"many 0"', limit=500).json
        assert len(page["items"]) == 500 and page["next"]
        rest = ask(engine, admin, '"many 0"', limit=500, after=page["next"]).json
        assert len({i["id"] for i in page["items"] + rest["items"]}) == 1000

        assert engine.stop() == 0
        content = bytearray(full.read_bytes())
        at = content.index(WORDS["title"][2:].encode()) + 3
        content[at] ^= 1  # no reader of the file's form would see it
        full.write_bytes(content)
        engine.start()
        until(lambda: current(engine, admin) and ids(engine, admin, WORDS["title"]) == [first], "the damage to be mended")
        mended, = until(lambda: files(engine, ending=".db"), "the full file")
        assert mended.read_bytes() != bytes(content)

        answer = erase(engine, admin, first)
        assert answer.status == 200, answer.body
        assert in_index(engine, WORDS["title"]) == [] and not mended.exists()
        assert ids(engine, admin, '"the last"') == [last]  # the other file stayed
        current(engine, admin)
        assert found(engine, admin, WORDS["title"]) == [] and in_index(engine, WORDS["title"]) == []
        until(lambda: len(files(engine, ending=".db")) == 1, "the full file")
    finally:
        engine.remove()
