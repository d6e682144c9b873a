#!/bin/bash
# Run each libFuzzer target for a while. Usage: cmake/fuzz.sh BUILD SECONDS
set -euo pipefail

build=$1
seconds=$2
source=$(cd "$(dirname "$0")/.." && pwd)
failed=()
found=0
mkdir -p "$build/crashes"
for target in "$build"/tests/fuzz/fuzz_*; do
    [ -x "$target" ] || continue
    found=$((found + 1))
    name=$(basename "$target")
    corpora=("$build/corpus/$name")
    mkdir -p "${corpora[0]}"
    [ -d "$source/tests/fuzz/corpus/$name" ] && corpora+=("$source/tests/fuzz/corpus/$name")
    options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1)
    [ -f "$source/tests/fuzz/$name.dict" ] && options+=(-dict="$source/tests/fuzz/$name.dict")
    echo "== $name, $seconds s"
    if ! "$target" "${options[@]}" -artifact_prefix="$build/crashes/$name-" "${corpora[@]}" \
        >"$build/$name.out" 2>&1; then
        failed+=("$name")
        tail -n 60 "$build/$name.out"
    else
        grep -E 'number_of_executed_units|new_units_added' "$build/$name.out" || true
    fi
done
if [ "$found" -eq 0 ]; then
    echo "fuzz: no targets in $build/tests/fuzz" >&2
    exit 1
fi
if [ ${#failed[@]} -gt 0 ]; then
    echo "fuzz: failed: ${failed[*]}; inputs are in $build/crashes" >&2
    exit 1
fi
