"""What must hold after a crash, of the ledger alone: all that was promised, nothing that did not happen."""

import collections
import json
import sqlite3

KINDS = ["lost", "doubled", "false_success", "corrupt"]
Fault = collections.namedtuple("Fault", "kind text")


class Ledger:
    """The entries as they lie in the file, read without the engine's code."""

    def __init__(self, data):
        self.entries = []  # (kind, subject, payload)
        db = sqlite3.connect(f"file:{data}/ledger.db?mode=ro", uri=True)
        try:
            for line, payload in db.execute("SELECT line, payload FROM entry ORDER BY pos"):
                _, _, _, kind, subject, _, _ = line.split(" ")
                self.entries.append((kind, subject, {} if payload is None else json.loads(payload)))
        finally:
            db.close()
        self.kinds = collections.defaultdict(collections.Counter)
        for kind, subject, _ in self.entries:
            self.kinds[subject][kind] += 1

    def has(self, subject, *kinds):
        return any(kind in self.kinds[subject] for kind in kinds)

    def of(self, *kinds):
        """Of these kinds, without those that were erased."""
        return [entry for entry in self.entries if entry[0] in kinds and entry[2]]


def kept(ledger, promises):
    """What a client was told, and is not in the record."""
    for it in promises:
        if it.method == "MARK":
            yield from kept_mark(ledger, it.answer)
        elif it.method == "POST" and it.status in (200, 201, 202):
            yield from kept_act(ledger, it)
        elif it.method == "GET" and it.status == 200:
            yield from kept_list(ledger, it)


def kept_mark(ledger, mark):
    kinds = {"user": ("user.added", "name"), "token": ("token.created", None)}
    for what, name in mark.items():
        if what == "backup":
            continue
        kind, field = kinds[what]
        found = [it for it in ledger.of(kind) if field is None or it[2].get(field) == name]
        if not found:
            yield Fault("lost", f"{what} {name}")


def kept_act(ledger, it):
    part = it.path.split("?")[0].split("/")
    if part[-1] == "erase":
        if it.asked["subject"] not in [entry[2]["subject"] for entry in ledger.of("payload.erased")]:
            yield Fault("lost", f"the erasure of {it.asked['subject']}")
        return
    if it.path == "/v1/alerts":
        wanted = [(alert["id"], ("alert.received", "alert.merged")) for alert in it.answer["alerts"]]
    elif part[-1] == "decision":
        wanted = [(part[3], ("gate.voted",)), (part[3], ("gate.decided",))]
    elif part[-1] == "release":
        wanted = [(part[3], ("containment." + it.answer["state"],))]
    else:
        wanted = [(part[3], {"renew": ("containment.renewed",), "cancel": ("run.cancelled",),
                             "note": ("case.noted",)}[part[-1]])]
    for subject, kinds in wanted:
        if not ledger.has(subject, *kinds):
            yield Fault("lost", f"{it.path}: {subject} has none of {kinds}")


# What was shown in such a state has such an entry.
SHOWN = {
    "runs": {"finished": "run.finished", "failed": "run.failed", "cancelled": "run.cancelled"},
    "approvals": {"approved": "gate.decided", "rejected": "gate.decided", "pending": "gate.opened",
                  "void": "gate.voided", "expired": "gate.expired"},
    "containments": {"active": "containment.active", "released": "containment.released",
                     "failed": "containment.failed", "unknown": "containment.unknown",
                     "releasing": "containment.releasing", "starting": "containment.starting"},
    "alerts": {"routed": "alert.routed", "closed": "alert.closed", "merged": "alert.merged",
               "new": "alert.received"},
}


def kept_list(ledger, it):
    states = SHOWN.get(it.path.split("?")[0].split("/")[2], {})
    for item in it.answer.get("items", []) if isinstance(it.answer, dict) else []:
        kind = states.get(item.get("state"))
        if kind and not ledger.has(item["id"], kind):
            yield Fault("lost", f"{it.path} showed {item['id']} as {item['state']}, there is no {kind}")


def erased(promises):
    """{alert: its title} of those that somebody was told are erased."""
    titles = {it.answer["alerts"][0]["id"]: it.asked["title"] for it in promises
              if it.path == "/v1/alerts" and it.status == 202}
    return {it.asked["subject"]: titles[it.asked["subject"]] for it in promises
            if it.path.endswith("/audit/erase") and it.status == 200}


def gone(data, promises):
    """What was erased is in no file of the data folder."""
    titles = erased(promises)
    for file in sorted(data.rglob("*")) if titles else []:
        content = file.read_bytes() if file.is_file() else b""
        for alert, title in titles.items():
            if title.encode() in content:
                yield Fault("false_success", f"{alert} was erased, and its title is in {file.relative_to(data)}")


def true(ledger, world):
    """Nothing took place that was not intended, and nothing is called done that did not take place."""
    effects, undone, looks = world
    intended = {}
    for _, run, payload in ledger.of("step.intended"):
        intended[run, payload["step"]] = payload["key"]
    for key in [*effects, *looks]:
        if key not in intended.values():
            yield Fault("lost", f"{key} took place, and no intent says so")
    for _, run, payload in ledger.of("step.settled", "step.resolved"):
        key = intended.get((run, payload["step"]))
        if key and payload.get("ok") and key not in effects and key not in looks:
            yield Fault("false_success", f"step {payload['step']} of {run} is done, its effect never took place")
    yield from true_leases(ledger, effects, undone)


def true_leases(ledger, effects, undone):
    starting = {subject: payload["key"] for _, subject, payload in ledger.of("containment.starting")}
    for _, subject, _ in ledger.of("containment.active"):
        if starting[subject] not in effects:
            yield Fault("false_success", f"{subject} is active, nothing was touched")
    for _, subject, _ in ledger.of("containment.released"):
        if starting[subject] in effects and starting[subject] not in undone:
            yield Fault("false_success", f"{subject} is released, nothing was undone")
    releasing = {starting[subject] for _, subject, _ in ledger.of("containment.releasing")}
    for key in undone:
        if key not in releasing:
            yield Fault("lost", f"the undo of {key} took place, and no intent says so")


def doubled(world):
    effects, undone, _ = world
    targets = collections.Counter(target for where in effects.values() for target in where)
    for key, where in effects.items():
        if len(where) > 1:
            yield Fault("doubled", f"{key} took place {len(where)} times")
    for target, count in targets.items():
        if count > 1:
            yield Fault("doubled", f"{target} was touched {count} times")
    for key, count in undone.items():
        if count > 1:
            yield Fault("doubled", f"{key} was undone {count} times")


def audited(answer):
    """What the helper `check` found."""
    if not answer["opened"]:
        yield Fault("corrupt", f"refused: {answer['problem']}")
        return
    for name in ("verified", "rebuilt"):
        if not answer[name].get("ok"):
            yield Fault("corrupt", f"not {name}: {json.dumps(answer[name])[:2000]}")
