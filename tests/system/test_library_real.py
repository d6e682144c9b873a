"""The whole library on what real products reported: whatever people answer, no run fails. Every alert comes as it is, and
once more as if it were critical and about something else, so that each playbook sees fields of each product. How the runs
ended is printed; nothing is tuned to these alerts."""

import collections
import itertools
import json
import os
import pathlib
import re
import subprocess

import pytest

from engine import HIKESHI, SOURCE
from library import ENDED, PLAYBOOKS, Directory, Library, without_people
from waiting import until

DATA = pathlib.Path(os.environ.get("HK_SHARED", SOURCE.parent / "shared" / "data"))
EVERY = 6  # one line in so many, of what is no alert
KINDS = (
    {"category": "authentication"}, {"category": "malware"}, {"category": "phishing"}, {"category": "data"},
    {"category": "identity", "technique": ["T1078"]}, {"category": "network", "technique": ["T1071.001"]},
    {"category": "web", "technique": ["T1190"]}, {"category": "network", "product": "suricata"},
)

if not (DATA / "alerts-suricata").is_dir():
    pytest.skip(f"there are no recorded alerts in {DATA} (HK_SHARED names another folder)", allow_module_level=True)


def seen_once(text):
    """No alert is another's duplicate."""
    return without_people(text).replace("budgets = {", 'dedupe = { fields = { "uid" }, window = "1s" },\n      budgets = {')


def lines():
    for file in sorted((DATA / "alerts-suricata").glob("*.eve.jsonl")):
        yield from file.read_text().splitlines()
    panther = [json.dumps(item["event"]) for file in sorted((DATA / "alerts-panther").glob("*.jsonl"))
               for item in map(json.loads, file.read_text().splitlines())]
    sc4s = [re.sub("[\r\n]+", " ", raw) for file in sorted((DATA / "syslog-sc4s").glob("*.jsonl"))
            for item in map(json.loads, file.read_text().splitlines()) for raw in item["raw"]]
    yield from panther[::EVERY]
    yield from sc4s[::EVERY]


def views():
    """What the mappings make of each line."""
    text = "".join(line + "\n" for line in lines() if line.strip())
    done = subprocess.run([HIKESHI, "mapping", "try", "-", "--jsonl"], input=text.encode(), capture_output=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line)["view"] for line in done.stdout.split(b"\n") if line]


@pytest.fixture(scope="module")
def engine():
    directory = Directory({})
    it = Library(directory.port, 25, seen_once)
    try:
        it.begin()
        yield it
        assert it.stop() == 0
        assert json.loads(it.ok("audit", "verify", "--json"))["ok"] is True
        assert json.loads(it.ok("audit", "rebuild", "--check", "--json"))["ok"] is True
    finally:
        it.remove()
        directory.close()


def test_no_run_fails(engine):
    alerts = []
    for number, view in enumerate(views()):
        alerts.append(view | {"uid": f"as-it-is-{number}"})
        alerts.append(view | {"uid": f"raised-{number}", "severity": "critical"} | KINDS[number % len(KINDS)])
    for start in range(0, len(alerts), 200):
        answer = engine.post("/v1/alerts", engine.sensor, alerts[start:start + 200])
        assert answer.status == 202 and answer.json["errors"] == [], answer.body
    assert len(alerts) > 500
    answers = itertools.cycle(range(7))
    decided = collections.Counter()

    def over():
        pending = engine.items("approvals", "&state=pending")
        for gate in pending:
            choices = gate.get("choices") or engine.of(f"/v1/approvals/{gate['id']}").get("choices") or [True]
            number = next(answers)
            answer = False if number == 0 else choices[number % len(choices)]
            engine.decide(gate, answer)
            decided[gate["action"]] += 1
        return not pending and not [run for run in engine.items("runs") if run["state"] not in ENDED]
    until(over, "the end of all runs", patience_s=400, poll_s=0.1)
    runs = engine.items("runs")
    ended = collections.Counter((run["playbook"], run["state"]) for run in runs)
    print(f"\n{len(alerts)} alerts, {len(runs)} runs, decided: {dict(decided)}")
    for (playbook, state), count in sorted(ended.items()):
        print(f"  {playbook:24}{state:12}{count:6}")
    bad = [engine.of(f"/v1/runs/{run['id']}") for run in runs if run["state"] != "finished"]
    assert bad == [], [(run["playbook"], run["state"], run.get("error")) for run in bad][:10]
    assert {run["playbook"] for run in runs} == set(PLAYBOOKS)


def test_each_run_is_told_again_the_same(engine):
    """From the record, by the same text: so a changed one can be held against last month."""
    for name in PLAYBOOKS:
        told = json.loads(engine.ok("playbook", "replay", SOURCE / "playbooks" / f"{name}.lua", "--since", "1d", "--json",
                                    "--limit", 100))
        assert told["runs"] > 0 and told["differ"] == 0, (name, [item for item in told["items"] if not item["same"]][:2])
