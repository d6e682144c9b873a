"""A disk that fills up: no alert is taken that could not be kept, people can still decide, and it ends by itself."""

import contextlib
import json
import os
import subprocess

import pytest

from engine import Engine, alert
from waiting import until

MIB = 1 << 20
DISK = 256 * MIB
RESERVE = 16 * MIB


@pytest.fixture
def engine():
    """One with a small disk of its own."""
    it = Engine()
    it.data.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "hikeshi-test", it.data],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        it.remove()
        pytest.skip("a file system of a test's own needs the right to mount one: " + made.stderr.strip())
    try:
        yield it.start()
    finally:
        if it.process is not None:
            it.process.kill()
            it.process.wait()
        # Plugin processes may hold the folder for a moment longer.
        subprocess.run(["umount", "--lazy", it.data], check=True)
        it.remove()


def free(engine):
    info = os.statvfs(engine.data)
    return info.f_bavail * info.f_frsize


def fill(engine, left):
    """Something else takes all but so much."""
    with open(engine.data / "filler", "ab") as filler:
        os.posix_fallocate(filler.fileno(), 0, filler.tell() + max(1, free(engine) - left))
        filler.seek(0, os.SEEK_END)


def make_room(engine):
    with contextlib.suppress(FileNotFoundError):
        (engine.data / "filler").unlink()


def state(engine):
    answer = engine.get("/readyz")
    return answer.status, None if answer.status == 200 else answer.json["detail"]


def gaps(engine, state):
    return [gap for gap in engine.document("gap", "list", "--state", state)["items"] if gap["kind"] == "disk_short"]


def pending(engine, count):
    return until(lambda: len(items := engine.document("approval", "list", "--state", "pending")["items"]) == count
                 and items, f"{count} gates")


def decide(engine, gate, token):
    digest = engine.document("approval", "show", gate["id"])["digest"]
    return engine.post(f"/v1/approvals/{gate['id']}/decision", token, {"decision": "approve", "digest": digest})


def test_a_disk_that_fills_up(engine):
    sensor = engine.token(service="sensor-1", role="analyst")
    approver = engine.token(user="approver-1", role="approver")
    assert [engine.post("/v1/alerts", sensor, alert(number)).status for number in (1, 2)] == [202, 202]
    first, second = pending(engine, 2)
    assert (engine.data / "reserve").stat().st_blocks * 512 >= RESERVE

    # Nearly full: what has begun goes on, nothing new begins.
    fill(engine, 60 * MIB)
    until(lambda: state(engine) == (503, "the disk is nearly full: no new alerts are taken"), "the engine to notice")
    refused = engine.post("/v1/alerts", sensor, alert(3))
    assert refused.status == 507 and int(refused.headers["Retry-After"]) > 0, refused.body
    assert refused.json["detail"] == "the disk is nearly full: no new alerts are taken"
    assert decide(engine, first, approver).status == 200
    until(lambda: engine.document("contain", "list", "--state", "active")["items"], "the block")
    until(lambda: gaps(engine, "open"), "the gap")

    # Full: the reserve is given back for what the engine has begun, and nobody's word is taken.
    fill(engine, 4 * MIB)
    until(lambda: free(engine) > RESERVE and not (engine.data / "reserve").exists(), "the reserve to be given back")
    fill(engine, 4 * MIB)
    until(lambda: state(engine) == (503, "the disk is full: nothing is taken until there is room again"),
          "the engine to notice")
    refused = decide(engine, second, approver)
    assert refused.status == 507, refused.body
    assert engine.document("approval", "show", second["id"])["state"] == "pending"

    # Room again: all by itself.
    make_room(engine)
    until(lambda: state(engine) == (200, None), "the engine to notice")
    until(lambda: (engine.data / "reserve").exists(), "the reserve")
    until(lambda: gaps(engine, "closed") and not gaps(engine, "open"), "the end of the gap")
    assert decide(engine, second, approver).status == 200
    assert engine.post("/v1/alerts", sensor, alert(3)).status == 202
    assert engine.stop() == 0
    assert json.loads(engine.ok("audit", "verify", "--json"))["ok"] is True
    assert json.loads(engine.ok("audit", "rebuild", "--check", "--json"))["ok"] is True


def test_a_start_on_a_full_disk(engine):
    """The reserve is what an engine starts on; with none there it still says what is the matter."""
    engine.post("/v1/alerts", engine.token(service="sensor-1", role="analyst"), alert(1))
    assert engine.stop() == 0
    fill(engine, 0)
    engine.start()
    until(lambda: state(engine)[0] == 503 and "disk" in state(engine)[1], "the engine to notice")
    assert not (engine.data / "reserve").exists()
    make_room(engine)
    until(lambda: state(engine) == (200, None), "the engine to notice")
    assert engine.stop() == 0
    assert json.loads(engine.ok("audit", "verify", "--json"))["ok"] is True
