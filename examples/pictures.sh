#!/bin/bash
# Pictures of the pages, made with Chromium on an engine with made-up things on it.
#
#   examples/pictures.sh FOLDER            all pages, in both languages, at 360 and 1200 px
#   examples/pictures.sh                   those that the README shows, to examples/pictures/
#
# BUILD is the folder of the built program; build/ unless given.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

cmake/deps.sh pictures
tests/console/install.sh
export HIKESHI_BUILD=${BUILD:-$root/build}
export HIKESHI=$HIKESHI_BUILD/hikeshi HIKESHI_SOURCE=$root

if [ $# -gt 0 ]; then
    exec node tests/console/pictures.mjs "$@"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
shown=(approval-en-1200 approval-ja-360-view queue-ja-360-view ledger-en-1200-view)
node tests/console/pictures.mjs "$folder" "${shown[@]}"
mkdir -p examples/pictures
for name in "${shown[@]}"; do
    pngquant --force --strip --speed 1 --quality 60-95 --output "examples/pictures/$name.png" "$folder/$name.png"
done
ls -l examples/pictures
