#!/bin/bash
# The main job of Hikeshi, from an attack to a verified record. Usage: examples/demo/demo.sh [BUILD_DIR]
# On a terminal a person decides; without one the demo decides by itself and exits 0 when all went well.
#
# Where network namespaces can be made (as root, or in a user namespace of one's own) a packet filter in one of them cuts
# the attacker off; elsewhere, or with HIKESHI_DEMO=list, a small firewall that polls the block list.
set -euo pipefail

build=${1:-build}
if [ ! -x "$build/hikeshi" ]; then
    echo "demo: there is no $build/hikeshi: run make build first" >&2
    exit 1
fi
demo=("$(dirname "$0")/demo.py" "$(realpath "$build")")

# Mounts of its own: what `ip netns` makes under /run is seen by nobody else, and is gone with the last process.
apart=(unshare --mount --propagation private)
[ "$(id -u)" -eq 0 ] || apart=(unshare --user --map-root-user --mount --propagation private)
try='mount -t tmpfs tmpfs /run && mkdir /run/netns && touch /run/netns/try && unshare --net=/run/netns/try true &&
    ip netns exec try ip link set lo up'
if [ "${HIKESHI_DEMO:-}" != list ] && command -v ip >/dev/null && "${apart[@]}" sh -c "$try" 2>/dev/null; then
    # shellcheck disable=SC2016  # "$@" is for the inner shell
    exec "${apart[@]}" sh -c 'mount -t tmpfs tmpfs /run && exec /usr/bin/python3 "$@"' sh "${demo[@]}" namespaces
fi
exec /usr/bin/python3 "${demo[@]}" list
