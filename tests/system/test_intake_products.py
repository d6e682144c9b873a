"""What is found in recorded lines of real products: where a line has an address, a user, a host, a time, a severity, does
the alert's view have it, and is the product known? Prints the figures by data set and product, and holds them against
floors. What a line has is told by looking at the line itself, not by asking the mappings."""

import collections
import datetime
import ipaddress
import json
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ.get("HIKESHI_SOURCE", pathlib.Path(__file__).parents[2]))
HIKESHI = os.environ["HIKESHI"]
DATA = pathlib.Path(os.environ.get("HK_SHARED", SOURCE.parent / "shared" / "data"))
WHATS = ["product", "address", "user", "host", "time", "severity"]
# Share of the lines that have it in which it must be found; a little below what was reached.
FLOORS = {
    "alerts-panther": {"product": 0.96, "address": 0.95, "user": 0.97, "host": 0.6, "time": 0.98, "severity": 0.85},
    "syslog-sc4s": {"product": 0.88, "address": 0.75, "user": 0.9, "host": 0.92, "time": 0.9},
    "rawlog-udm-secops": {"product": 0.95, "address": 0.9, "time": 0.95},
    "cloudtrail-stratus": {"product": 1.0, "address": 1.0, "user": 1.0, "time": 1.0},
    "windows-otrf": {"product": 1.0, "address": 0.95, "user": 0.98, "host": 0.98, "time": 0.98},
    "zeek-otrf": {"product": 1.0, "address": 1.0, "time": 1.0},
}

if not any((DATA / name).is_dir() for name in FLOORS):
    pytest.skip(f"there are no recorded lines in {DATA} (HK_SHARED names another folder)", allow_module_level=True)


# --- lines: (product as the data set calls it, line, what is expected beyond what can be seen) ---

def documents(text):
    """The JSON documents of a file: one, a list, or one a line."""
    try:
        whole = json.loads(text)
        return whole if isinstance(whole, list) else [whole]
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def as_line(event):
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def panther(folder):
    for file in sorted(folder.glob("*.jsonl")):
        for item in documents(file.read_text()):
            # What begins with p_ was added by the platform.
            event = {key: value for key, value in item["event"].items() if not key.startswith("p_")}
            yield file.stem.split(".")[0], as_line(event), {}


def sc4s(folder):
    for file in sorted(folder.glob("*.jsonl")):
        for item in documents(file.read_text()):
            for raw in item["raw"]:
                yield file.stem, re.sub("[\r\n]+", " ", raw), {
                    key: item["expected"][key] for key in ("host", "epoch") if key in item["expected"]
                    and not re.search("[*?]|OR", item["expected"][key])}


def secops(folder):
    for file in sorted(folder.rglob("*raw_logs*.json")):
        for entry in json.loads(file.read_text(), strict=False)["raw_logs"]["entries"]:
            yield file.relative_to(folder).parts[0], re.sub("[\r\n]+", " ", entry["data"]), {}


def plain(folder):
    for file in sorted(folder.iterdir()):
        if file.suffix in (".json", ".log") and ".meta." not in file.name:
            for event in documents(file.read_text()):
                yield file.stem if "NASHUA" in file.name else "all", as_line(event), {}


READERS = {"alerts-panther": panther, "syslog-sc4s": sc4s, "rawlog-udm-secops": secops}

# Suricata writes all that it sees into one file; what is no alert is passed over.
OTHER_EVE = re.compile(r'"event_type": ?"(?!alert").*"flow_id"|"flow_id".*"event_type": ?"(?!alert")|"event_type": ?"stats"')

# --- what a line has ---

ADDRESS = re.compile(r"(?<![\w.:-])(\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\d)")
USER_KEYS = re.compile(r"^(user|username|usrname|suser|duser|src_user|dst_user|login|loginname|(target|subject)username"
                       r"|user_?name|user_?id|userprincipalname|user_?email|actor_?email|email|emailaddress|upn)$", re.I)
HOST_KEYS = re.compile(r"^(hostname|host_?name|computer|computer_?name|device_?name|devname|dvchost|shost|dhost)$", re.I)
TIME_KEYS = re.compile(r"^(time|timestamp|@timestamp|ts|date|datetime|rt|event_?time|created_?at|created|published|start_?time|"
                       r"event_?timestamp|creation_?time|creationtime|utctime|receive_?time|activitydatetime)$", re.I)
SEVERITY_KEYS = re.compile(r"^(severity|severity_?name|risk_?level|threat_?level|priority|level|sev)$", re.I)
BAD = {"medium", "moderate", "high", "critical", "severe", "fatal", "emergency"}
NOTHING = {"", "-", "n/a", "none", "null", "unknown", "(null)", "system", "0", "false", "true"}


def leaves(value, key=""):
    """(key, text) of all texts and numbers in a document."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves(child, name)
    elif isinstance(value, list):
        for child in value:
            yield from leaves(child, key)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield key, str(value)


def pairs_of(line):
    try:
        return list(leaves(json.loads(line[line.index("{"):]) if line.startswith("{") else json.loads("x")))
    except ValueError:
        return re.findall(r'(?:^|[\s,|;\[])"?(\w+)"?=(?:"([^"]*)"|([^\s,|;\]]*))', line)


def addresses(text):
    found = set()
    for one in ADDRESS.findall(text):
        try:
            address = ipaddress.ip_address(one)
        except ValueError:
            continue
        if not (address.is_unspecified or address.is_loopback or address.is_multicast or one.startswith("255.")):
            found.add(one)
    return found


def has(line, expected):
    pairs = [(one[0], one[1] or (one[2] if len(one) > 2 else "")) for one in pairs_of(line)]

    def some(keys, good):
        return {value for key, value in pairs if keys.match(key) and value.lower() not in NOTHING and good(value)}
    return {
        "address": addresses(line),
        "user": some(USER_KEYS, lambda value: re.search("[A-Za-z]", value)),
        "host": {expected["host"]} if "host" in expected else some(HOST_KEYS, lambda value: re.search("[A-Za-z]", value)),
        "time": {expected["epoch"]} if "epoch" in expected else some(TIME_KEYS, lambda value: re.search(r"\d{4}", value)),
        "severity": some(SEVERITY_KEYS, lambda value: value.lower() in BAD),
    }


# --- what the view has ---

def times_agree(epoch, text):
    """Some lines say no year, and some no more than seconds."""
    found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return any(abs(found - float(epoch) - days * 86400) <= 1 for days in (0, 365, 366, 730, 731, -365, -366))


def finds(what, wanted, view, began):
    texts = list(leaves(view))
    if what == "address":
        named = {value for key, value in texts if key in ("ip",) or "ip" in key.lower() or "addr" in key.lower()}
        return bool(wanted & named)
    if what == "user":
        return any(key in view for key in ("user",)) or "user" in view.get("target", {}) or "user" in view.get("process", {})
    if what == "host":
        hosts = {view.get(group, {}).get("host", "").lower() for group in ("device", "src", "dst")} - {""}
        hosts |= {view.get("device", {}).get("ip", ""), view.get("syslog", {}).get("host", "").lower()} - {""}
        return bool({one.lower() for one in wanted} & hosts) or (bool(hosts) and len(wanted) > 1)
    if what == "time":
        if abs(datetime.datetime.fromisoformat(view["time"].replace("Z", "+00:00")) - began) < datetime.timedelta(minutes=30):
            return False
        return all(times_agree(one, view["time"]) for one in wanted if re.fullmatch(r"\d{10}(\.\d+)?", one) and len(wanted) == 1)
    return view["severity"] != "informational"


def tried(lines):
    """What the mappings make of each line."""
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([HIKESHI, "mapping", "try", "-", "--jsonl"], input=text.encode(), capture_output=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr  # 1: some are unmapped
    return [json.loads(line) for line in done.stdout.split(b"\n") if line]


def show(name, counts):
    print(f"\n{name:34}" + "".join(f"{what:>16}" for what in WHATS))
    total = collections.Counter()
    for product in sorted(counts):
        print(f"  {product:32}" + "".join(
            f"{counts[product][what]:>9}/{counts[product][what, 'of']:<6}" for what in WHATS))
        total.update(counts[product])
    print(f"  {'all':32}" + "".join(f"{total[what]:>9}/{total[what, 'of']:<6}" for what in WHATS))
    return total


@pytest.mark.parametrize("name", FLOORS)
def test_what_is_there_is_found(name):
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    items = [item for item in READERS.get(name, plain)(folder) if item[1].strip() and not OTHER_EVE.search(item[1])]
    began = datetime.datetime.now(datetime.timezone.utc)
    results = tried([line for _, line, _ in items])
    assert len(results) == len(items) > 0
    counts = collections.defaultdict(collections.Counter)
    for (product, line, expected), result in zip(items, results):
        count, view = counts[product], result["view"]
        count["product", "of"] += 1
        known = result["form"] != "unmapped" and view.get("product", "unknown") != "unknown"
        count["product"] += known
        for what, wanted in has(line, expected).items():
            if wanted:
                count[what, "of"] += 1
                found = finds(what, wanted, view, began)
                count[what] += found
                if not found and os.environ.get("HK_SHOW"):
                    print(name, product, what, sorted(wanted)[:3], line[:300], as_line(view)[:400])
    total = show(name, counts)
    for what, floor in FLOORS[name].items():
        assert total[what, "of"] > 0, what
        assert total[what] / total[what, "of"] >= floor, f"{name}: {what}"
