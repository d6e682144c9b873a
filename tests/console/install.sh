#!/bin/bash
# Install what package-lock.json names, once; the packages' own scripts are not run.
set -euo pipefail
cd "$(dirname "$0")"

exec 9>.lock
flock 9
if ! cmp -s package-lock.json node_modules/.of-lock; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.of-lock
fi
