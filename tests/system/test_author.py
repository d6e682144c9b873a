"""Tools for those who write playbooks: they work on files, and ask no engine."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

HIKESHI = os.environ["HIKESHI"]
SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
PLAYBOOKS = sorted(path for path in (SOURCE / "playbooks").glob("*.lua") if not path.name.endswith(".test.lua"))

PLAYBOOK = """return playbook { name = "greet", run = function(alert)
  local found, why = act.intel.lookup { ip = alert.src.ip }
  note(found and "found" or why)
end }
"""
TESTS = """test("it notes", function(t)
  t.on("intel.lookup", {})
  t.run { src = { ip = "192.0.2.7" } }
  t.noted "found"
end)
"""


def run(folder, *args):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HIKESHI_")}
    return subprocess.run([HIKESHI, *map(str, args)], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=60)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "greet.lua").write_text(PLAYBOOK)
    (tmp_path / "greet.test.lua").write_text(TESTS)
    return tmp_path


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_shipped_playbook_passes_its_tests_and_has_a_page(playbook):
    done = run(SOURCE, "playbook", "test", playbook, "--json")
    assert done.returncode == 0, done.stdout
    report = json.loads(done.stdout)
    assert report["ok"] and report["tests"] >= 3
    assert playbook.with_suffix(".md").read_text().startswith(f"# {playbook.stem}\n")


def test_shipped_tests_fit_the_plugins_of_the_library():
    done = run(SOURCE, "playbook", "test", "--config", "examples/library/hikeshi.lua", *PLAYBOOKS, "--json")
    assert done.returncode == 0, done.stdout
    assert all(file["is_checked"] for file in json.loads(done.stdout)["files"])
    assert done.stderr == ""


def test_calls_and_answers_are_held_against_schemas(folder):
    config = SOURCE / "examples/quickstart/hikeshi.lua"
    done = run(folder, "playbook", "test", "greet.lua", "--config", config)
    assert done.returncode == 1
    assert "with what the plugin can't give: its result does not follow its schema: known_good is missing" in done.stdout
    (folder / "greet.lua").write_text(PLAYBOOK.replace("ip = alert", "address = alert"))
    done = run(folder, "playbook", "test", "greet.lua", "--config", config)
    assert "greet.lua:2: the engine would refuse act.intel.lookup" in done.stdout and "address" in done.stdout
    (folder / "greet.lua").write_text(PLAYBOOK.replace("intel.lookup {", "intel.look {"))
    (folder / "greet.test.lua").write_text(TESTS.replace("intel.lookup", "intel.look"))
    assert 'there is no action "intel.look"' in run(folder, "playbook", "test", "greet.lua", "--config", config).stdout
    (folder / "greet.lua").write_text(PLAYBOOK.replace("lookup { ip = alert.src.ip }",
                                                       "lookup({ ip = alert.src.ip }, { expire = '4h' })"))
    (folder / "greet.test.lua").write_text(TESTS)
    assert 'unknown option "expire"' in run(folder, "playbook", "test", "greet.lua", "--config", config).stdout
    assert run(folder, "playbook", "test", "greet.lua", "--config", "none.lua").returncode == 3


def test_a_new_playbook_works_as_it_is(tmp_path):
    done = run(tmp_path, "playbook", "new", "block-it")
    assert done.returncode == 0 and done.stdout.split() == [
        "./block-it.lua", "./block-it.test.lua", "./.luarc.json", "./.luacheckrc", "./.luacats/hikeshi.lua"]
    config = SOURCE / "examples/quickstart/hikeshi.lua"
    assert run(tmp_path, "playbook", "check", "--strict", "--config", config, "block-it.lua").returncode == 0
    report = json.loads(run(tmp_path, "playbook", "test", "block-it.lua", "--config", config, "--json").stdout)
    assert report["ok"] and report["tests"] >= 5
    before = (tmp_path / "block-it.lua").read_text()
    assert '"block-it"' in before and "NAME" not in before
    done = run(tmp_path, "playbook", "new", "block-it")
    assert done.returncode == 1 and "is there already" in done.stderr
    assert (tmp_path / "block-it.lua").read_text() == before
    for name in ("Block", "../up", "", "x" * 64):
        assert run(tmp_path, "playbook", "new", name).returncode == 2
    assert run(tmp_path, "playbook", "new", "other", "--in", "no-folder").returncode == 1
    (tmp_path / "half.test.lua").write_text("mine")
    assert run(tmp_path, "playbook", "new", "half").returncode == 1
    assert not (tmp_path / "half.lua").exists()


def test_exit_statuses(folder):
    assert run(folder, "playbook", "test", "greet.lua").returncode == 0
    assert run(folder, "playbook", "test", "greet.test.lua").returncode == 0
    (folder / "greet.test.lua").write_text(TESTS.replace('"found"', '"lost"'))
    done = run(folder, "playbook", "test", "greet.lua")
    assert done.returncode == 1
    assert "greet.test.lua:4: expected note" in done.stdout and "greet.lua:2  act.intel.lookup" in done.stdout
    assert run(folder, "playbook", "test", "missing.lua").returncode == 3
    assert run(folder, "playbook", "test", "greet.txt").returncode == 1
    assert run(folder, "playbook", "test").returncode == 2
    assert run(folder, "playbook", "test", "greet.lua", "--format", "yaml").returncode == 2


def test_forms(folder):
    (folder / "greet.test.lua").write_text(TESTS + TESTS.replace("it notes", "it <fails>").replace('"found"', '"lost"'))
    report = json.loads(run(folder, "playbook", "test", "greet.lua", "--json").stdout)
    assert (report["ok"], report["tests"], report["failed"]) == (False, 2, 1)
    [first, second] = report["files"][0]["tests"]
    assert first["ok"] and first["line"] == 1 and first["steps"] == 2 and first["runs"] == 1
    assert second["where"] == "greet.test.lua:9" and "expected note" in second["failure"]
    tap = run(folder, "playbook", "test", "greet.lua", "--format", "tap").stdout.splitlines()
    assert tap[:2] == ["TAP version 13", "ok 1 - greet.test.lua: it notes"] and tap[-1] == "1..2"
    junit = run(folder, "playbook", "test", "greet.lua", "--format", "junit").stdout
    root = xml.etree.ElementTree.fromstring(junit.encode())
    assert [case.get("name") for case in root.iter("testcase")] == ["it notes", "it <fails>"]
    assert "lost" in root.find(".//failure").text


def test_only_some(folder):
    (folder / "greet.test.lua").write_text(TESTS + TESTS.replace("it notes", "other"))
    report = json.loads(run(folder, "playbook", "test", "greet.lua", "--only", "oth", "--json").stdout)
    assert [test["name"] for test in report["files"][0]["tests"]] == ["other"]


def test_what_a_file_holds_never_steers_the_terminal(folder):
    (folder / "greet.test.lua").write_text(TESTS.replace("it notes", "it \\27[2J notes").replace('"found"', '"\\27]0;x"'))
    done = run(folder, "playbook", "test", "greet.lua")
    assert done.returncode == 1 and "\x1b" not in done.stdout


def test_the_same_each_time(folder):
    first = json.loads(run(folder, "playbook", "test", "greet.lua", "--json").stdout)
    second = json.loads(run(folder, "playbook", "test", "greet.lua", "--json").stdout)
    for report in (first, second):
        for test in report["files"][0]["tests"]:
            del test["ms"]
    assert first == second


def test_waits_take_their_time_on_the_fake_clock(tmp_path):
    (tmp_path / "waits.lua").write_text("""return playbook { name = "waits", run = function()
      local begin, times = now(), {}
      local function passed() times[#times + 1] = now() - begin end
      wait "30m" passed() wait "09:00" passed() wait "2026-01-03T00:00:00+01:00" passed()
      wait "2025-01-01T00:00:00Z" passed() wait "business hours" passed()
      local came, why = wait(signal "go", "2h") passed()
      signal { to = "ru-1", name = "on" }
      return { times, tostring(came), why or "heard", wait(signal "then") } end }""")
    (tmp_path / "waits.test.lua").write_text("""test("it waits", function(t)
      t.on("signal then", t.after("1h", { by = "user-1" }))
      t.run {}
      t.returned { { 1800, 32400, 169200, 169200, 169200, 176400 }, "nil", "no signal came in time", { by = "user-1" } }
      t.did("signal", { to = "ru-1", name = "on" })
    end)
    test("it is told", function(t)
      t.on("signal then", true) t.on("signal go", { n = 1 })
      t.run {}
      t.returned { t.any, "table", "heard", true }
    end)""")
    done = run(tmp_path, "playbook", "test", "waits.lua")
    assert done.returncode == 0, done.stdout
    (tmp_path / "waits.test.lua").write_text('test("it is silent", function(t) t.run {} end)')
    assert 'say t.on("signal then", …)' in run(tmp_path, "playbook", "test", "waits.lua").stdout


def test_all_files_of_a_folder_may_be_named(folder):
    """A playbook and its tests, as *.lua names them: one is checked, the other run once."""
    both = ["greet.lua", "greet.test.lua"]
    checked = run(folder, "playbook", "check", *both)
    assert checked.returncode == 0 and checked.stdout.count("ok  greet") == 1, checked.stdout
    alone = run(folder, "playbook", "check", "greet.test.lua")
    assert alone.returncode == 2 and "playbook test" in alone.stderr
    once = json.loads(run(folder, "playbook", "test", "greet.lua", "--json").stdout)["tests"]
    assert once > 0
    assert json.loads(run(folder, "playbook", "test", *both, "--json").stdout)["tests"] == once


def test_check_finds_mistakes_before_they_run(folder):
    assert run(folder, "playbook", "check", "greet.lua").returncode == 0
    (folder / "bad.lua").write_text("""return playbook { name = "bad", run = function(alert)
  local found = act.intel.lookup { address = alert.src.ip }
  act.contain.block_ip { ip = total }
end }
""")
    done = run(folder, "playbook", "check", "bad.lua", "greet.lua")
    assert done.returncode == 1
    assert "bad.lua:3:31: error: there is no total in playbooks [unknown-name]\n    hint: " in done.stdout
    assert "bad.lua:3:3: warning: contain.block_ip does not say when it ends" in done.stdout
    assert "bad.lua: not ok  bad" in done.stdout and "greet.lua: ok  greet" in done.stdout
    config = SOURCE / "examples/quickstart/hikeshi.lua"
    done = run(folder, "playbook", "check", "bad.lua", "--config", config, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1 and document["name"] == "bad" and document["ok"] is False
    found = [(item["line"], item["column"], item["code"]) for item in document["findings"]]
    assert [item[:2] for item in found] == sorted(item[:2] for item in found)
    assert {(2, 36, "unknown-argument"), (2, 17, "unused-result"),
            (3, 31, "unknown-name"), (3, 3, "unused-result")} <= set(found)
    assert document["errors"] == 2


def test_a_warning_is_a_failure_when_asked_for(folder):
    (folder / "warn.lua").write_text("""return playbook { name = "warn", run = function()
  local _ = ask { question = "Is it yours?" }
end }
""")
    assert run(folder, "playbook", "check", "warn.lua").returncode == 0
    done = run(folder, "playbook", "check", "warn.lua", "--strict")
    assert done.returncode == 1 and "[ask-without-timeout]" in done.stdout
    broken = folder / "broken.lua"
    broken.write_text("return playbook {")
    done = run(folder, "playbook", "check", "broken.lua")
    assert done.returncode == 1 and "broken.lua:1:1: error: " in done.stdout and "broken.lua: not ok  -  " in done.stdout
    document = json.loads(run(folder, "playbook", "check", "broken.lua", "--json").stdout)
    assert not document["ok"] and [item["code"] for item in document["findings"]] == ["syntax"]
    assert run(folder, "playbook", "check", "missing.lua").returncode == 3


def test_shipped_playbooks_are_clean():
    done = run(SOURCE, "playbook", "check", "--strict", "--config", "examples/library/hikeshi.lua", *PLAYBOOKS)
    assert done.returncode == 0, done.stdout


def test_editors_learn_the_language_and_the_actions(tmp_path):
    config = SOURCE / "examples/quickstart/hikeshi.lua"
    assert run(tmp_path, "playbook", "new", "one", "--config", config).returncode == 0
    types = (tmp_path / ".luacats/hikeshi.lua").read_text()
    assert types == run(tmp_path, "playbook", "luacats", "--config", config).stdout
    assert "---@field block_ip fun(args: {ip: string" in types and "---@field contain hikeshi.act.contain" in types
    assert "known_good: boolean, known_bad: boolean, list: string, lists: ({" in types
    assert "fun(alert: hikeshi.alert, " in types and "\nretry = nil\n" in types
    assert "hikeshi.act.intel" not in run(tmp_path, "playbook", "luacats").stdout
    assert subprocess.run(["luac5.4", "-p", "-"], input=types, text=True, timeout=60).returncode == 0
    # what tests can call, and nothing else
    defined = set(re.findall(r"^(?:function )?t\.(\w+)", (SOURCE / "core/author/embed/test.lua").read_text(), re.M))
    told = types[types.index("---@class hikeshi.test\n"):types.index("test = nil")]
    assert set(re.findall(r"^---@field (\w+)", told, re.M)) == defined
    settings = json.loads((tmp_path / ".luarc.json").read_text())
    assert settings["runtime.version"] == "Lua 5.4" and settings["runtime.builtin"]["io"] == "disable"
    assert "string" not in settings["runtime.builtin"]
    (tmp_path / ".luarc.json").write_text("{}")
    assert run(tmp_path, "playbook", "new", "two").stdout.split() == ["./two.lua", "./two.test.lua"]
    assert (tmp_path / ".luarc.json").read_text() == "{}"


def test_luacheck_knows_what_playbooks_have(tmp_path):
    if shutil.which("luacheck") is None:
        pytest.skip("luacheck is not installed (cmake/deps.sh does it)")
    assert run(tmp_path, "playbook", "new", "one").returncode == 0
    assert subprocess.run(["luacheck", "-q", "."], cwd=tmp_path, timeout=60).returncode == 0
    (tmp_path / "two.lua").write_text("return playbook { run = function() return os.time() + strng.len('x') end }\n")
    done = subprocess.run(["luacheck", "-q", "."], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "os" in done.stdout and "strng" in done.stdout


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_can_be_drawn(playbook):
    graph = json.loads(run(SOURCE, "playbook", "graph", playbook, "--format", "json").stdout)
    assert graph["playbook"] == playbook.stem and graph["functions"][0]["name"] == "run"
    nodes = graph["functions"][0]["nodes"]
    assert nodes[0]["kind"] == "start" and any(node["kind"] == "step" for node in nodes)
    reached = {edge["to"] for edge in graph["functions"][0]["edges"]} | {nodes[0]["id"]}
    assert reached == {node["id"] for node in nodes}
    picture = run(SOURCE, "playbook", "graph", playbook, "--format", "svg").stdout
    root = xml.etree.ElementTree.fromstring(picture)
    assert len(root.findall(".//{http://www.w3.org/2000/svg}g")) == sum(len(f["nodes"]) for f in graph["functions"])
    assert run(SOURCE, "playbook", "graph", playbook).stdout.startswith(f'digraph "{playbook.stem}" {{')


def test_what_can_not_be_drawn_is_told(folder):
    assert run(folder, "playbook", "graph", "greet.lua", "--format", "png").returncode == 2
    assert run(folder, "playbook", "graph", "missing.lua").returncode == 3
    (folder / "odd.lua").write_text("local f = function() end\nreturn playbook { name = 'odd', run = f }")
    done = run(folder, "playbook", "graph", "odd.lua")
    assert done.returncode == 1 and "run is no function" in done.stderr


INNER = """return playbook { name = "inner", run = function(alert, args)
  wait "10m"
  local done, why = act.contain.block_ip({ ip = args.ip }, { expires = "1h" })
  if args.breaks then error("out of ideas") end
  if args.again then return call "outer" {} end
  return { blocked = done ~= nil, why = why, title = alert.title }
end }
"""
OUTER = """return playbook { name = "outer", run = function(alert, args)
  local begun = now()
  local got, why = call "inner" { ip = "192.0.2.7", breaks = args.breaks, again = args.again }
  return { got = got or why, after = now() - begun, note = args.note }
end }
"""


def test_what_is_called_is_run_or_answered_by_the_test(tmp_path):
    (tmp_path / "inner.lua").write_text(INNER)
    (tmp_path / "outer.lua").write_text(OUTER)
    (tmp_path / "outer.test.lua").write_text("""
local alert = { title = "an alert" }
test("it runs for real", function(t)
  t.use "inner.lua"
  t.on("contain.block_ip", { id = "co-1" })
  local run = t.run(alert, { note = "handed over" })
  t.returned { got = { blocked = true, title = "an alert" }, after = 600, note = "handed over" }
  t.did("contain.block_ip", { ip = "192.0.2.7" }, { expires = "1h" })
  t.order { "call inner", "wait", "contain.block_ip" }
  t.equal({ run.steps[1].playbook, run.steps[2].playbook }, { [2] = "inner" })
end)
test("or the test answers", function(t)
  t.use "inner.lua"
  t.on("call inner", t.fails "no such thing")
  t.run(alert)
  t.returned { got = "no such thing", after = 0 }
end)
test("its error is a reason", function(t)
  t.use "inner.lua"
  t.on("contain.block_ip", true)
  t.run(alert, { breaks = true })
  t.returned { got = t.has "inner.lua:4: out of ideas", after = 600 }
  t.returned { got = t.has "called from", after = 600 }
end)
test("it can't call itself", function(t)
  t.use "inner.lua"
  t.use "outer.lua"
  t.on("contain.block_ip", true)
  t.run(alert, { again = true })
  t.returned { got = true, after = 600 }
end)
test("what holds it up holds its caller up", function(t)
  t.use "inner.lua"
  t.on("contain.block_ip", t.unknown())
  t.run(alert)
  t.held()
end)
""")
    (tmp_path / "inner.test.lua").write_text("""
test("what a caller hands over", function(t)
  t.on("contain.block_ip", t.denies "rule 1: no")
  t.run({ title = "x" }, { ip = "198.51.100.7" })
  t.did("contain.block_ip", { ip = "198.51.100.7" })
  t.returned { blocked = false, why = "denied by rule 1: no", title = "x" }
end)
""")
    done = run(tmp_path, "playbook", "test", "outer.lua", "inner.lua")
    assert done.returncode == 0, done.stdout
    done = run(tmp_path.parent, "playbook", "test", f"{tmp_path.name}/outer.lua")   # files are beside the test
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("test, told", [
    ("t.run {}", 'say t.on("call inner", …), or t.use "inner.lua" to run it'),
    ('t.use "missing.lua" t.run {}', "t.use: cannot open missing.lua"),
    ('t.use "x.test.lua" t.run {}', "x.test.lua:1:"),
    ("t.run({}, 7)", "what a caller hands over is a table with names"),
    ("t.run({}, { 1, 2 })", "what a caller hands over is a table with names"),
    ('t.use "inner.lua" t.run {}', "inner.lua:3: the test has no answer to act.contain.block_ip"),
])
def test_what_is_wrong_with_a_call_in_a_test_is_told(tmp_path, test, told):
    (tmp_path / "inner.lua").write_text(INNER)
    (tmp_path / "x.lua").write_text(OUTER)
    (tmp_path / "x.test.lua").write_text(f'test("calls", function(t) {test} end)')
    done = run(tmp_path, "playbook", "test", "x.lua")
    assert done.returncode == 1 and told in done.stdout and "x.test.lua:1" in done.stdout, done.stdout


# What people get wrong: the body of run, or with a "return playbook" the whole file; where, and a part of what is told.
MISTAKES = [
    ("act.intel.lokup { ip = 'x' }", "2:1: error: no plugin has intel.lokup", "is intel.lookup meant?"),
    ("esclate { text = 'x' }", "2:1: error: there is no esclate", "is escalate meant?"),
    ("local a, b = act.intel.lookup 'x' return a or b", "2:31: error: intel.lookup takes a table with names", "write { name"),
    ("local a, b = act.intel.lookup { addr = 'x' } return a or b", "2:33: error: intel.lookup takes no addr", "hint: "),
    ("local a, b = act.intel.lookup { ip = 7 } return a or b", "2:38: error: intel.lookup: ip is to be of type string", ""),
    ("note('x' .. secret 'k')", "2:13: error: a secret may only stand in", "hand it to an action"),
    ("return close 'true_positive'", "2:14: error: close takes a table with names", "close { verdict"),
    ("return close { verdict = 'malicious' }", "2:26: error: there is no such verdict", "true_positive"),
    ("print(alert.title)", "2:1: error: there is no print", "note(…) writes"),
    ("return os.time()", "2:8: error: there is no os", "now() is the clock"),
    ("count = 1", "2:1: error: the global count can't be set", "declare it with local"),
    ("wait(30)", "2:6: error: wait: a number is no duration", "30m"),
    ("note('x' .. alert.user)", "2:13: error: alert.user is a table", "is alert.user.name meant?"),
    ("return together { a = act.intel.lookup { ip = 'x' } }", "2:23: error: together takes functions", "function() return"),
    ("return call 'containbruteforce' {}", "2:13: error: the tenant has no playbook", "is contain-bruteforce meant?"),
    ("return call 'x' {}", "2:13: error: the playbook calls itself", "the engine refuses it"),
    ("return call('contain-bruteforce', {})", "2:8: error: call takes the name alone", "without a comma"),
    ("if alert.title then\n note 'x'", "4:1: error: unexpected symbol near '}'", "has no end before this"),
    ("if alert.count != 1 then end", "2:1: error: 'then' expected near '!'", "~="),
    ("playbook { name = 'x', run = function() end }", "1:1: error: the file does not return", "return playbook"),
    ("return playbook { name = 'x' run = function() end }", "1:1: error: '}' expected", "a comma is missing"),
    ("return playbook { name = 'x', on = { src = 'y' }, run = function() end }", "1:1: error: on: \"src\" is no field",
     '["src.ip"]'),
    ("return playbook { name = 'x', run = 'y' }", "1:1: error: playbook: run must be a function", "function(alert)"),
    ("return { name = 'x' }", "1:1: error: a playbook's text must return playbook", "return playbook {"),
]


@pytest.mark.parametrize("code, told, hint", MISTAKES, ids=[mistake[0][:40] for mistake in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_a_hint(tmp_path, code, told, hint):
    whole = "playbook {" in code or code.startswith("return {")
    (tmp_path / "x.lua").write_text(code if whole else
                                    f"return playbook {{ name = 'x', run = function(alert)\n{code}\nend }}\n")
    config = SOURCE / "examples/quickstart/hikeshi.lua"
    done = run(tmp_path, "playbook", "check", "x.lua", "--config", config)
    assert done.returncode == 1 and "x.lua:" + told in done.stdout and hint in done.stdout, done.stdout


def test_playbooks_that_are_checked_together_can_call_each_other(tmp_path):
    (tmp_path / "one.lua").write_text("return playbook { name = 'one', run = function() return call 'two' {} end }\n")
    (tmp_path / "two.lua").write_text("return playbook { name = 'two', run = function() end }\n")
    config = SOURCE / "examples/quickstart/hikeshi.lua"
    assert "[unknown-playbook]" in run(tmp_path, "playbook", "check", "one.lua", "--config", config).stdout
    assert run(tmp_path, "playbook", "check", "one.lua", "two.lua", "--config", config).returncode == 0
    assert run(tmp_path, "playbook", "check", "one.lua").returncode == 0   # nothing is known
