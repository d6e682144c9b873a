"""An engine on the disk of a crash: it starts, finishes what it can, and then everything that was promised holds."""

import collections
import json

import promises
from engine_site import Ended, Trouble
from promises import Fault


def run(site, checker, told, reel, note, may_fail=False):
    """The faults, and how many steps nobody can know of. The newest checkpoint that had left is in NOTE, or None.
    may_fail: runs may have ended with an error, since something did fail."""
    try:
        site.launch().wait_ready()
        faults, unknown = [], 0
        if "responder-1" in site.tokens:
            faults, unknown = look(site, told, reel, may_fail)
        status = site.stop()
    except (Ended, AssertionError) as problem:
        site.kill()
        return [Fault("corrupt", f"the engine: {problem}; it said: {site.said()}")], 0
    if status != 0:
        faults.append(Fault("corrupt", f"the engine ended with {status}: {site.said()}"))
    faults += promises.audited(checker.ask(site.data, note))
    ledger = promises.Ledger(site.data)
    faults += [*promises.kept(ledger, told), *promises.true(ledger, site.world()), *promises.doubled(site.world())]
    faults += promises.gone(site.data, told)
    faults += parked(ledger)
    return faults, unknown


def look(site, told, reel, may_fail):
    """Over HTTP, as a person does."""
    faults = []
    runs = site.quiet()
    alerts = {alert["id"]: alert for alert in site.items("alerts")}
    promised = [it for it in told if it.method == "POST" and it.path == "/v1/alerts" and it.status == 202]
    for it in promised:
        if it.answer["alerts"][0]["id"] not in alerts:
            faults.append(Fault("lost", f"alert {it.answer['alerts'][0]['id']} is not shown"))
    for alert, count in collections.Counter(run["alert"] for run in runs).items():
        if count != 1:
            faults.append(Fault("doubled", f"{count} runs for {alert}"))
    faults += list(containments(site))
    # What the key would be answered with goes with an alert that is erased.
    erased = {entry[2]["subject"] for entry in promises.Ledger(site.data).of("payload.erased")}
    promised = [it for it in promised if it.answer["alerts"][0]["id"] not in erased]
    if promised and "source-1" in site.tokens:
        faults += list(again(site, promised[-1], reel))
    unknown = [run for run in runs if run["state"] == "unknown"]
    for run in runs:
        if run["state"] not in ("finished", "waiting", "unknown", "cancelled", "failed" if may_fail else ""):
            faults.append(Fault("lost", f"run {run['id']} is {run['state']}: {json.dumps(run)}"))
    return faults, len(unknown)


def containments(site):
    """What is shown as held is, and what was touched is shown. A lease may end just now: so the world is looked at
    before and after the list."""
    before, undone_before, _ = site.world()
    shown = [(it["id"], it["state"], site.get(f"/v1/containments/{it['id']}")["key"])
             for it in site.items("containments")]
    after, undone_after, _ = site.world()
    for containment, state, key in shown:
        wrong = {"active": key not in after or key in undone_before,
                 "released": key in before and key not in undone_after,
                 "failed": key in before}.get(state, False)
        if wrong:
            yield Fault("false_success",
                        f"{containment} is {state}; touched: {key in after}, undone: {key in undone_after}")
    for key in set(before) - {key for _, _, key in shown}:
        yield Fault("lost", f"{key} took place, and no containment is shown")


def again(site, promise, reel):
    """A client that asks again with its key is told the same, and nothing follows twice."""
    target = promise.asked["uid"]
    status, answer = site.call("POST", "/v1/alerts", reel.sent[target], "source-1", [("Idempotency-Key", target)])
    if status != 202:
        raise Trouble(status, answer)
    if answer["alerts"][0]["id"] != promise.answer["alerts"][0]["id"]:
        yield Fault("doubled", f"the same key gave {answer} after {promise.answer}")


def parked(ledger):
    """A step is left unknown only where its effect class says that nobody may try."""
    effect = {(run, step["step"]): step["effect"] for _, run, step in ledger.of("step.intended")}
    for _, run, step in ledger.of("step.unknown"):
        if effect[run, step["step"]] != "once":
            yield Fault("lost", f"step {step['step']} of {run} is unknown, it is {effect[run, step['step']]}")
    settled = {(run, step["step"]) for _, run, step in ledger.of("step.settled", "step.unknown", "step.resolved")}
    over = {run for _, run, _ in ledger.of("run.cancelled", "run.failed")}
    for (run, step), name in effect.items():
        if (run, step) not in settled and run not in over:
            yield Fault("lost", f"step {step} of {run} ({name}) was intended, and nothing became of it")
