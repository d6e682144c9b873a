"""Waits: guessing costs time, and its victim doesn't pay."""

import re
import threading
import time

import pytest

from engine import Engine, tenant_lua
from people import OTHER, Browser, kinds_about, link_of, open_gate, person
from waiting import until


@pytest.fixture(scope="module")
def engine():
    it = Engine("return hikeshi { tenants = { main = %s } }" % tenant_lua())
    try:
        yield it.start()
        it.stop()
        it.ok("audit", "rebuild", "--check")  # what all the tests did folds to the same rows again
        it.ok("audit", "verify")
        said = "\n".join(it.lines)
        assert "AddressSanitizer" not in said and "runtime error" not in said
    finally:
        it.remove()


# --- waits ---

def made_to_wait(browser, name):
    """Guess until there is a wait; on a slow machine the last one may be over by now, and the next is longer."""
    for _ in range(4):
        answer = browser.log_in(name, OTHER)
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 403
    raise AssertionError(f"no wait for {name}")


def test_guessing_makes_wait_but_not_the_owner(engine):
    owner = person(engine, "wait-1", "viewer")  # this browser is known from here on
    owner.post("/logout")
    for browser in (owner, Browser(engine.url)):
        browser.csrf = None
    stranger = Browser(engine.url)
    for _ in range(5):
        assert stranger.log_in("wait-1", OTHER).status_code == 403
    waiting = made_to_wait(stranger, "wait-1")
    assert re.search(r"try again in \d+ seconds?", waiting.text)
    made_to_wait(stranger, "wait-1")
    assert stranger.log_in("wait-1").status_code == 429  # not even the right one
    # The owner's browser has a lane of its own; a device cookie of somebody else is none.
    other = person(engine, "wait-2", "viewer")
    other.post("/logout")
    other.csrf = None
    made_to_wait(stranger, "wait-1")
    assert other.log_in("wait-1").status_code == 429
    assert owner.log_in("wait-1").status_code == 303
    made_to_wait(stranger, "wait-1")
    assert Browser(engine.url).log_in("wait-1").status_code == 429
    engine.ok("user", "unlock", "wait-1", "--reason", "asked for")
    assert Browser(engine.url).log_in("wait-1").status_code == 303
    assert kinds_about(engine, "wait-1")[-2:] == ["user.unlocked", "session.opened"]


def test_names_that_nobody_has_make_wait_too(engine):
    for _ in range(5):
        assert Browser(engine.url).log_in("phantom-1", OTHER).status_code == 403
    made_to_wait(Browser(engine.url), "phantom-1")


def test_an_address_waits_whomever_it_guesses():
    engine = Engine("return hikeshi { tenants = { main = {} } }")
    try:
        engine.start()
        answers = [Browser(engine.url, address="127.99.0.1").log_in(f"any-{n}", OTHER).status_code for n in range(22)]
        assert answers == [403] * 20 + [429] * 2
        assert Browser(engine.url, address="127.99.0.2").log_in("any-1", OTHER).status_code == 403
    finally:
        engine.remove()


def test_many_at_once_are_no_way_around_the_wait(engine):
    link_of(engine, "burst-1", "viewer")
    answers = []

    def guess():
        answers.append(Browser(engine.url).log_in("burst-1", OTHER).status_code)
    threads = [threading.Thread(target=guess) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(403) <= 5
    assert set(answers) <= {403, 429, 503}


def test_codes_cannot_be_guessed_in_a_session(fresh):
    fresh.start()
    it = person(fresh, "codes-1", "viewer")
    device, _ = it.set_up_device()
    answers = [it.post("/step-up", {"code": f"{n:06d}"}).status_code for n in range(12)]
    assert answers[:5] == [403] * 5 and answers[5:].count(429) >= 5 and set(answers) == {403, 429}
    assert it.post("/step-up", {"code": device.code()}).status_code == 429


def test_a_flood_of_logins_stops_nobody_else():
    engine = Engine("return hikeshi { tenants = { main = %s } }" % tenant_lua())
    try:
        engine.start()
        gate, digest = open_gate(engine)
        approver = engine.token(user="approver-1", role="approver")
        statuses, stop = [], threading.Event()

        def flood(number):
            browser, n = Browser(engine.url), 0
            while not stop.is_set():
                n += 1
                statuses.append(browser.log_in(f"flood-{number}-{n}", OTHER).status_code)
        threads = [threading.Thread(target=flood, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        until(lambda: len(statuses) > 100, "the flood")
        begun = time.monotonic()
        answer = engine.post(f"/v1/approvals/{gate}/decision", approver, {"decision": "approve", "digest": digest})
        took = time.monotonic() - begun
        stop.set()
        for thread in threads:
            thread.join()
        assert answer.status == 200
        assert took < 10, f"{took:.1f} s"
        assert set(statuses) <= {403, 429, 503}
        assert 429 in statuses or 503 in statuses
        held = until(lambda: engine.document("contain", "list", "--active")["items"], "the containment")
        assert held
        assert engine.stop() == 0
    finally:
        engine.remove()
