"""Recorded alerts of a real sensor through the whole path: the command line, the edge, the ledger, the lists."""

import collections
import json
import os
import pathlib
import time

import pytest

from edge import SOURCE, Engine, done
from engine import tenant_lua

DATA = pathlib.Path(os.environ.get("HK_SHARED", SOURCE.parent / "shared" / "data")) / "alerts-suricata"
FILES = sorted(DATA.glob("*.eve.jsonl"))
# With the playbooks of the quickstart: each alert goes the whole way, to a note, a gate or a close.
CONFIG = 'return hikeshi { tenants = { main = %s }, log_level = "warning" }\n' % tenant_lua()

if not FILES:
    pytest.skip(f"there are no recorded alerts in {DATA} (HK_SHARED names another folder)", allow_module_level=True)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    (folder / "hikeshi.lua").write_text(CONFIG)
    engine = Engine(folder / "data", folder / "hikeshi.lua").start()
    try:
        made = done("token", "create", "--service", "test", "--role", "tenant-admin", "--data", engine.data)
        yield engine, made.split()[-1]
    finally:
        engine.kill()


def lines_of(file):
    return [line for line in file.read_bytes().split(b"\n") if line.strip()]


@pytest.fixture(scope="module")
def sent(served):
    """What the engine took, by file: line number to alert id."""
    engine, _ = served
    outcome = {}
    for file in FILES:
        said = json.loads(done("send", file, "--source", "sensor", "--json", "--data", engine.data))
        count = len(lines_of(file))
        assert said["errors"] == []
        assert said["accepted"] == count
        assert [item["index"] for item in said["alerts"]] == list(range(count))
        outcome[file] = {item["index"]: item["id"] for item in said["alerts"]}
    return outcome


@pytest.fixture(scope="module")
def shown(served, sent):
    """Every alert that the API lists, as it shows it, by id."""
    engine, token = served
    return {item["id"]: engine.get(f"/v1/alerts/{item['id']}", token) for item in engine.items("alerts", token)}


def test_every_line_is_listed(sent, shown):
    """One alert a line, duplicates too, and nothing else."""
    ids = [id for by_line in sent.values() for id in by_line.values()]
    assert len(set(ids)) == len(ids)
    assert set(ids) == set(shown)


def test_raw_is_what_was_sent(sent, shown):
    for file, by_line in sent.items():
        for number, line in enumerate(lines_of(file)):
            assert shown[by_line[number]]["raw"].encode() == line.strip(), f"{file.name}, line {number + 1}"


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_signature_is_accounted_for(sent, shown, file):
    expected = (DATA / (file.name.removesuffix(".eve.jsonl") + ".signature-ids.txt")).read_text().split()
    found = [str(shown[id]["view"]["rule"]["sid"]) for id in sent[file].values()]
    assert set(found) == set(expected)
    if len(expected) == len(found):  # one line an alert
        assert collections.Counter(found) == collections.Counter(expected)


def test_views_are_filled(sent, shown):
    for alert in shown.values():
        raw, view = json.loads(alert["raw"]), alert["view"]
        assert view["title"] == raw["alert"]["signature"]
        assert view["product"] == "suricata"
        assert view["severity"] in ("informational", "low", "medium", "high", "critical", "fatal")
        assert view["src"]["ip"] and view["dst"]["ip"]
        assert alert["state"] in ("new", "merged", "routed", "closed")


def test_every_run_comes_to_its_end_or_to_a_person(served, sent, shown):
    """No playbook fails on real input; what would be blocked waits for somebody."""
    engine, token = served
    deadline = time.monotonic() + 60
    while True:
        runs = engine.items("runs", token)
        if all(run["state"] != "running" for run in runs) or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert collections.Counter(run["state"] for run in runs).keys() <= {"finished", "waiting"}
    routed = [alert for alert in shown.values() if alert["state"] != "merged" and alert["runs"]]
    assert len(routed) == len(runs) > len(shown) // 2
    waiting = {run["id"] for run in runs if run["state"] == "waiting"}
    assert waiting == {gate["run"] for gate in engine.items("approvals", token) if gate["state"] == "pending"}


def test_the_ledger_verifies(served, sent):
    """After a clean stop, and its projections are the fold of its entries."""
    engine, _ = served
    assert engine.stop() == 0
    verified = json.loads(done("audit", "verify", "--json", "--data", engine.data))
    assert verified["ok"]
    assert verified["tenants"][0]["size"] >= sum(len(by_line) for by_line in sent.values())
    done("audit", "rebuild", "--check", "--data", engine.data)
