"""`make install`: what is installed works from where it was put, and its unit is a strict one."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

BUILD = os.environ["HIKESHI_BUILD"]
SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
EXPOSURE_MAX = 2.0  # of 10; "OK" begins at 4


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    place = tmp_path_factory.mktemp("install")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", "/opt/hikeshi"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(place)})
    return place / "opt" / "hikeshi"


def test_the_installed_program_finds_its_plugins(installed, tmp_path):
    config = tmp_path / "hikeshi.lua"
    config.write_text("return hikeshi { tenants = { main = { plugins = { edl = {} }, playbooks = { \"%s\" } } } }\n"
                      % (installed / "share/hikeshi/playbooks/contain-bruteforce.lua"))
    done = subprocess.run([installed / "bin/hikeshi", "config", "check", config], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    for file in ("share/doc/hikeshi/README.md", "share/doc/hikeshi/docs/plugin.md", "include/hikeshi/plugin.h"):
        assert (installed / file).is_file(), file


def test_the_installed_program_tells_its_story(installed, tmp_path):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HIKESHI")}
    done = subprocess.run([installed / "bin/hikeshi", "demo"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**clean, "TMPDIR": str(tmp_path), "HIKESHI_DEMO": "list"}, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stopped; the demo leaves nothing behind" in done.stdout
    alone = tmp_path / "hikeshi"
    shutil.copy(installed / "bin/hikeshi", alone)
    done = subprocess.run([alone, "demo"], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "there is no demo beside the program" in done.stderr


def test_the_unit_is_right_and_strict(installed):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = installed / "lib/systemd/system/hikeshi.service"
    assert "@PREFIX@" not in unit.read_text()
    assert "ExecStart=/opt/hikeshi/bin/hikeshi serve" in unit.read_text()
    text = unit.read_text().replace("/opt/hikeshi/", str(installed) + "/")
    unit.write_text(text)  # so that verify finds the program
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "hikeshi.service" in line]
    assert not ours, ours
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", unit], capture_output=True,
                          text=True, check=False)
    exposure = float(re.search(r"exposure level for hikeshi.service: ([0-9.]+)", done.stdout + done.stderr).group(1))
    print(f"systemd-analyze security: {exposure} of 10")
    assert exposure <= EXPOSURE_MAX


def test_the_unit_allows_the_calls_that_the_engine_makes(installed, tmp_path):
    """Under a filter like the unit's, by the names that strace sees, and those that systemd lists."""
    if shutil.which("systemd-analyze") is None or shutil.which("strace") is None:
        pytest.skip("systemd-analyze or strace is not installed")
    allowed = allowed_calls((SOURCE / "examples/systemd/hikeshi.service").read_text())
    used = calls_of_a_day(installed, tmp_path)
    assert used - allowed <= KNOWN_TO_BE_REFUSED, sorted(used - allowed)


# Asked for and refused without harm.
KNOWN_TO_BE_REFUSED = set()


def group(name):
    lines = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    calls = set()
    for line in lines[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls |= group(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def allowed_calls(unit):
    allowed = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        names = set()
        for word in line.lstrip("~").split():
            names |= group(word) if word.startswith("@") else {word}
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed | group("@default")


def calls_of_a_day(installed, tmp_path):
    data = tmp_path / "data"
    trace = tmp_path / "trace"
    engine = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", "trace=all", "-e", "signal=none", "-o", trace, installed / "bin/hikeshi", "serve",
         "--data", data, "--config", SOURCE / "examples/quickstart/hikeshi.lua", "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True)
    for line in engine.stderr:
        if line == "ready\n":
            break
    subprocess.run([installed / "bin/hikeshi", "send", "-", "--data", data], text=True, check=True,
                   capture_output=True,
                   input='{"title": "Many failed logins", "category": "authentication", "severity": "critical",'
                         ' "src": {"ip": "203.0.113.66"}}\n')
    subprocess.run(["pkill", "-TERM", "-P", str(engine.pid)], check=True)
    engine.wait(60)
    return set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[( ]", trace.read_text(), re.M))
