#!/bin/sh
# Prints the first Python that is 3.11 or newer, or nothing.
for candidate in ${PYTHON:-} python3.11 python3 python3.12 python3.13 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done
exit 1
