"""sdk/docs/reference.md is what the source gives, and each example in it runs as it stands there."""

import json
import os
import pathlib
import subprocess

import pytest

HIKESHI = os.environ["HIKESHI"]
SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])

# Every plugin that an example calls; nothing is sent to anybody.
CONFIG = """return hikeshi {
  tenants = { main = {
    secrets = { ["ticket-token"] = "./token" },
    plugins = {
      intel = {},
      edl = {},
      http = {
        options = { hosts = { tickets = { url = "https://tickets.example/", allow = { "tell" } } } },
        grants = { "net:tickets.example:443" },
      },
    },
    capabilities = { ["contain.block_ip"] = "edl.block_ip" },
  } },
}
"""

ALERT = """local alert = {
  title = "an alert", category = "identity", severity = "high", src = { ip = "192.0.2.7" },
  user = { name = "user-1" }, device = { host = "host-1" },
  raw = { body = "from 192.0.2.7 and 198.51.100.1", asked_by = "ru-1" },
}
"""


def run(folder, *args):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HIKESHI_")}
    return subprocess.run([HIKESHI, "playbook", *map(str, args)], cwd=folder, env=environment, capture_output=True,
                          text=True, timeout=120)


@pytest.fixture(scope="module")
def reference():
    done = run(SOURCE, "reference", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def examples(reference, tmp_path_factory):
    """A folder with a playbook and a test for each example."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "hikeshi.lua").write_text(CONFIG)
    (folder / "called.lua").write_text("return playbook { name = 'block-indicators', run = function() end }")
    (folder / "token").touch(mode=0o600)
    (folder / "token").write_text("not a real one")
    for term in reference["terms"]:
        name = "example-" + term["name"].replace("_", "-").replace(".", "-")
        if "values" in term:
            code = f"return playbook {{ name = '{name}', run = function() note 'nothing' end }}\n"
            test = "\n".join(f"t.equal({value['code']}, {value['gives']})" for value in term["values"])
        elif "file" in term:
            code, test = term["file"] + "\n", term["test"]
        else:
            code = f"return playbook {{ name = '{name}', run = function(alert, args)\n{term['code']}\nend }}\n"
            test = term["test"]
        (folder / f"{name}.lua").write_text(code)
        (folder / f"{name}.test.lua").write_text(f"{ALERT}test('{term['name']}', function(t)\n{test}\nend)\n")
    return folder


def test_the_page_is_what_the_source_gives():
    done = run(SOURCE, "reference")
    assert done.returncode == 0, done.stderr
    committed = (SOURCE / "sdk/docs/reference.md").read_text(encoding="utf-8")
    assert done.stdout == committed, "make it anew: build/hikeshi playbook reference >sdk/docs/reference.md"


def test_each_term_says_what_it_gives_and_shows_it(reference):
    page = (SOURCE / "sdk/docs/reference.md").read_text(encoding="utf-8")
    names = [term["name"] for term in reference["terms"]]
    assert len(names) >= 39 and names == sorted(names)
    for term in reference["terms"]:
        assert term["gives"] and ("values" in term or "test" in term), term["name"]
        assert f"\n### `{term['name']}`\n" in page
    assert all(limit["value"] > 0 and limit["then"] for limit in reference["limits"])


def test_examples_are_clean(examples):
    files = sorted(path for path in examples.glob("example-*.lua") if not path.name.endswith(".test.lua"))
    assert len(files) >= 39
    done = run(examples, "check", "--strict", "--config", "hikeshi.lua", "called.lua", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_examples_run(examples):
    done = run(examples, "test", "--config", "hikeshi.lua", *sorted(examples.glob("*.test.lua")), "--json")
    failed = [item for file in json.loads(done.stdout)["files"] for item in file.get("tests", [file])
              if not item.get("ok")]
    assert done.returncode == 0, json.dumps(failed, indent=1)


def test_what_is_listed_is_what_the_engine_takes(reference, tmp_path):
    """Words of the lists are taken, others are not."""
    def is_taken(code):
        (tmp_path / "x.lua").write_text(f"return playbook {{ {code} }}\n")
        (tmp_path / "x.test.lua").write_text("test('runs', function(t) t.run {} end)")
        return run(tmp_path, "test", "x.lua").returncode == 0

    def tries(template, words):
        assert all(is_taken(template % word) for word in words)
        assert not is_taken(template % "nothing_such")

    tries("name = 'x', run = function() close { verdict = '%s' } end", [item["name"] for item in reference["verdicts"]])
    tries("name = 'x', run = function() case { phase = '%s' } end", [item["name"] for item in reference["phases"]])
    tries("name = 'x', on = { ['%s'] = 'low' }, run = function() end", reference["trigger_fields"])
    tries("name = 'x', on = { severity = at_least '%s' }, run = function() end", reference["severities"])


def test_other_forms_are_refused():
    done = run(SOURCE, "reference", "--format", "html")
    assert done.returncode == 2 and "md or json" in done.stderr
    assert run(SOURCE, "reference", "--json").stdout == run(SOURCE, "reference", "--format", "json").stdout
