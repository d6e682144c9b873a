#!/usr/bin/python3
"""Run clang-tidy over the compile database, again only for what has changed.

Usage: cmake/tidy.py BUILD [FILE...]

What passed is remembered in BUILD/tidy/ under a hash of the file, every header of ours that it includes, its compile
command and the checks. With FILEs, only those are looked at.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = [ROOT / ".clang-tidy", ROOT / "tests/.clang-tidy"]


def key_of(entry):
    """Hash all that the verdict on one file depends on; None when it doesn't even preprocess."""
    command = [word for word in shlex.split(entry["command"]) if not word.endswith("ccache")]
    out = command.index("-o")
    command = command[:out] + command[out + 2:]
    deps = subprocess.run(command + ["-MM"], cwd=entry["directory"], capture_output=True, text=True)
    if deps.returncode != 0:
        return None
    digest = hashlib.sha256("\0".join(command).encode())
    files = deps.stdout.replace("\\\n", " ").split(":", 1)[1].split()
    for name in sorted(files) + CONFIG:
        path = pathlib.Path(entry["directory"], name)
        digest.update(b"\0" + str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def check(build, entry):
    key = key_of(entry)
    mark = build / "tidy" / (key or "none")
    if key and mark.exists():
        return True, ""
    run = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), entry["file"]],
                         capture_output=True, text=True)
    if run.returncode == 0 and key:
        mark.touch()
    said = run.stdout
    if run.returncode != 0 and not said.strip():
        said = run.stderr
    return run.returncode == 0, said


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    only = {str(pathlib.Path(name).resolve()) for name in sys.argv[2:]}
    (build / "tidy").mkdir(exist_ok=True)
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"]).resolve()
        if path.is_relative_to(build) or (only and str(path) not in only):
            continue
        entries.setdefault(str(path), entry)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda entry: check(build, entry), entries.values())
        for name, (passed, said) in zip(entries, results):
            if not passed:
                failed.append(name)
                print(said, flush=True)
    print(f"clang-tidy: {len(entries)} files, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
