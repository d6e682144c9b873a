"""What the index of texts costs, and what questions take: alerts accepted with it and without it in turns, how fast it
follows by itself, its bytes an alert, and questions over 100,000 alerts and more."""

import time
import urllib.parse
import urllib.request

ALERTS = 100_000
PER_REQUEST = 100
ROUNDS = 5
ASKED = 40  # times each question
CONFIG = 'return hikeshi { %s tenants = { main = {} }, log_level = "warning" }\n'


def get(engine, token, path):
    request = urllib.request.Request(f"http://127.0.0.1:{engine.port}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def behind(engine):
    text = urllib.request.urlopen(f"http://127.0.0.1:{engine.port}/metrics", timeout=60).read().decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("hikeshi_search_behind_entries "))


def follow(engine):
    """Seconds until all is indexed."""
    begun = time.monotonic()
    while behind(engine) > 0:
        time.sleep(0.02)
    return time.monotonic() - begun


def rate_of(engine, token, requests):
    outcome = engine.load(token, 8, PER_REQUEST, requests)
    if outcome["refused"]:
        raise SystemExit(f"{outcome['refused']} requests were refused")
    return outcome["accepted"] / outcome["seconds"]


def questions(engine, token):
    """Milliseconds of each, by name."""
    address = next(line for line in get(engine, token, "/v1/alerts?limit=500").split('"') if line.startswith("al-"))
    shown = get(engine, token, f"/v1/alerts/{address}")
    one = shown[shown.index('"ip":"') + 6:].split('"')[0]
    asked = {"one_address": f"src.ip:{one}", "absent_word": "nowhere", "common_word": "guessing", "phrase": '"failed logins for one"',
             "two_octets": ".".join(one.split(".")[:2]) + ".*", "prefix_of_one_letter": "r*", "field_and_not": "user:root -admin severity:>=high",
             "state_that_none_has": "state:closed guessing"}
    took = {}
    for name, q in asked.items():
        path = "/v1/search?" + urllib.parse.urlencode({"q": q, "limit": 50})
        took[name] = []
        for _ in range(ASKED):
            begun = time.monotonic()
            get(engine, token, path)
            took[name].append((time.monotonic() - begun) * 1000)
    return took


def measure(folder, engine_in, told, percentile):
    engines = {"with": engine_in(folder, "search-with", CONFIG % ""),
               "without": engine_in(folder, "search-without", CONFIG % "search = false,")}
    tokens = {}
    for name, engine in engines.items():
        engine.start()
        tokens[name] = engine.token()
        rate_of(engine, tokens[name], 50)  # warm
    rates = {"with": [], "without": []}
    caught_up = []
    requests = ALERTS // PER_REQUEST // ROUNDS
    for _ in range(ROUNDS):
        for name, engine in engines.items():
            begun = time.monotonic()
            rates[name].append(rate_of(engine, tokens[name], requests))
            if name == "with":
                follow(engine)
                caught_up.append(requests * PER_REQUEST / (time.monotonic() - begun))
    ratio = sorted(a / b for a, b in zip(rates["with"], rates["without"]))[ROUNDS // 2]
    told("alerts_accepted_while_indexing", sorted(rates["with"])[ROUNDS // 2], "alerts/s", ratio,
         f"the same without an index, {sorted(rates['without'])[ROUNDS // 2]:.0f}/s")
    told("alerts_accepted_and_indexed", sorted(caught_up)[ROUNDS // 2], "alerts/s")
    engine, token = engines["with"], tokens["with"]
    count = ALERTS + 50 * PER_REQUEST
    size = sum(path.stat().st_size for path in (engine.data / "search").rglob("*") if path.is_file())
    ledger = sum(path.stat().st_size for path in engine.data.glob("ledger.db*"))
    told("index_bytes_an_alert", size / count, "bytes", size / ledger, "the ledger's own")
    for name, took in questions(engine, token).items():
        told(f"search_{name}_p50", percentile(took, 50), "ms")
        told(f"search_{name}_p99", percentile(took, 99), "ms")
    for it in engines.values():
        it.stop()
