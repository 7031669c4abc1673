#!/bin/sh
# Stops with what to install if this machine lacks what Cairn starts from.
here=$(dirname "$0")

python=$("$here/find-python.sh") || {
    echo "Cairn needs Python 3.11 or newer; this machine has $(python3 --version 2>/dev/null || echo none)." >&2
    echo "Install it (on Debian or Ubuntu: apt install python3 python3-venv), or name one: make run PYTHON=/path/to/python3.11" >&2
    exit 1
}
"$python" -c 'import venv, ensurepip' 2>/dev/null || {
    echo "Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv" >&2
    exit 1
}
major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/')
if [ "${major:-0}" -lt 20 ]; then
    echo "Cairn needs Node 20 or newer to build its pages; this machine has $(node --version 2>/dev/null || echo none)." >&2
    echo "Install it from nodejs.org or your distribution, then run the same command again." >&2
    exit 1
fi
command -v npm >/dev/null || {
    echo "Cairn needs npm, which comes with Node 20. On Debian or Ubuntu: apt install npm" >&2
    exit 1
}
