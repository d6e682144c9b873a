"""An engine with the test plugin `world`, in a folder of its own: data/, sink/ (checkpoints that left), out/ (backups).

Whatever a test wants done stands in its alerts. High ones are acted on, critical ones wait for a person.
"""

import collections
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

HIKESHI = os.environ["HIKESHI"]
BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
WORLD = BUILD / "tests" / "plugins" / "world.so"
PRELOAD = BUILD / "tests" / "torture" / "preload.so"
WORLD_LOG = pathlib.Path("data", "plugins", "main", "world", "world.log")
PATIENCE_S = 60
POLL_S = 0.004
EFFECTS = ["read", "idempotent", "probeable", "once"]

CONFIG = """return hikeshi {
  checkpoint_sink = "./sink",
  tenants = { main = {
    playbooks = { "./act.lua", "./see.lua" },
    plugins = { world = { file = "%s" } },
    authority = {
      { name = "ask", action = "world.*", severity = "critical", outcome = "ask", role = "responder", quorum = 1 },
      { name = "do", action = "world.*", outcome = "do" },
    },
  } },
}
"""
PLAYBOOK = """return playbook {
  name = "act", summary = "Touch what the alert names", on = { category = "endpoint" },
  run = function(alert)
    local world = alert.world
    local done, why = act.world["touch_" .. world.effect](world.args, world.options)
    return { ok = done ~= nil, why = why }
  end,
}
"""
SEE = """return playbook {
  name = "see", summary = "Nothing to do", on = { category = "network" },
  run = function() return close { verdict = "expected" } end,
}
"""


class Ended(Exception):
    """The engine is gone, or doesn't answer."""


def until(holds, what, patience_s=None):
    patience_s = patience_s or PATIENCE_S
    end = time.monotonic() + patience_s
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < end, f"waited {patience_s} s in vain for {what}"
        time.sleep(POLL_S)


def parse_world(text):
    """What took place: {key: [target, …]}, {key: times undone}, keys of looks."""
    effects, undone, looks = collections.defaultdict(list), collections.Counter(), set()
    for line in text[:text.rfind(b"\n") + 1].decode().splitlines():
        word = line.split(" ")
        if word[0] == "READ":
            looks.add(word[1])
        elif word[0] == "UNDO":
            undone[word[1]] += 1
        elif word[0] != "REPEAT":
            effects[word[0]].append(word[2])
    return effects, undone, looks


class Site:
    def __init__(self, folder, tokens=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.tokens = dict(tokens or {})
        self.process = None
        self.port = None
        self.environment = {}  # more of it, for all that is started here
        self.patience_s = None  # for what is waited for over HTTP
        (self.folder / "act.lua").write_text(PLAYBOOK)
        (self.folder / "see.lua").write_text(SEE)
        (self.folder / "hikeshi.lua").write_text(CONFIG % WORLD)

    def env(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HIKESHI_", "HK_"))}
        return {**kept, **self.environment}

    def said(self):
        return (self.folder / "stderr").read_text(errors="replace")

    # --- processes ---

    def launch(self):
        """Start an engine. It takes alerts when this returns; Ended when it ended instead."""
        with open(self.folder / "stderr", "wb") as out:
            self.process = subprocess.Popen(
                [HIKESHI, "serve", "--data", self.data, "--config", self.folder / "hikeshi.lua", "--listen",
                 "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env())

        def address():
            lines = [line for line in self.said().splitlines(True)
                     if line.startswith("listening on ") and line[-1] == "\n"]
            if not lines and self.process.poll() is not None:
                raise Ended(self.said())
            return lines
        self.port = int(until(address, "the engine to listen")[-1].rstrip().rpartition(":")[2])
        return self

    def wait_ready(self):
        """Without a word over HTTP: what it says on stderr."""
        def ready():
            if self.process.poll() is not None:
                raise Ended(self.said())
            return self.said().count("ready\n")
        until(ready, "the engine to be ready")
        return self

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE_S)

    def tool(self, *args):
        """A command on the folder."""
        return subprocess.run([HIKESHI, *map(str, args), "--data", self.data], capture_output=True, text=True,
                              timeout=PATIENCE_S, env=self.env(), check=False)

    def world(self):
        try:
            return parse_world((self.folder / WORLD_LOG).read_bytes())
        except FileNotFoundError:
            return parse_world(b"")

    # --- HTTP ---

    def call(self, method, path, body=None, who="responder-1", headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {
                "Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json",
                "Connection": "close", **dict(headers)})
            response = connection.getresponse()
            text = response.read()
        except (http.client.HTTPException, OSError) as error:
            raise Ended(str(error)) from error
        finally:
            connection.close()
        if "json" not in response.headers.get("Content-Type", ""):
            return response.status, text
        try:
            return response.status, json.loads(text)
        except ValueError:
            raise Trouble(response.status, text) from None

    def get(self, path):
        """The document; an answer that is an error says that the engine is in trouble."""
        status, answer = self.call("GET", path)
        if status != 200:
            raise Trouble(status, answer)
        return answer

    def items(self, collection):
        return self.get(f"/v1/{collection}?limit=500")["items"]

    def quiet(self):
        """Wait until nothing goes on; the runs."""
        def runs():
            listed = self.items("runs")
            return ("running" not in [run["state"] for run in listed]
                    and not [alert for alert in self.items("alerts") if alert["state"] == "new"]
                    and not [it for it in self.items("containments") if it["state"] in ("starting", "releasing")]
                    and {"runs": listed})
        return until(runs, "all runs to end or wait", self.patience_s)["runs"]


class Trouble(Ended):
    """An answer that is an error."""

    def __init__(self, status, answer):
        super().__init__(f"{status}: {answer}")
        self.status = status
