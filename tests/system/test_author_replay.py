"""What was recorded, told again by a changed playbook: the decisions that differ, and nothing is done."""

import json

import pytest

from test_flow import ended, send, start


@pytest.fixture(scope="module")
def engine():
    it = start()
    try:
        yield it
    finally:
        it.remove()


@pytest.fixture(scope="module")
def recorded(engine, sensor):
    """Runs of `block`: done, recommended, denied; and one of another playbook."""
    runs = {}
    for name, fields in {"done": {"severity": "medium"}, "recommended": {"severity": "low"},
                         "denied": {"src": {"ip": "198.51.100.7"}}}.items():
        runs[name] = send(engine, sensor, "block", **fields)
        ended(engine, sensor, runs[name])
    ended(engine, sensor, send(engine, sensor, "together"))
    return runs


def replay(engine, *args):
    done = engine.run("playbook", "replay", *args, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    return document, {item["run"]: item for item in document["items"]}


def changed(engine, tmp_path, before, after, name="block"):
    text = (engine.folder / f"{name}.lua").read_text()
    assert before in text
    path = tmp_path / "changed.lua"
    path.write_text(text.replace(before, after))
    return path


@pytest.mark.parametrize("name", ["block", "together"])
def test_an_unchanged_playbook_does_the_same(engine, recorded, name):
    document, items = replay(engine, engine.folder / f"{name}.lua")
    assert document["runs"] == document["same"] == (3 if name == "block" else 1) and document["left_out"] == 0
    assert all(item["same"] and not item["added"] and not item["removed"] for item in items.values())
    text = engine.ok("playbook", "replay", engine.folder / f"{name}.lua")
    assert text.rstrip().endswith("0 differ")


def test_another_verdict_and_another_lease_are_found(engine, recorded, tmp_path):
    path = changed(engine, tmp_path, '"true_positive"', '"expected"')
    document, items = replay(engine, path)
    assert document["differ"] == 1
    item = items[recorded["done"]]
    assert item["verdict"] == {"was": "true_positive", "is": "expected"}
    assert [step["op"] for step in item["removed"]] == [step["op"] for step in item["added"]] == ["close"]
    path = changed(engine, tmp_path, 'expires = "1h"', 'expires = "2h"')
    document, items = replay(engine, path)
    assert document["differ"] == 3
    item = items[recorded["done"]]
    assert item["added"][0]["options"]["expires"] == "2h" and item["removed"][0]["options"]["expires"] == "1h"
    assert item["verdict"] == {"was": "true_positive", "is": "true_positive"} and "open" not in item


def test_what_was_never_done_has_no_result(engine, sensor, recorded, tmp_path):
    before = engine.get("/v1/containments", sensor).json["items"]
    path = changed(engine, tmp_path, "ip = alert.src.ip }", 'ip = "192.0.2.99" }')
    document, items = replay(engine, path)
    assert document["differ"] == 3
    item = items[recorded["done"]]
    assert item["open"]["args"] == {"ip": "192.0.2.99"} and item["end"] == {"was": "finished", "is": "held"}
    assert engine.get("/v1/containments", sensor).json["items"] == before
    text = engine.ok("playbook", "replay", path)
    assert '+ act.contain.block_ip {"ip":"192.0.2.99"}' in text and "has no result" in text


def test_alerts_that_no_longer_start_it(engine, recorded, tmp_path):
    path = changed(engine, tmp_path, 'on = { title = "block" }', 'on = { title = "block", severity = "low" }')
    document, items = replay(engine, path)
    assert document["differ"] == 2
    assert items[recorded["recommended"]]["same"] and not items[recorded["done"]]["starts"]


def test_a_playbook_that_fails_now(engine, recorded, tmp_path):
    path = changed(engine, tmp_path, "if not done then", "if nothing.at_all then")
    item = replay(engine, path)[1][recorded["done"]]
    assert item["end"] == {"was": "finished", "is": "failed"} and "undefined global 'nothing'" in item["error"]


def test_bounds(engine, recorded):
    path = engine.folder / "block.lua"
    assert replay(engine, path, "--limit", "2")[0]["runs"] == 2
    assert replay(engine, path, "--since", "1ms")[0]["runs"] == 0
    assert engine.run("playbook", "replay", path, "--since", "soon").returncode == 2
    assert engine.run("playbook", "replay", path, "--limit", "0").returncode == 2
    assert engine.run("playbook", "replay", "missing.lua").returncode == 3


def test_a_picture_says_how_often(engine, recorded):
    graph = json.loads(engine.ok("playbook", "graph", engine.folder / "block.lua", "--runs", "--format", "json"))
    [block] = [node for node in graph["functions"][0]["nodes"] if node["label"].startswith("act.contain.block_ip")]
    assert (block["asked"], block["failed"]) == (3, 2)


def test_alerts_that_would_start_it_now(engine, sensor, recorded, tmp_path):
    other = send(engine, sensor, "raises", severity="medium")   # an alert that starts another playbook
    ended(engine, sensor, other)
    [alert] = [run["alert"] for run in engine.get("/v1/runs", sensor).json["items"] if run["id"] == other]
    path = changed(engine, tmp_path, 'on = { title = "block" }',
                   'on = { { title = "block" }, { title = "raises", ["src.ip"] = { "192.0.2.7", "198.51.100.9" } } }')
    src = engine.get(f"/v1/alerts/{alert}", sensor).json["view"]["src"]["ip"]
    path.write_text(path.read_text().replace("198.51.100.9", src))
    alerts = replay(engine, path)[0]["alerts"]
    assert alerts["all"] and alerts["looked_at"] >= 5
    assert [(item["alert"], item["title"], item["runs"]) for item in alerts["would_start"]] == [(alert, "raises", ["raises"])]
    text = engine.ok("playbook", "replay", path)
    assert f"{alert}  " in text and "would start it now: medium, raises" in text and "1 of them did not start it" in text
    # a field that the list does not have decides as well
    path.write_text(path.read_text().replace(src, "198.51.100.10"))
    assert replay(engine, path)[0]["alerts"]["would_start"] == []
    # the unchanged one starts for what it started for, and a playbook without triggers for nothing
    assert replay(engine, engine.folder / "block.lua")[0]["alerts"]["would_start"] == []
    path.write_text('return playbook { name = "block", run = function() end }')
    assert replay(engine, path)[0]["alerts"] == {"looked_at": 0, "all": True, "would_start": []}
