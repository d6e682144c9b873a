"""The configuration: what is wrong is named with its file and line."""

import pytest

from engine import Engine

BROKEN = {
    # what is wrong, the line, and words of the error
    "an unknown key": ("return hikeshi {\n tenants = {\n  main = {\n   plugins = {\n    edl = { fil = 1 },\n"
                       "   },\n  },\n },\n}\n", 5, "tenants.main.plugins.edl.fil: there is no such key"),
    "a wrong word in a rule": ("return hikeshi {\n tenants = { main = { authority = {\n  { kind = 'contain',\n"
                               "    outcome = 'perhaps' } } } } }\n", 4, "authority[0].outcome: perhaps is none of"),
    "a duration that is none": ("return hikeshi { tenants = { main = { lease = {\n default = '1h',\n"
                                " max = '4 weeks' } } } }\n", 3, "lease.max: \"4 weeks\" is not a duration"),
    "a number for a duration": ("return hikeshi { tenants = { main = {\n dedupe = {\n  window = 1 } } } }\n", 3,
                                "dedupe.window: expected a duration"),
    "a playbook that isn't there": ("return hikeshi { tenants = { main = {\n playbooks = {\n  'none.lua' } } } }\n",
                                    3, "tenants.main.playbooks[0]"),
    "a syntax error": ("return hikeshi {\n tenants = { main = { = 1 } }\n}\n", 2, "unexpected symbol"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_is_named_by_check_and_by_serve(what):
    text, line, words = BROKEN[what]
    it = Engine(text)
    try:
        for command in (["config", "check", it.config], ["serve", "--config", it.config]):
            done = it.run(*command)
            assert done.returncode in (1, 3), done
            assert f"hikeshi.lua:{line}: " in done.stderr, done.stderr
            assert words in done.stderr, done.stderr
            assert len(done.stderr.splitlines()) == 1
    finally:
        it.remove()
