#!/usr/bin/python3
"""Print the line coverage of core/, plugins/ and sdk/. Usage: cmake/coverage.py BUILD"""

import json
import pathlib
import subprocess
import sys

build = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parent.parent
lines = {}  # file -> line -> was it ever run
for notes in sorted(build.rglob("*.gcno")):
    out = subprocess.run(["gcov", "--json-format", "--stdout", str(notes)], cwd=build, check=True,
                         capture_output=True, text=True).stdout
    for document in out.splitlines():
        if not document.strip():
            continue
        for file in json.loads(document)["files"]:
            path = (build / file["file"]).resolve()
            if not path.is_relative_to(root) or path.is_relative_to(build):
                continue
            name = str(path.relative_to(root))
            if name.split("/")[0] not in ("core", "plugins", "sdk"):
                continue
            seen = lines.setdefault(name, {})
            for line in file["lines"]:
                number = line["line_number"]
                seen[number] = seen.get(number, False) or line["count"] > 0

total = covered = 0
for name, seen in sorted(lines.items()):
    hit = sum(seen.values())
    total += len(seen)
    covered += hit
    print(f"{100 * hit / max(1, len(seen)):6.1f} %  {hit:5d} of {len(seen):5d}  {name}")
print(f"{100 * covered / max(1, total):6.1f} %  {covered:5d} of {total:5d}  all")
