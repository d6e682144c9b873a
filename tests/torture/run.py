#!/usr/bin/python3
"""make torture: crash an engine at every place of its life, let each of its calls fail, and hold it to its promises.

Prints a table and writes build/torture.json; a sample of it (--sample) is a test. What is done is in points.py (crashes) and
faults.py; both are the same again with the same --seed, as far as threads and clocks are.
"""

import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import queue as queues
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import faults
import points
import workload
from engine_site import BUILD
from promises import KINDS

SHOWN_MAX = 20  # faults that are printed


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--points", type=int, default=12000, help="crash points (default 12000)")
    parser.add_argument("--whole", type=int, default=3000,
                        help="of these, so many with the engine itself; the others with its ledger (default 3000)")
    parser.add_argument("--faults", type=int, default=1200, help="calls that fail, one a run (default 1200)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", action="store_true", help="a few hundred, for a test; writes no torture.json")
    parser.add_argument("--keep", metavar="DIR", help="leave what was found wrong here")
    given = parser.parse_args()
    if given.sample:
        given.points, given.whole, given.faults = 300, 40, 24
    return given


def folder_for_this():
    """In memory where there is room: nothing here needs a real disk, since what it forgets is worked out."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 << 30 else None
    return pathlib.Path(tempfile.mkdtemp(prefix="hkt-", dir=place))


# --- what each process does ---

def keep(given, place, name):
    if given.keep:
        shutil.copytree(place / "site", pathlib.Path(given.keep, name.replace(" ", "-").replace(":", "")),
                        dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock"))


def crash_job(job):
    folder, number, jobs, given, queue = job
    reel = points.Reel(folder)
    mine = [it for it in points.choose(reel, given.points, given.whole, given.seed) if it.number % jobs == number]
    place = pathlib.Path(folder, f"walk-{number}")
    place.mkdir()
    walk = points.Walk(reel, place, given.seed)
    for point in mine:
        try:
            found, unknown = walk.run(point)
        except Exception as problem:  # of ours: it must not pass for a success
            found, unknown = [("corrupt", f"the test itself: {problem!r}")], 0
        if found:
            keep(given, place, f"{point.index}-{point.how}")
        queue.put((point.how, point.whole, unknown, [(kind, f"before call {point.index} ({point.how}"
                                                     f"{', engine' if point.whole else ''}): {text}")
                                                    for kind, text in found]))
    walk.done()


def fault_job(job):
    folder, number, jobs, given, queue = job
    place = pathlib.Path(folder, f"fault-{number}")
    place.mkdir()
    for index, fault in enumerate(faults.choose(pathlib.Path(folder), given.faults, given.seed)):
        if index % jobs != number:
            continue
        try:
            how, found, unknown = faults.run(pathlib.Path(folder), place, fault)
        except Exception as problem:
            how, found, unknown = "test", [("corrupt", f"the test itself: {problem!r}")], 0
        if found:
            keep(given, place, fault)
        queue.put((f"{fault.split(':')[0]}: {how}", True, unknown, [(kind, f"{fault}: {text}") for kind, text in found]))


# --- all of it ---

class Sums:
    def __init__(self):
        self.counts = collections.Counter()
        self.whole = collections.Counter()
        self.unknown = 0
        self.found = []

    def take(self, answer):
        how, whole, unknown, found = answer
        self.counts[how] += 1
        self.whole[how] += whole
        self.unknown += unknown
        found = sorted(set(found))
        self.found += found
        for kind, text in found:
            print(f"  {kind}: {text[:3000]}", file=sys.stderr, flush=True)


def together(work, folder, given, total, what):
    """Run WORK in as many processes as asked for, and say how far it is."""
    sums, began, said = Sums(), time.monotonic(), 0
    with multiprocessing.Manager() as manager:
        queue = manager.Queue()
        crew = [multiprocessing.Process(target=work, args=((str(folder), number, given.jobs, given, queue),))
                for number in range(given.jobs)]
        for process in crew:
            process.start()
        taken = 0
        while taken < total:
            if queue.empty() and not any(process.is_alive() for process in crew) and queue.empty():
                sums.found.append(("corrupt", f"only {taken} of {total} {what} were looked at"))
                break
            try:
                sums.take(queue.get(timeout=1))
            except queues.Empty:
                continue
            taken += 1
            if time.monotonic() - said > 5 or taken == total:
                said = time.monotonic()
                print(f"{what}: {taken} of {total}, {len(sums.found)} wrong, {said - began:.0f} s", file=sys.stderr,
                      flush=True)
        for process in crew:
            process.join()
    return sums


def table(sums, title):
    print(f"{title:<34}{'count':>8}{'engine':>8}")
    for how in sorted(sums.counts):
        print(f"  {how:<32}{sums.counts[how]:>8}{sums.whole[how]:>8}")


def record(folder, given):
    """A tape that has enough points; the script is longer for more of them."""
    for rounds in (1, 2, 4, 8, 16, 32):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "run").mkdir(parents=True)
        site, _ = workload.record(folder / "run", rounds)
        (folder / "tokens.json").write_text(json.dumps(site.tokens))
        there = len(points.all_of(points.Reel(folder), given.seed))
        if there >= given.points:
            break
    print(f"recorded: {len(points.Reel(folder).ops)} calls, {there} points", file=sys.stderr, flush=True)


def main():
    given = arguments()
    folder = folder_for_this()
    try:
        record(folder / "tape", given)
        total = len(points.choose(points.Reel(folder / "tape"), given.points, given.whole, given.seed))
        crashes = together(crash_job, folder / "tape", given, total, "points")
        faults.prepare(folder / "faults")
        total = len(faults.choose(folder / "faults", given.faults, given.seed))
        failed = together(fault_job, folder / "faults", given, total, "faults")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    table(crashes, "crash points")
    table(failed, "faults")
    found = crashes.found + failed.found
    sums = collections.Counter(kind for kind, _ in found)
    result = {"points": sum(crashes.counts.values()), "whole": sum(crashes.whole.values()),
              **{kind: sums[kind] for kind in KINDS}, "unknown": crashes.unknown + failed.unknown,
              "faults": sum(failed.counts.values())}
    print(json.dumps(result))
    for kind, text in found[:SHOWN_MAX]:
        print(f"{kind}: {text[:400]}", file=sys.stderr)
    if not given.sample:
        (BUILD / "torture.json").write_text(json.dumps(result) + "\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
