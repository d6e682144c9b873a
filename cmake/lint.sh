#!/bin/bash
# All static checks. Usage: cmake/lint.sh [FILE...]      with FILEs, only those are looked at
# Every check runs, also after one has failed; the exit status is 1 if any did.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${HK_LINT_BUILD:-build-lint}
if [ $# -gt 0 ]; then
    files=("$@")
elif git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    mapfile -t files < <(git ls-files)
else
    mapfile -t files < <(find . -path './build*' -prune -o -type f -printf '%P\n' | sort)
fi
sources=()
compiled=()
scripts=()
for file in "${files[@]}"; do
    [ -f "$file" ] || continue
    case $file in
    # Tests are compiled with every warning as an error and run under the sanitizers; the slow
    # analyzers look at what is shipped.
    tests/*.c) sources+=("$file") ;;
    *.c) sources+=("$file") compiled+=("$file") ;;
    *.h) sources+=("$file") ;;
    *.sh) scripts+=("$file") ;;
    *.*/* | *.*) [[ $file == .ci/* ]] && scripts+=("$file") ;;
    *) head -c 64 "$file" | head -n 1 | grep -aqE '^#!.*\b(ba)?sh$' && scripts+=("$file") ;;
    esac
done

failed=()
step() {
    local name=$1
    shift
    echo "== $name"
    "$@" || failed+=("$name")
}

step layering /usr/bin/python3 tests/layering.py
if [ ${#sources[@]} -gt 0 ]; then
    step clang-format clang-format --dry-run -Werror "${sources[@]}"
fi
if [ ${#scripts[@]} -gt 0 ]; then
    step shellcheck shellcheck "${scripts[@]}"
fi
if [ ${#compiled[@]} -gt 0 ]; then
    mkdir -p "$build/cppcheck"
    step cppcheck cppcheck --quiet --std=c11 --enable=warning,performance,portability \
        --inline-suppr --suppressions-list=cmake/cppcheck.txt --error-exitcode=1 \
        --cppcheck-build-dir="$build/cppcheck" -j "$(nproc)" -D_GNU_SOURCE -DHK_VERSION='""' \
        -I core -I sdk/include -I tests/unit "${compiled[@]}"
    if cmake --preset lint -B "$build" >"$build/configure.out" 2>&1; then
        step clang-tidy cmake/tidy.py "$build" "${compiled[@]}"
    else
        cat "$build/configure.out"
        failed+=(configure)
    fi
fi

if [ ${#failed[@]} -gt 0 ]; then
    echo "lint: failed: ${failed[*]}" >&2
    exit 1
fi
echo "lint: all passed"
