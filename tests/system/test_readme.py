"""README.md can't lie: the shell blocks that it marks are run in their order, as they stand there.

`<!-- run -->` before a block: it is run in one shell with those before it. `<!-- run: engine -->`: it
is what runs in the other terminal; an engine that runs is stopped first, and the shell goes on when
the new one is ready. The only changes made are the two ports, which have to be free.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess

SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
README = SOURCE / "README.md"
BLOCK = re.compile(r"^<!-- run(: engine)? -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

HEAD = """
set -eu -o pipefail
engine=
stop_engine() {
    [ -z "$engine" ] || { kill -INT "$engine" && wait "$engine"; }
    engine=
}
trap 'kill $engine 2>/dev/null || true' EXIT
"""
ENGINE = """
stop_engine
set -m
{ exec COMMAND } >>engine.log 2>&1 &
engine=$!
set +m
for _ in $(seq 600); do
    curl -sf http://127.0.0.1:8686/readyz >ready.txt && break
    kill -0 "$engine"
    sleep 0.1
done
test -s ready.txt; rm ready.txt
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def script_of(text):
    parts = [HEAD]
    for engine, block in BLOCK.findall(text):
        parts.append(ENGINE.replace("COMMAND", block) if engine else block)
    parts.append("stop_engine\n")
    text = "\n".join(parts).replace("127.0.0.1:8686", f"127.0.0.1:{free_port()}")
    syslog = free_port()
    return text.replace("127.0.0.1:5514", f"127.0.0.1:{syslog}").replace("--port 5514", f"--port {syslog}")


def run(script, folder):
    """As a person in a checkout with a build."""
    for name in ("examples", "playbooks"):
        (folder / name).symlink_to(SOURCE / name)
    (folder / "build").symlink_to(BUILD)
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("HIKESHI")}
    process = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        out, _ = process.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        out, _ = process.communicate()
        raise AssertionError(f"does not end:\n{out}") from None
    log = folder / "engine.log"
    return process.returncode, out + (log.read_text() if log.exists() else "")


def test_the_commands_work_as_they_stand_there(tmp_path):
    text = README.read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) >= 8
    status, out = run(script_of(text), tmp_path)
    assert status == 0, out
    assert "1 runs wait for approval" in out or "waits for approval" in out
    assert re.search(r"approved", out)
    assert re.search(r"^203\.0\.113\.66$", out, re.MULTILINE)
    assert re.search(r"\breleased\b", out)
    assert re.search(r"^ok +yes$", out, re.MULTILINE)
    assert "<h1><bdi>Set your password</bdi></h1>" in out
    assert re.search(r"^mapping +cef$", out, re.MULTILINE)
    assert re.search(r"SQL in a parameter +expected", out)


def test_every_file_that_it_names_is_there():
    text = README.read_text(encoding="utf-8")
    for name in re.findall(r"\]\(([^):#]+)\)", text):
        assert (SOURCE / name).exists(), name
    for name in re.findall(r"\b((?:examples|cmake|core|sdk|playbooks)/[\w./-]+\.\w+)", text):
        assert (SOURCE / name).exists(), name


def test_what_is_not_there_yet_is_not_there_yet():
    """When something comes, the list has to change."""
    text = README.read_text(encoding="utf-8")
    listed = subprocess.run([BUILD / "hikeshi", "help"], capture_output=True, text=True, timeout=60,
                            check=True).stdout
    commands = {" ".join(line.split()[:2]) for line in listed.splitlines()
                if line.startswith("  ")}
    missing = text[text.index("## What is not there yet"):text.index("## Where to read on")]
    first = None
    for name in re.findall(r"`([a-z ]+)`", missing):
        words = name.split()
        first = words[0] if len(words) == 2 else first  # "`playbook test`, `graph`"
        if first:
            assert " ".join([first, words[-1]]) not in commands - {"plugin check"}, f"README.md says that {name} is missing"
    for command in ("plugin call", "plugin new"):
        assert command not in commands, f"`{command}` is there: README.md has to say so"
    # And no command that the rest of the text uses is unknown.
    for command in re.findall(r"build/hikeshi (\w+(?: [a-z]+)?)", text):
        words = command.split()
        assert words[0] in {c.split()[0] for c in commands}, command
