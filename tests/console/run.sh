#!/bin/bash
# The pages in a real browser. Skips (status 77) where there is no Chromium, no Node, or no way to their packages.
set -euo pipefail
cd "$(dirname "$0")"

skip() {
    echo "console: skipped: $*"
    exit 77
}
command -v node >/dev/null || skip "there is no node (Debian package nodejs)"
command -v npm >/dev/null || skip "there is no npm (Debian package npm)"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || skip "there is no ${CHROMIUM:-/usr/bin/chromium} (Debian package chromium)"

./install.sh || skip "the packages of package-lock.json can't be had (npm ci)"
exec node --test --test-reporter=spec console.test.mjs
