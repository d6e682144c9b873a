"""Erasing: what a person had erased is in no byte of the data folder any more, wherever the engine is killed; what is
still needed is refused; everything else stays as it was and can be proven."""

import base64
import os
import pathlib
import subprocess

import pytest

from engine import Engine, alert, tenant_lua
from people import PASSWORD, Browser, engine_with, person
from waiting import until

CRASH = str(pathlib.Path(os.environ["HIKESHI_BUILD"]) / "hikeshi-crash")
TITLE, RAW, NAME, NOTE, IP = "MARK-title-51d0", "MARK-raw-9c1f", "mark-name-27be", "MARK-note-e4a8", "203.0.113.177"
MARKERS = [TITLE, RAW, NAME, NOTE, IP]


def marked():
    return alert(7, title=f"{TITLE} é", src={"ip": IP}, user={"name": NAME}, vendor={"field": RAW})


def forms(marker):
    """A text as it may lie in a file."""
    plain = marker.encode()
    yield plain
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for shift in range(3):  # the middle of it, at each place in base64's groups of three
        yield base64.b64encode(b"x" * shift + plain)[4:-4]
    yield "".join(f"\\u{ord(c):04x}" for c in marker).encode()


def found(data, markers=MARKERS):
    """Which of the markers are in which files."""
    hits = []
    for path in sorted(p for p in data.rglob("*") if p.is_file()):
        content = path.read_bytes()
        hits += [(path.name, marker) for marker in markers if any(form in content for form in forms(marker))]
    return hits


def id_of(answer):
    return answer.json["alerts"][0]["id"]


def sent(engine, sensor):
    answer = engine.post("/v1/alerts", sensor, marked(), headers={"Idempotency-Key": "marked-1"})
    assert answer.status in (200, 201, 202), answer.body
    return id_of(answer)


def gate_of(engine, token, run):
    return next((item for item in engine.get("/v1/approvals?state=pending", token).json["items"]
                 if item["run"] == run), None)


def story(engine, admin, approver, sensor):
    """An alert that was looked at, asked about, blocked and released; its id and what hangs on it."""
    it = sent(engine, sensor)
    run = engine.get(f"/v1/alerts/{it}", admin).json["runs"][0]["id"]
    gate = until(lambda: gate_of(engine, approver, run), "a gate")["id"]
    return {"alerts": it, "runs": run, "approvals": gate}


def approve(engine, approver, gate):
    digest = engine.get(f"/v1/approvals/{gate}", approver).json["digest"]
    answer = engine.post(f"/v1/approvals/{gate}/decision", approver,
                         {"decision": "approve", "digest": digest, "reason": f"{NOTE} yes"})
    assert answer.status == 200, answer.body


def erase(engine, token, subject, tenant="main"):
    return engine.post(f"/v1/tenants/{tenant}/audit/erase", token,
                       {"subject": subject, "reason": "asked for by the person concerned"})


def sound(engine):
    engine.ok("audit", "verify")
    engine.ok("audit", "rebuild", "--check")


def settle(engine, admin, approver, what):
    """Approve, and take the containment back; the rest of what hangs on it."""
    approve(engine, approver, what["approvals"])
    lease = until(lambda: next((c for c in engine.get("/v1/containments?state=active", admin).json["items"]
                                if c["run"] == what["runs"]), None), "a containment")
    until(lambda: engine.get(f"/v1/runs/{what['runs']}", admin).json["state"] == "finished", "the run's end")
    what["containments"] = lease["id"]
    what["cases"] = engine.get(f"/v1/alerts/{what['alerts']}", admin).json["case"]
    refused = erase(engine, admin, what["alerts"])
    assert refused.status == 409 and "needed to undo it" in refused.json["detail"], refused.body
    engine.post(f"/v1/cases/{what['cases']}/notes", admin, {"text": f"{NOTE} seen by us"})
    assert engine.post(f"/v1/containments/{lease['id']}/release", approver, {"reason": NOTE}).status == 200
    until(lambda: engine.get(f"/v1/containments/{lease['id']}", admin).json["state"] == "released", "the release")


def prepared(engine):
    admin = engine.token(user="admin-1", role="tenant-admin")
    approver = engine.token(user="approver-1", role="approver")
    sensor = engine.token(service="sensor-1", role="analyst")
    return admin, approver, sensor


def test_an_alert_is_erased(fresh, tmp_path):
    engine = fresh.start()
    admin, approver, sensor = prepared(engine)
    browser = person(engine, "viewer-1", "viewer")
    what = story(engine, admin, approver, sensor)
    refused = erase(engine, admin, what["alerts"])
    assert refused.status == 409 and "can't be erased yet" in refused.json["detail"], refused.body
    settle(engine, admin, approver, what)
    assert {name for _, name in found(engine.data)} == set(MARKERS)  # the search finds them all

    # Who may: a person who is an administrator of this tenant, and nobody else.
    service = engine.token(service="tool-1", role="tenant-admin")
    assert erase(engine, service, what["alerts"]).status == 403
    assert erase(engine, approver, what["alerts"]).status == 403
    assert erase(engine, admin, what["alerts"], tenant="other").status in (403, 404)
    assert engine.run("audit", "erase", "--subject", what["alerts"], "--reason", "x").returncode == 4
    assert erase(engine, admin, "al-0000000000000000000").status == 404
    assert erase(engine, admin, "ledger").status == 400

    look = engine.document("audit", "erase", "--subject", what["alerts"], "--dry-run", token=admin)
    assert set(what.values()) <= set(look["subjects"]) and look["erased"] is False
    assert set(name for _, name in found(engine.data)) == set(MARKERS)
    done = engine.document("audit", "erase", "--subject", what["alerts"], "--reason", "asked for", token=admin)
    assert done["entries"] == look["entries"] and done["subject_count"] == look["subject_count"]
    assert found(engine.data) == []
    sound(engine)

    # Ids and states stay; who, when and why stand in the content's place.
    for collection, it in what.items():
        answer = engine.get(f"/v1/{collection}/{it}", admin)
        assert answer.status == 200, (collection, answer.body)
        assert answer.json["erased"]["reason"] == "asked for" and answer.json["erased"]["by_name"] == "admin-1"
        assert answer.json["erased"]["seq"] == done["seq"]
        assert not any(marker in answer.body.decode() for marker in MARKERS)
        assert engine.get(f"/v1/{collection}", admin).status == 200
        page = browser.get(f"/{collection}/{it}")
        assert page.status_code == 200 and "was erased" in page.text and "asked for" in page.text, (collection, page.text)
    assert engine.get(f"/v1/alerts/{what['alerts']}", admin).json["state"] == "closed"
    assert engine.get(f"/v1/containments/{what['containments']}", admin).json["state"] == "released"
    assert engine.get(f"/v1/cases/{what['cases']}/timeline", admin).status == 200
    lines = engine.document("audit", "show", "--subject", what["alerts"], token=admin)["items"]
    assert all(item["payload"] is None and item["erased"]["seq"] == done["seq"] for item in lines)
    analyst = person(engine, "analyst-1", "analyst")
    assert "asked for" in analyst.get(f"/ledger?subject={what['alerts']}").text
    said = engine.document("audit", "show", "--subject", "erasure", token=admin)["items"][0]["payload"]
    assert {entry["seq"] for entry in said["entries"]} >= {item["seq"] for item in lines}

    # The auditor's bundle shows the absence, and its own instructions still check it.
    engine.ok("audit", "export", "--out", tmp_path / "bundle")
    assert (tmp_path / "bundle" / "payloads.bin").read_bytes().count(b" - -\n") == done["entries"]
    assert found(tmp_path / "bundle") == []
    howto = (tmp_path / "bundle" / "HOWTO.txt").read_text()
    script = "\n".join(line[3:] for line in howto[howto.index("   import base64"):howto.index("   An entry of kind")].splitlines())
    checked = subprocess.run(["/usr/bin/python3", "-c", script], cwd=tmp_path / "bundle", capture_output=True, text=True)
    assert checked.returncode == 0 and checked.stdout.startswith("ok"), checked.stderr

    # The same goes for what comes after, and for a stopped engine and the next one.
    again = sent(engine, sensor)
    assert again != what["alerts"] or not found(engine.data)
    assert engine.stop() == 0
    engine.start()
    sound(engine)
    assert engine.get(f"/v1/alerts/{what['alerts']}", admin).json["title"] is None


def test_people_are_erased(fresh):
    engine = fresh.start()
    admin, _, _ = prepared(engine)
    engine.token(user=NAME, role="analyst")
    user = next(item for item in engine.document("user", "list")["items"] if item["name"] == NAME)["id"]
    refused = erase(engine, admin, user)
    assert refused.status == 409 and "disable them first" in refused.json["detail"]
    engine.ok("user", "disable", NAME)
    for token in engine.document("token", "list")["items"]:
        if token.get("user") in (user, NAME):
            engine.ok("token", "revoke", token["id"])
    answer = erase(engine, admin, user)
    assert answer.status == 200, answer.body
    assert found(engine.data, [NAME]) == []
    sound(engine)
    assert NAME not in engine.ok("user", "list")
    assert engine.run("user", "link", NAME).returncode != 0
    engine.stop()
    assert found(engine.data, [NAME]) == []
    engine.start()
    assert NAME not in engine.ok("user", "list")


def test_a_fresh_code_may_be_wanted():
    engine = engine_with('login = { decide_by = "session", step_up = { "erase" } },')
    try:
        engine.start()
        token = engine.token(user="admin-1", role="tenant-admin")
        it = person(engine, "admin-2", "tenant-admin")
        device, _ = it.set_up_device()
        sensor = engine.token(service="sensor-1", role="analyst")
        subject = engine.post("/v1/alerts", sensor, alert(9, category="web", severity="low"))
        body = {"subject": id_of(subject), "reason": "asked for"}
        assert engine.post("/v1/tenants/main/audit/erase", token, body).status == 403
        late = Browser(engine.url)
        assert late.log_in("admin-2", PASSWORD, device.code()).status_code == 303
        assert late.write("/v1/tenants/main/audit/erase", body).status_code == 200
    finally:
        engine.remove()


def test_a_tenant_is_a_wall(two_tenants):
    engine = two_tenants
    admin = engine.token(user="admin-1", role="tenant-admin", tenant="one")
    sensors = {name: engine.token(service="sensor-1", role="analyst", tenant=name) for name in ("one", "two")}
    ids = {}
    for name in ("one", "two"):
        answer = engine.post("/v1/alerts", sensors[name], alert(8, category="web", severity="low", title=f"{TITLE}-{name}"))
        ids[name] = id_of(answer)
    assert erase(engine, admin, ids["two"], tenant="one").status == 404
    assert erase(engine, admin, ids["two"], tenant="two").status in (403, 404)
    assert erase(engine, admin, ids["one"], tenant="one").status == 200
    assert found(engine.data, [f"{TITLE}-one"]) == []
    assert {marker for _, marker in found(engine.data, [f"{TITLE}-two"])} == {f"{TITLE}-two"}
    sound(engine)


@pytest.mark.parametrize("point", ["erase.cleared", "erase.committed", "erase.scrubbed"])
def test_killed_in_the_middle(point):
    engine = Engine()
    try:
        engine.start()
        admin, approver, sensor = prepared(engine)
        what = story(engine, admin, approver, sensor)
        settle(engine, admin, approver, what)
        # From here on with the engine that ends itself at the point; the first look is on record before.
        engine.get(f"/v1/alerts/{what['alerts']}", admin)
        assert engine.stop() == 0
        engine.program = CRASH
        engine.extra = {"HIKESHI_CRASH": point}
        engine.start()
        with pytest.raises(Exception):
            erase(engine, admin, what["alerts"])
        assert engine.process.wait(timeout=30) != 0
        engine.process = None
        engine.program, engine.extra = None, {}
        engine.start()
        sound(engine)
        said = engine.run("audit", "show", "--subject", "erasure", "--json")
        if point == "erase.cleared":
            assert said.returncode != 0  # nothing was erased, and nothing says so
            assert engine.get(f"/v1/alerts/{what['alerts']}", admin).json["title"].startswith(TITLE)
            assert erase(engine, admin, what["alerts"]).status == 200
        else:
            assert engine.get(f"/v1/alerts/{what['alerts']}", admin).json["title"] is None
        until(lambda: found(engine.data) == [], "the engine to overwrite what is left")
        engine.stop()
        assert found(engine.data) == []
    finally:
        engine.remove()
