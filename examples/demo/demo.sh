#!/bin/bash
# The main job of Hikeshi, from an attack to a verified record. Usage: examples/demo/demo.sh [BUILD_DIR]
# On a terminal a person decides; without one the demo decides by itself and exits 0 when all went well.
set -euo pipefail

build=${1:-build}
if [ ! -x "$build/hikeshi" ]; then
    echo "demo: there is no $build/hikeshi: run make build first" >&2
    exit 1
fi
exec /usr/bin/python3 "$(dirname "$0")/demo.py" "$(realpath "$build")"
