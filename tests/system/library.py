"""The library of playbooks in force as examples/library has it, with servers that are really there: a directory over
HTTP, and a mail server. And people who answer what is asked."""

import http.server
import json
import re
import shutil
import threading

from engine import SOURCE, Engine
from waiting import until

EXAMPLE = SOURCE / "examples" / "library"
PLAYBOOKS = sorted(path.stem for path in (SOURCE / "playbooks").glob("*.lua") if not path.name.endswith(".test.lua"))
ENDED = ("finished", "failed", "diverged", "unknown", "cancelled")


class Directory:
    """GET /api/users/NAME gives the manager of whom it knows."""

    def __init__(self, managers):
        self.asked = []
        there = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                there.asked.append(self.path)
                name = self.path.removeprefix("/api/users/")
                if name in managers:
                    self.answer(200, {"manager": managers[name]})
                else:
                    self.answer(404, {"error": "nobody of that name"})

            def do_HEAD(self):
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def config(port, mail_port, change=lambda text: text):
    """The example's text with servers of the test in place of those that it names."""
    text = (EXAMPLE / "hikeshi.lua").read_text()

    def put(old, new):
        nonlocal text
        assert old in text, old
        text = text.replace(old, new)
    put('"../../playbooks/"', f'"{SOURCE}/playbooks/"')
    put('"./lists', f'"{EXAMPLE}/lists')
    put('"read:./lists"', f'"read:{EXAMPLE}/lists"')
    put('url = "https://directory.corp.example/api/"', f'url = "http://127.0.0.1:{port}/api/", cleartext = true')
    put('"net-private:directory.corp.example:443"', f'"net:127.0.0.1:{port}"')
    put("port = 25", f"port = {mail_port}")
    put('notices = { ', 'notices = { gather = "1s", burst = 50, ')
    return change(text)


def without_people(text):
    """Nobody is told: what is asked stands on the pages."""
    return re.sub(r"      -- Who is told, and how\..*?\n      notices = [^\n]*\n", "", text, flags=re.DOTALL)


class Library(Engine):
    def __init__(self, directory_port, mail_port, change=lambda text: text):
        super().__init__(config(directory_port, mail_port, change))
        self.people = {}

    def begin(self):
        self.start()
        for name, role in (("analyst-1", "approver"), ("duty-officer", "approver"), ("manager-1", "analyst")):
            self.people[name] = self.token(user=name, role=role)
        self.sensor = self.token(service="sensor-1", role="analyst")
        self.reader = self.token(service="firewall-1", role="viewer")
        return self

    def of(self, path):
        answer = self.get(path, self.people["analyst-1"])
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def items(self, collection, query=""):
        found, after = [], ""
        while True:
            page = self.of(f"/v1/{collection}?limit=500{query}{after}")
            found += page["items"]
            if not page.get("next"):
                return found
            after = f"&after={page['next']}"

    def listed(self, name):
        answer = self.get(f"/lists/main/edl/{name}.txt", self.reader)
        assert answer.status == 200, answer.body
        return answer.body.decode().split()

    def send(self, **alert):
        answer = self.post("/v1/alerts", self.sensor, json.dumps(alert), headers={"Content-Type": "application/json"})
        assert answer.status == 202 and answer.json["accepted"] == 1, answer.body
        return answer.json["alerts"][0]["id"]

    def decide(self, gate, answer, who="analyst-1"):
        """answer: a choice, True (approve), or False (reject)."""
        body = {"decision": "approve" if answer else "reject", "digest": gate["digest"], "reason": "seen"}
        if answer not in (True, False):
            body["choice"] = answer
        given = self.post(f"/v1/approvals/{gate['id']}/decision", self.people[who], body)
        assert given.status in (200, 409), (gate, given.status, given.body)

    def see_through(self, alert, answers):
        """Answer what is asked about until all has ended: [(part of the question or action, answer, who)]. Its runs."""
        asked = []

        def ended():
            for gate in self.items("approvals", "&state=pending"):
                what = f"{gate['action']} {gate['summary']}"
                match = next((item for item in answers if item[0] in what), None)
                assert match is not None, f"nobody expected to be asked: {what}"
                asked.append(what)
                self.decide(gate, *match[1:])
            runs = [run for run in self.items("runs") if run["alert"] == alert]
            return runs if runs and all(run["state"] in ENDED for run in runs) else None
        runs = until(ended, f"the end of the runs of {alert}")
        assert {run["state"] for run in runs} == {"finished"}, [self.of(f"/v1/runs/{run['id']}") for run in runs]
        for part, *_ in answers:
            assert any(part in what for what in asked), f"nobody was asked: {part}"
        return {run["playbook"]: run for run in runs}

    def case_of(self, alert):
        case = self.of(f"/v1/alerts/{alert}")["case"]
        return None if case is None else self.of(f"/v1/cases/{case}")


def copy_example(folder):
    """The example with its neighbours, as an operator copies it."""
    for name in ("examples", "playbooks"):
        shutil.copytree(SOURCE / name, folder / name)
    return folder / "examples" / "library" / "hikeshi.lua"
