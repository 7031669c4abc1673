"""Tries to raise its own limits and to win against the killer of memory."""

import resource

for name in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
    try:
        resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError):
        continue
    raise SystemExit("a limit was raised")


def mix(a, b):
    return a * a + 7919 % 97 * b
