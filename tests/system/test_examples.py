"""The configurations in examples/ are read as they stand there, after what their README tells an operator to do."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

HIKESHI = os.environ["HIKESHI"]
SOURCE = pathlib.Path(os.environ["HIKESHI_SOURCE"])
EXAMPLES = ("demo", "library", "provider", "quickstart")


def check(file):
    return subprocess.run([HIKESHI, "config", "check", file], capture_output=True, text=True, timeout=60)


@pytest.fixture
def copy(tmp_path):
    for name in ("examples", "playbooks"):
        shutil.copytree(SOURCE / name, tmp_path / name)
    return tmp_path / "examples"


def blocks_of(readme):
    """Its shell blocks, also those within a list."""
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE)
            for block in re.findall(r"^ *```sh\n(.*?)^ *```$", readme.read_text(), re.MULTILINE | re.DOTALL)]


def make_secrets(folder):
    block = next(block for block in blocks_of(folder / "README.md") if "secrets/" in block)
    subprocess.run(["bash", "-eu", "-c", block], cwd=folder, check=True, timeout=60)


def test_every_example_is_tested_here():
    assert {path.parent.name for path in (SOURCE / "examples").glob("*/hikeshi.lua")} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_configuration_is_good(copy, name):
    if name == "provider":
        make_secrets(copy / name)
    done = check(copy / name / "hikeshi.lua")
    assert done.returncode == 0, done.stderr


def test_the_provider_needs_its_secrets_and_keeps_them_private(copy):
    file = copy / "provider" / "hikeshi.lua"
    done = check(file)
    assert done.returncode != 0 and "secrets/" in done.stderr
    make_secrets(file.parent)
    (file.parent / "secrets" / "mail").chmod(0o644)
    done = check(file)
    assert done.returncode != 0 and "secrets/mail" in done.stderr


def test_the_commands_of_their_readmes_are_there():
    """Each is one that the program knows, with the options that it names."""
    checked = 0
    for readme in (SOURCE / "examples").glob("*/README.md"):
        assert not re.search(r"(?<!/)\bhikeshi --", readme.read_text())  # options stand behind the command
        for line in re.findall(r"\bhikeshi ((?:[a-z]+ )*[^`\n]*)", readme.read_text()):
            words = [word for word in re.split(r"[\s;)]+", line) if word]
            if not words or words[0] not in COMMANDS:
                continue
            command = words[:2] if " ".join(words[:2]) in COMMANDS[words[0]] else words[:1]
            usage = subprocess.run([HIKESHI, *command, "--help"], capture_output=True, text=True, timeout=60)
            assert usage.returncode == 0, (readme, line)
            for option in re.findall(r"(--[a-z-]+)", line.split("  ")[0]):
                assert option in usage.stdout, (readme, line, option)
            checked += 1
    assert checked > 20


def commands():
    listed = subprocess.run([HIKESHI, "help"], capture_output=True, text=True, timeout=60, check=True).stdout
    found = {}
    for line in listed.splitlines():
        if line.startswith("  "):
            name = re.split(r"\s{2,}", line.strip())[0]
            words = [word for word in name.split() if word.islower()]
            found.setdefault(words[0], set()).add(" ".join(words[:2]))
    return found


COMMANDS = commands()


def test_every_command_is_where_an_operator_would_look():
    pages = [SOURCE / "README.md", *(SOURCE / "sdk" / "docs").glob("*.md"), *(SOURCE / "examples").glob("*/README.md")]
    text = " ".join(" ".join(page.read_text().split()) for page in pages)
    missing = [name for names in COMMANDS.values() for name in names
               if not re.search(rf"(hikeshi |`){name}\b", text)]
    assert not missing, missing


def test_no_link_of_the_docs_is_broken():
    pages = [SOURCE / "README.md", *(SOURCE / "sdk" / "docs").glob("*.md"), *(SOURCE / "examples").glob("*/README.md"),
             *(SOURCE / "core").glob("*.md")]
    for page in pages:
        text = page.read_text()
        for name, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]+)?\)", text):
            there = page.parent / name if name else page
            assert there.exists(), (page.name, name)
            heads = {"#" + re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
                     for head in re.findall(r"^#+ (.+)$", there.read_text(), re.MULTILINE)} if anchor else {anchor}
            assert anchor in heads, (page.name, name, anchor)


def test_the_mapping_of_the_docs_maps_its_message(tmp_path):
    text = (SOURCE / "sdk" / "docs" / "mapping.md").read_text()
    (tmp_path / "door.json").write_text(re.search(r"```json\n(.*?)```", text, re.DOTALL).group(1))
    (tmp_path / "line.txt").write_text(re.search(r"```\n(<134>.*?)```", text, re.DOTALL).group(1))

    def run(*args):
        done = subprocess.run([HIKESHI, "mapping", *args], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("check", "door.json")
    said = " ".join(run("try", "line.txt", "--mapping", "door.json").split())
    for words in ("mapping door", "title Door north: forced by clerk-1", "severity high", "name clerk-1", "host gate",
                  "place loading dock"):
        assert words in said, said
