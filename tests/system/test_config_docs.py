"""The pages about the configuration name every key that the code knows, and none that it doesn't."""

import os
import pathlib
import re

SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
PAGES = [SOURCE / "sdk" / "docs" / name for name in ("configuration.md", "sources.md")]
# Where the configuration is read. Mappings, plugins' options and playbooks have pages of their own.
READERS = sorted((SOURCE / "core" / "app").glob("settings*.c")) + sorted((SOURCE / "core" / "authority").glob("*.c")) + [
    SOURCE / "core" / "engine" / f"{name}.c"
    for name in ("channels", "contacts", "entity", "fallback", "gap_watch", "retire", "tenant")] + [
        SOURCE / "core" / "login" / "policy.c"]
TABLE = re.compile(r"\bchar \*const (?:\w*_)?keys\[\]\s*=\s*\{(.*?)\};", re.DOTALL)
SPELLED = re.compile(r'strcmp\(value->key, "(\w+)"\)')  # login's reader goes by the key
NOT_KEYS = {"at_least"}  # made by a function of the language: at_least "high"


def known():
    keys = set()
    for file in READERS:
        text = file.read_text()
        for table in TABLE.findall(text):
            keys |= set(re.findall(r'"(\w+)"', table))
        if file.name == "policy.c":
            keys |= set(SPELLED.findall(text))
    return keys - NOT_KEYS


def rows():
    """First columns of the tables of keys: those whose head begins with `key` or names a scheme's further keys."""
    for page in PAGES:
        head = None
        for line in page.read_text().splitlines():
            if not line.startswith("|"):
                head = None
                continue
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            head = head or cells[0]
            if head.startswith("key") and cells[0] != head and not cells[0].startswith("---"):
                yield from re.findall(r"`([^`]+)`", cells[0])


def test_the_readers_are_found():
    """Should tables be written in another way, this file would see nothing."""
    assert {"tenants", "sources", "authority", "quorum", "join_by", "decide_by", "escalate_to", "windows"} - known() == {
        "windows"}
    assert len(known()) > 80


def test_what_the_code_knows_is_on_a_page():
    text = "\n".join(page.read_text() for page in PAGES)
    named = {word for quoted in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\w+", quoted)}
    in_tables = {row.rsplit(".", 1)[-1] for row in rows()}
    assert not known() - named, sorted(known() - named)
    # What a table could have named and doesn't is said where its parent is explained.
    elsewhere = known() - in_tables
    assert elsewhere <= BESIDE_TABLES, sorted(elsewhere - BESIDE_TABLES)


# Explained in the row of the key that holds them, or in a sentence.
BESIDE_TABLES = {
    "auth", "scheme", "secret", "header", "prefix", "encoding", "time_header", "id_header", "signs",  # of webhooks, by scheme
    "from", "days", "outside",  # of hours
    "every",  # of verify and ready
    "per_hour",  # of budgets
    "digest",  # the row names what it holds
}


def test_what_a_page_names_is_known():
    for row in rows():
        assert row.rsplit(".", 1)[-1] in known(), row
