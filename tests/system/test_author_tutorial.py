"""sdk/docs/tutorial.md can't lie: its shell blocks are run in their order, as they stand there."""

import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
TUTORIAL = SOURCE / "sdk/docs/tutorial.md"
CONFIG = SOURCE / "examples/quickstart/hikeshi.lua"


def run(script, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HIKESHI_")}
    environment["PATH"] = str(pathlib.Path(os.environ["HIKESHI"]).parent) + os.pathsep + environment["PATH"]
    return subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


def test_the_commands_work_as_they_stand_there(tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) >= 5
    done = run("\n".join(blocks), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "odd-login.lua: ok  odd-login" in done.stdout and "7 tests, 0 failed" in done.stdout
    assert 'options.expires is "8h", not "4h"' in done.stdout
    # with the plugins of the quickstart as well, and without a warning
    done = run(f"hikeshi playbook check --strict --config {CONFIG} odd-login.lua\n"
               f"hikeshi playbook test --config {CONFIG} odd-login.lua", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_commands_that_it_names_are_there():
    listed = subprocess.run([os.environ["HIKESHI"], "help"], capture_output=True, text=True, timeout=60).stdout
    for command in set(re.findall(r"^hikeshi (\w+ [a-z]+)", TUTORIAL.read_text(encoding="utf-8"), re.M)):
        assert "\n  " + command in listed, command
