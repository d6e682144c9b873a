"""The library bound to the packet filter in place of the list: the same playbooks, and packets that really stop."""

import pytest

import netlab
from library import Directory, Library, without_people
from waiting import until

needs_netns = pytest.mark.skipif(not netlab.is_permitted(), reason="network namespaces can't be made by this user here")


@needs_netns
def test_a_guesser_is_cut_off_and_let_go_with_its_case():
    lab, directory, attacker = netlab.Lab(), Directory({}), netlab.address("attacker")

    def bind(text):
        """As the comments in the example say."""
        for old, new in (('"edl.block_ip", -- or "nftables.block", with "nftables.unblock" below', '"nftables.block",'),
                         ('"edl.unblock_ip"', '"nftables.unblock"'),
                         ('-- nftables = { grants = { "net_admin" } },',
                          'nftables = { grants = { "net_admin:%s" } },' % lab.router)):
            assert old in text, old
            text = text.replace(old, new)
        return without_people(text)

    engine = Library(directory.port, 25, bind)
    try:
        lab.start()
        engine.begin()
        assert lab.reaches("attacker")
        alert = engine.send(title="guessed passwords", category="authentication", severity="critical", src={"ip": attacker})
        engine.see_through(alert, [("nftables.block", True)])
        assert not lab.reaches("attacker") and lab.reaches("neighbour")
        engine.ok("case", "release", engine.case_of(alert)["id"], "--reason", "the exercise is over")
        until(lambda: lab.reaches("attacker"), "the attacker to be let go")
        assert engine.stop() == 0
    finally:
        engine.remove()
        directory.close()
        lab.stop()
