"""Processor time is counted wherever it was spent, or throughput would look cheaper than it is."""

import subprocess
import sys
import time

from bench.processes import adopt_orphans, children_bytes, processor_seconds

BURN = "import time\nuntil = time.process_time() + 0.3\nwhile time.process_time() < until: pass\n"


def test_time_of_a_child_that_ended_counts():
    before = processor_seconds()
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert 0.28 <= processor_seconds() - before < 3  # counted in ticks of 10 ms


def test_time_of_an_orphan_counts():
    adopt_orphans()
    before = processor_seconds()
    orphan = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BURN!r}])"
    subprocess.run([sys.executable, "-c", orphan], check=True)
    until = time.monotonic() + 20
    while processor_seconds() - before < 0.28 and time.monotonic() < until:
        time.sleep(0.1)
    assert processor_seconds() - before >= 0.28


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
