"""`make demo`: the main job end to end, with a person on a terminal and with nobody there."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
DEMO = SOURCE / "examples" / "demo" / "demo.sh"

# What has to happen, in this order: where namespaces can be made, and around the block list.
NAMESPACES = [r"two network namespaces"], [r"10 accepted and on disk"]
LIST = [r"network namespaces can't be made here"], [r"13 accepted and on disk, 2 of them the same thing again"]


def story(lab):
    first, accepted = lab
    return [
        *first,
        r"approver-1 may decide",
        r"engine +up on 127\.0\.0\.1:\d+",
        r"clinic and harbour, two customers",
        r"203\.0\.113\.66 gets through",
        *accepted,
        r"198\.51\.100\.200 is one of our own scanners: 2 alerts",
        r"2 wait for a person",
        r"sensor-1 +tries to approve it and is refused",
        r"approver-1 decided: approved",
        r"203\.0\.113\.66 is cut off",
        r"203\.0\.113\.66 gets through",
        r"released",
        r"neighbour +got through \d+ times",
        r"ledger +ok: \d+ entries",
        r"harbour +the provider's other customer verifies its own",
        r"forgery .* verify finds entry \d+",
    ]


def lab_of(text):
    """Which it was: machines differ in what they allow."""
    return NAMESPACES if "two network namespaces" in text else LIST


def is_told(story, text):
    """What of the story is missing; None when all of it was told in order."""
    flat = re.sub(r"\s+", " ", text)
    at = 0
    for line in story:
        found = re.compile(line).search(flat, at)
        if not found:
            return line
        at = found.end()
    return None


def processes_with(text):
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            pass
    return found


def environment(folder):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HIKESHI")}
    return {**clean, "TMPDIR": str(folder)}


@pytest.mark.parametrize("lab", ["", "list"])
def test_without_a_terminal_it_decides_by_itself(tmp_path, lab):
    done = subprocess.run([DEMO, BUILD], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**environment(tmp_path), "HIKESHI_DEMO": lab}, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = LIST if lab == "list" else lab_of(done.stdout)
    assert is_told([*story(wanted), "stopped; the demo leaves nothing behind"], done.stdout) is None
    assert "rejected the block of 203.0.113.90" in done.stdout
    assert "could not poll" not in done.stdout
    assert "\033" not in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert processes_with(str(tmp_path)) == []


class Terminal:
    """The demo on a terminal of 80 columns."""

    def __init__(self, folder):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(DEMO, [str(DEMO), str(BUILD)],
                      {**environment(folder), "TERM": "xterm", "COLUMNS": "80"})

    def read_until(self, pattern, seconds=90):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, f"no {pattern} in:\n{self.text}"
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode()
                except OSError:
                    raise AssertionError(f"ended without {pattern}:\n{self.text}") from None

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_on_a_terminal_a_person_decides_and_the_engine_goes_on(tmp_path):
    terminal = Terminal(tmp_path)
    terminal.read_until(r"or here:.*Enter")
    # By the commands that it shows, as in another terminal.
    show = re.search(r"(\S+) approval show (\S+)", terminal.text)
    env_file = re.search(r"\. (\S+\.env)", terminal.text).group(1)
    assert pathlib.Path(env_file).stat().st_mode & 0o077 == 0
    subprocess.run(f". {env_file} && {show.group(1)} approval approve {show.group(2)}", shell=True,
                   check=True, timeout=60, capture_output=True)
    terminal.read_until("The engine goes on until you type q and Enter")
    terminal.read_until(r"contain list --active")
    plain = re.sub(r"\033\[\d*m", "", terminal.text)
    # The attacker may be cut off before the demo has seen the decision.
    assert is_told([line for line in story(lab_of(plain)) if "decided" not in line], plain) is None
    assert "approver-1 decided: approved" in plain
    assert "one more gate is open" in plain
    assert max(len(line) for line in plain.splitlines() if "/tmp" not in line and "http://" not in line
               and str(BUILD) not in line and str(tmp_path) not in line) <= 80
    terminal.type("\x03")
    assert terminal.close() == 0
    assert list(tmp_path.iterdir()) == []
    assert processes_with(str(tmp_path)) == []


def test_a_no_on_the_terminal_does_nothing(tmp_path):
    terminal = Terminal(tmp_path)
    terminal.read_until(r"or here:.*Enter")
    terminal.type("r\n")
    terminal.read_until("The engine goes on until you type q and Enter")
    terminal.read_until(r"contain list --active")
    assert "decided: rejected" in terminal.text
    assert "still gets through: nothing was done" in terminal.text
    assert "is cut off" not in terminal.text
    terminal.type("q\n")
    assert terminal.close() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_stage_that_fails_ends_it_with_a_message(tmp_path):
    """Without its plugins the engine can't start, and that is said."""
    build = tmp_path / "build"
    build.mkdir()
    shutil.copy(BUILD / "hikeshi", build)
    (tmp_path / "tmp").mkdir()
    done = subprocess.run([DEMO, build], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=environment(tmp_path / "tmp"), timeout=200, check=False)
    assert done.returncode == 1
    assert "demo: the engine ended" in done.stderr
    assert "there is no plugin" in done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []


def test_without_a_build_it_says_what_to_do(tmp_path):
    done = subprocess.run([DEMO, tmp_path], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1
    assert "make build" in done.stderr
