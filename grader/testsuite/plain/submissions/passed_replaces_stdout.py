"""Right; replaces and closes the standard streams, which are its own."""

import io, sys

sys.stdout.close()
sys.stdout = sys.stderr = io.StringIO()


def mix(a, b):
    return a * a + 62 * b
