#!/bin/sh
# The suite runs against the real thing: a browser, PostgreSQL, Redis and the compose command, from the distribution's packages.
# Installs what is missing where this person may; otherwise says exactly what is missing and stops.
set -u
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
command -v redis-server >/dev/null || missing="$missing redis-server"
docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || missing="$missing docker-compose"
[ -z "$missing" ] && exit 0

run=""
if [ "$(id -u)" != 0 ]; then
    run="sudo -n"
    sudo -n true 2>/dev/null || run=none
fi
if [ "$run" = none ] || ! command -v apt-get >/dev/null; then
    echo "The tests need these packages, and they are not installed:$missing" >&2
    echo "On Debian or Ubuntu: sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing what the tests need:$missing"
# policy-rc.d: the suite starts its own servers on free ports; the packages' own must not start.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
# shellcheck disable=SC2086
$run apt-get update -qq && $run apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
    echo "Installing$missing failed. Install these packages by hand, then run make test again." >&2
    exit 1
}
