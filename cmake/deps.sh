#!/bin/bash
# Install the Debian packages that Hikeshi is built and tested with; nothing happens when all are there.
# Usage: cmake/deps.sh [lint|pictures]     also what `make lint` and `make fuzz`, or examples/pictures.sh need
set -euo pipefail

packages=(build-essential cmake ninja-build pkg-config ccache liblua5.4-dev libevent-dev
    libcurl4-openssl-dev libcjson-dev libsqlite3-dev libcunit1-dev libssl-dev libseccomp-dev
    libargon2-dev libqrencode-dev
    python3 python3-pytest python3-requests python3-cryptography sqlite3 curl nftables iproute2
    lua5.4 lua-check prometheus strace rsyslog rsyslog-gnutls bsdutils)
# The mail server of the tests. A machine has one: where there is another it stays, and those tests are left out.
if [ ! -e /usr/sbin/sendmail ] || [ -x /usr/sbin/exim4 ]; then
    packages+=(exim4-daemon-light)
fi
# A browser for the tests of the pages, and what drives it; Node may have come from elsewhere.
packages+=(chromium)
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    packages+=(nodejs npm)
fi
case ${1:-} in
lint) packages+=(clang clang-format clang-tidy cppcheck shellcheck libclang-rt-14-dev) ;;
pictures) packages+=(fonts-noto-cjk fonts-dejavu-core pngquant) ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "deps: no dpkg here, so nothing is checked. On Debian 12 the packages are: ${packages[*]}" >&2
    exit 0
fi
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
    grep -qx "$package installed" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: missing packages: ${missing[*]}" >&2
        echo "deps: this needs root, and there is no sudo. As root, run:" >&2
        echo "    apt-get install ${missing[*]}" >&2
        exit 1
    fi
    apt=(sudo "${apt[@]}")
    [ -t 0 ] || apt=(sudo -n "${apt[@]:1}")
fi

echo "deps: installing ${missing[*]}" >&2
install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")
# Lists of packages may be absent or old: fetch them only when the first try fails.
if ! "${install[@]}" >&2 </dev/null; then
    if ! { "${apt[@]}" update && "${install[@]}"; } >&2 </dev/null; then
        echo "deps: could not install: ${missing[*]}" >&2
        echo "deps: please install them by hand, then try again:" >&2
        echo "    ${install[*]}" >&2
        exit 1
    fi
fi
