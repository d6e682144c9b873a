"""The library of playbooks as examples/library puts it into force: real plugins, a directory over HTTP, a mail server, people
who answer. One alert for each playbook; what came out is looked for where it must be, and all of it can be taken back."""

import json
import os
import pathlib
import re
import subprocess

import pytest

import mailserver
from engine import HIKESHI, SOURCE, Engine
from library import EXAMPLE, PLAYBOOKS, Directory, Library, copy_example
from mailserver import MailServer, text_of
from waiting import until

REACT = pathlib.Path(os.environ.get("HK_SHARED", SOURCE.parent / "shared" / "data")) / "react" / "response_actions.jsonl"
needs_mail = pytest.mark.skipif(mailserver.why_not() is not None, reason=str(mailserver.why_not()))
APPROVE = ("edl.block", True)


# --- what is written about it ---

def test_each_is_in_the_index_in_the_example_and_has_a_page_and_tests():
    index = (SOURCE / "playbooks" / "README.md").read_text()
    in_force = re.search(r"playbooks = playbooks \{(.*?)\n      \}", (EXAMPLE / "hikeshi.lua").read_text(), re.DOTALL)[1]
    assert sorted(re.findall(r'"([a-z0-9-]+)"', in_force)) == PLAYBOOKS
    assert sorted(re.findall(r"^\| \[([a-z0-9-]+)\]\(\1\.md\)", index, re.MULTILINE)) == PLAYBOOKS
    for name in PLAYBOOKS:
        for ending in (".md", ".test.lua"):
            assert (SOURCE / "playbooks" / (name + ending)).exists(), name + ending


def test_what_a_page_says_is_called_is_in_force_there():
    """Every playbook that one calls is named on its page as needed."""
    for name in PLAYBOOKS:
        called = set(re.findall(r'call "([a-z0-9-]+)"', re.sub(r"^ *--.*$", "", (SOURCE / "playbooks" / f"{name}.lua").read_text(),
                                                             flags=re.MULTILINE)))
        page = (SOURCE / "playbooks" / f"{name}.md").read_text()
        assert called <= set(PLAYBOOKS), name
        assert all(f"]({other}.md)" in page for other in called), (name, called)


def test_response_actions_are_named_as_react_names_them():
    if not REACT.exists():
        pytest.skip(f"there is no list of response actions in {REACT} (HK_SHARED names another folder)")
    known = {}
    for line in REACT.read_text().splitlines():
        item = json.loads(line)
        known[item["id"]] = item["title"].split("_", 2)[2].replace("_", " ").lower()
    found = 0
    for path in [*(SOURCE / "playbooks").glob("*.md"), *(SOURCE / "playbooks").glob("*.lua")]:
        text = path.read_text()
        assert set(re.findall(r"\bRA\d{4}\b", text)) <= set(known), path.name
        for number, name in re.findall(r"\b(RA\d{4}) \*([^*]+)\*", text):
            found += 1
            assert " ".join(name.split()).lower() == known[number], (path.name, number)
    assert found > 20


def test_an_operators_copy_starts_as_it_is(tmp_path):
    file = copy_example(tmp_path)
    done = subprocess.run([HIKESHI, "config", "check", file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    engine = Engine(file.read_text().replace('"../../', f'"{tmp_path}/').replace('"./', f'"{file.parent}/').replace(
        "read:./", f"read:{file.parent}/"))
    try:
        engine.start()
        assert sorted(item["name"] for item in engine.document("playbook", "list")["items"]) == PLAYBOOKS
        assert engine.stop() == 0
    finally:
        engine.remove()


# --- what it does ---

@pytest.fixture(scope="module")
def world():
    mail = MailServer(domain="soc.example : corp.example")
    directory = Directory({"clerk-1": "manager-1"})
    engine = Library(directory.port, mail.port)
    try:
        mail.start()
        engine.begin()
        yield engine, mail, directory
        assert engine.stop() == 0
        assert json.loads(engine.ok("audit", "verify", "--json"))["ok"] is True
        assert json.loads(engine.ok("audit", "rebuild", "--check", "--json"))["ok"] is True
    finally:
        engine.remove()
        directory.close()
        mail.remove()


def mailed(mail, to, *parts):
    """A mail to that address which has all of this in it."""
    def there():
        for message in mail.mails():
            text = f"{message['Subject']}\n{text_of(message)}"
            if message["To"].addresses[0].addr_spec == to and all(part in text for part in parts):
                return True
        return False
    until(there, f"a mail to {to} with {parts}")


@needs_mail
def test_guessed_passwords(world):
    engine, mail, _ = world
    alert = engine.send(title="guessed passwords", category="authentication", severity="critical", src={"ip": "203.0.113.10"})
    engine.see_through(alert, [APPROVE])
    assert "203.0.113.10" in engine.listed("blocklist")
    assert engine.of(f"/v1/alerts/{alert}")["verdict"] == "true_positive"
    mailed(mail, "analyst-1@soc.example", "203.0.113.10")


@needs_mail
def test_a_scan(world):
    engine, _, _ = world
    alert = engine.send(title="a scan", product="suricata", category="network", severity="high", src={"ip": "203.0.113.11"},
                        dst={"ip": "10.0.0.80"})
    engine.see_through(alert, [APPROVE])
    assert "203.0.113.11" in engine.listed("blocklist")


@needs_mail
def test_a_lesser_network_alert(world):
    engine, _, _ = world
    alert = engine.send(title="a ping", product="suricata", category="network", severity="low", src={"ip": "198.51.100.200"},
                        dst={"ip": "203.0.113.66"})
    run = engine.see_through(alert, [])["enrich-network"]
    notes = json.dumps(engine.of(f"/v1/runs/{run['id']}"))
    assert "known good (our own)" in notes and "known bad (what others saw)" in notes


@needs_mail
def test_an_exploit_that_succeeded(world):
    engine, mail, _ = world
    alert = engine.send(title="Code execution by upload", category="web", product="modsecurity", severity="high",
                        src={"ip": "203.0.113.12"}, dst={"ip": "10.0.0.80", "host": "www-1"})
    engine.see_through(alert, [APPROVE, ("Did it succeed on www-1", "it succeeded")])
    assert "203.0.113.12" in engine.listed("blocklist")
    case = engine.case_of(alert)
    assert "looked at: it succeeded on www-1" in case["happening"] and case["phase"] == "learn"
    assert engine.of(f"/v1/alerts/{alert}")["verdict"] == "true_positive"
    mailed(mail, "analyst-1@soc.example", "It was let through")
    mailed(mail, "duty@soc.example", "Somebody came in")


@needs_mail
def test_a_beacon(world):
    engine, mail, _ = world
    alert = engine.send(title="Beacon", category="network", severity="high", technique=["T1071.001"], src={"ip": "10.0.0.5"},
                        dst={"ip": "203.0.113.66", "host": "gate.evil.example"}, device={"host": "fin-pc-12"})
    runs = engine.see_through(alert, [("edl.block_ip", True), ("edl.block_domain", True), ("Who takes on fin-pc-12", "I take it")])
    assert set(runs) == {"c2-beacon", "enrich-indicators", "open-case", "block-indicators", "notify-and-escalate", "close-case"}
    assert "203.0.113.66" in engine.listed("blocklist")
    assert engine.listed("domains") == ["gate.evil.example"]
    case = engine.case_of(alert)
    assert "known to do harm" in case["happening"] and "RA5001" in case["do_now"]
    assert "://" not in case["happening"] and "gate[.]evil[.]example" in case["happening"]
    mailed(mail, "analyst-1@soc.example", "fin-pc-12 calls a master outside")


@needs_mail
def test_malware_that_was_downloaded(world):
    engine, _, _ = world
    alert = engine.send(title="Trojan downloaded", category="malware", severity="high", url="http://shop.example/kit.zip",
                        src={"ip": "203.0.113.14"}, dst={"ip": "10.0.0.6"}, device={"host": "fin-pc-13"},
                        file={"sha256": "0123456789abcdef" * 4})
    engine.see_through(alert, [("edl.block_url", True), ("Who takes on fin-pc-13", "I take it")])
    assert engine.listed("urls") == ["shop.example/kit.zip"]
    assert "203.0.113.14" not in engine.listed("blocklist")
    assert engine.of(f"/v1/alerts/{alert}")["verdict"] == "undetermined"


@needs_mail
def test_a_mail_that_was_reported(world):
    engine, mail, _ = world
    alert = engine.send(title="Reported by a user", category="phishing", severity="low", user={"mail": "clerk-2@corp.example"},
                        mail={"subject": "Your parcel", "from": "news@parcel.example", "to": "clerk-2@corp.example"},
                        body="Pay at hxxps://pay.parcel[.]example/login, see https://www.corp.example/")
    engine.see_through(alert, [("Is this mail phishing? Your parcel", "phishing"), ("edl.block_url", True)])
    assert "pay.parcel.example/login" in engine.listed("urls")
    assert not any("corp.example" in line for line in engine.listed("urls") + engine.listed("domains"))
    assert engine.of(f"/v1/alerts/{alert}")["verdict"] == "true_positive"
    mailed(mail, "analyst-1@soc.example", "Phishing: Your parcel", "hxxps[:]//pay[.]parcel[.]example")


@needs_mail
def test_a_report_is_told_again_with_what_came(world):
    """What a run read of `raw` is there when the run is told again, walked through, or made a test."""
    engine, _, _ = world
    alert = engine.send(title="Reported from a form", category="phishing", severity="low", reporter_says="see http://odd.example/x")
    runs = engine.see_through(alert, [("Is this mail phishing?", "harmless")])
    run = runs["phishing-report"]["id"]
    assert "http://odd.example/x" in json.dumps(engine.of(f"/v1/runs/{runs['enrich-indicators']['id']}"))
    file = SOURCE / "playbooks" / "phishing-report.lua"
    told = json.loads(engine.ok("playbook", "replay", file, "--since", "1d", "--json"))
    assert told["runs"] > 0 and told["differ"] == 0
    assert "http://odd.example/x" in engine.ok("run", "show", run, "--as-test")
    assert "http://odd.example/x" in engine.ok("playbook", "replay", "--step", run, file, "--json")


@needs_mail
def test_a_login_from_afar_is_asked_of_the_manager(world):
    engine, mail, directory = world
    alert = engine.send(title="Impossible travel", category="identity", severity="high", time="2026-01-01T08:00:00Z",
                        src={"ip": "203.0.113.17"}, user={"name": "CORP\\clerk-1"})
    until(lambda: engine.items("approvals", "&state=pending"), "the question")
    mailed(mail, "manager-1@corp.example", "203.0.113.17")
    engine.see_through(alert, [("log in from 203.0.113.17", "it was not them", "manager-1"), APPROVE])
    assert "/api/users/clerk-1" in directory.asked
    assert "203.0.113.17" in engine.listed("blocklist")
    assert "Lock the account" in engine.case_of(alert)["do_now"]
    assert engine.of(f"/v1/alerts/{alert}")["verdict"] == "true_positive"
    mailed(mail, "duty@soc.example", "Lock the account")


@needs_mail
def test_data_that_goes_out_as_planned_is_let_go_again(world):
    engine, _, _ = world
    alert = engine.send(title="Large upload", category="data", severity="critical", src={"ip": "10.0.0.9"},
                        dst={"ip": "203.0.113.18"}, device={"host": "lab-pc-1"}, user={"name": "clerk-9"})
    until(lambda: len(engine.items("approvals", "&state=pending")) == 2, "the block and the question")
    for gate in engine.items("approvals", "&state=pending"):
        if "block_ip" in gate["action"]:
            engine.decide(gate, True)
    until(lambda: "203.0.113.18" in engine.listed("blocklist"), "the block")
    engine.see_through(alert, [("Is it planned that clerk-9 on lab-pc-1", "it is planned", "manager-1"),
                               ("Release everything", "release all of it")])
    assert "203.0.113.18" not in engine.listed("blocklist")
    assert engine.of(f"/v1/alerts/{alert}")["verdict"] == "expected"


@needs_mail
def test_what_people_refuse_is_not_done(world):
    engine, _, _ = world
    before = {name: engine.listed(name) for name in ("blocklist", "domains", "urls")}
    alert = engine.send(title="Trojan downloaded", category="malware", severity="high", url="http://other.example/a",
                        device={"host": "fin-pc-20"})
    engine.see_through(alert, [("edl.block_url", False), ("Who takes on fin-pc-20", False)])
    assert {name: engine.listed(name) for name in before} == before
    note = engine.of(f"/v1/alerts/{alert}")["note"]
    assert "not blocked, rejected" in note and "other[.]example" in note


@needs_mail
def test_what_is_protected_is_not_even_asked_about(world):
    engine, _, _ = world
    alert = engine.send(title="Trojan downloaded", category="malware", severity="high", url="http://192.0.2.1:8080/x",
                        device={"host": "fin-pc-21"})
    engine.see_through(alert, [("Who takes on fin-pc-21", "I take it")])
    assert not any("192.0.2.1" in line for line in engine.listed("urls"))
    assert "the gateway" in json.dumps(engine.of(f"/v1/alerts/{alert}"))


@needs_mail
def test_all_of_it_can_be_taken_back(world):
    """The last: each case is released, and the lists are empty."""
    engine, _, _ = world
    assert engine.listed("blocklist") and engine.listed("domains") and engine.listed("urls")
    for case in {item["id"] for item in engine.items("cases")}:
        engine.ok("case", "release", case, "--reason", "the exercise is over")
    until(lambda: not [name for name in ("blocklist", "domains", "urls") if engine.listed(name)], "the lists to be empty")
    assert {item["state"] for item in engine.items("containments")} == {"released"}
