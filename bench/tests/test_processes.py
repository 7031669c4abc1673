"""Processor time is counted wherever it was spent, or throughput would look cheaper than it is."""

import subprocess
import sys

from bench.processes import busy_seconds, children_bytes

BURN = "import time\nuntil = time.process_time() + 0.3\nwhile time.process_time() < until: pass\n"


def test_time_of_whatever_ran_on_our_cores_counts():
    before = busy_seconds()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert busy_seconds() - before >= 0.28  # counted in ticks of 10 ms


def test_memory_of_a_child_counts_and_ours_does_not():
    before = children_bytes()
    hold = "import sys\nheld = bytearray(64 * 2**20)\nprint('held', flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        held = children_bytes() - before
        child.communicate()
    assert 64 * 2**20 < held < 128 * 2**20
