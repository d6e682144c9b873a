"""Start an engine on a data folder of its own, and talk to it over HTTP and with its commands."""

import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

HIKESHI = os.environ["HIKESHI"]
SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
QUICKSTART = SOURCE / "examples" / "quickstart" / "hikeshi.lua"


def tenant_lua():
    """A tenant as in the quickstart, with absolute paths."""
    text = QUICKSTART.read_text()
    tenant = text[text.index("main = {") + len("main = "):text.rindex("  },\n}")]
    folder = QUICKSTART.parent
    return tenant.rstrip().rstrip(",").replace("../../playbooks", str(SOURCE / "playbooks")).replace(
        "./lists", str(folder / "lists"))


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Engine:
    """An engine that can be started and stopped, and its data folder."""

    def __init__(self, config=None):
        # Short, since the path of a Unix socket is bounded.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hk-"))
        self.data = self.folder / "data"
        self.config = QUICKSTART
        if config is not None:
            self.config = self.folder / "hikeshi.lua"
            self.config.write_text(config)
        self.process = None
        self.url = None
        self.lines = []
        self.program = None  # another than HIKESHI to serve with
        self.extra = {}  # more of the environment of its processes

    def start(self):
        self.process = subprocess.Popen(
            [self.program or HIKESHI, "serve", "--data", self.data, "--config", self.config, "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, env=self.environment())
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("listening on "):
                self.url = line.split()[-1]
            if line == "ready\n":
                break
        else:
            raise AssertionError("the engine did not start: " + "; ".join(self.lines))
        threading.Thread(target=self._keep_reading, args=(self.process,), daemon=True).start()
        return self

    def _keep_reading(self, process):
        for line in process.stderr:
            self.lines.append(line.rstrip("\n"))

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process is None:
            return None
        self.process.terminate()
        status = self.process.wait(timeout=30)
        self.process = None
        return status

    def remove(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, token=None):
        env = {name: value for name, value in os.environ.items() if not name.startswith("HIKESHI_")}
        env.update(self.extra)
        if token is not None:
            env["HIKESHI_URL"] = self.url
            env["HIKESHI_TOKEN"] = token
        return env

    def run(self, *args, token=None, stdin=None, check=None):
        """A command: over the folder's socket, or with a token over HTTP."""
        args = [HIKESHI, *map(str, args)]
        if token is None:
            args += ["--data", str(self.data)]
        done = subprocess.run(args, input=stdin, text=True, capture_output=True, timeout=60,
                              env=self.environment(token))
        if check is not None:
            assert done.returncode == check, (args, done.returncode, done.stdout, done.stderr)
        return done

    def ok(self, *args, **kwargs):
        """A command that must succeed; its output."""
        return self.run(*args, check=0, **kwargs).stdout

    def document(self, *args, **kwargs):
        return json.loads(self.ok(*args, "--json", **kwargs))

    def token(self, user=None, role=None, service=None, tenant=None):
        """A token for a new person with that role (or a service)."""
        where = ["--tenant", tenant] if tenant else []
        if service:
            return self.ok("token", "create", "--service", service, "--role", role, *where).split()[-1]
        self.ok("user", "add", user, "--role", role, *where)
        return self.ok("token", "create", "--user", user, *where).split()[-1]

    def call(self, method, path, token=None, body=None, headers=None):
        host, port = self.url.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, token=None, **kwargs):
        return self.call("GET", path, token, **kwargs)

    def post(self, path, token=None, body=None, **kwargs):
        return self.call("POST", path, token, body, **kwargs)


def playing(playbooks):
    """An engine that runs these, {name: text}, for one tenant without plugins."""
    it = Engine("-")
    for name, text in playbooks.items():
        (it.folder / f"{name}.lua").write_text(text)
    files = ", ".join(f'"{it.folder}/{name}.lua"' for name in playbooks)
    it.config.write_text(f"return hikeshi {{ tenants = {{ main = {{ playbooks = {{ {files} }} }} }} }}")
    return it.start()


def alert(number=1, **fields):
    """A critical alert about an address of its own, so that it is no duplicate of another."""
    return {"title": "Password guessing", "category": "authentication", "severity": "critical",
            "time": "2026-01-01T00:00:00Z", "uid": f"uid-{number}",
            "src": {"ip": f"203.0.113.{number}"}} | fields
