"""What a node knows of its accelerators, from what the driver's program says: here, one that only says it."""

import contextlib
import threading
from pathlib import Path

import pytest

from grader.training import devices

SMI = """#!/bin/sh
case "$*" in
    *memory.total*) echo "0, GPU-aa, NVIDIA H200, 143771"; echo "1, GPU-bb, NVIDIA H200, 143771" ;;
    *utilization*) echo "50, 2048" ;;
    *memory.used*) echo "MEGABYTES" ;;
esac
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def says(megabytes: int) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(SMI.replace("MEGABYTES", str(megabytes)))
        program.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    devices.found.cache_clear()
    says(400)
    yield says
    devices.found.cache_clear()


def test_count_name_and_memory_are_reported(driver) -> None:
    assert devices.described() == {"gpu": "2 of NVIDIA H200, 140 GB"}
    assert [device.uuid for device in devices.found()] == ["GPU-aa", "GPU-bb"]
    assert devices.utilisation(devices.found()[0]) == (0.5, 2048 * 2**20)


def test_a_device_that_stays_full_after_a_job_is_noticed(driver) -> None:
    device = devices.found()[0]
    before = {device.uuid: devices.used_bytes(device)}
    driver(600)
    devices.check_free([device], before)  # the driver's own
    driver(9000)
    with pytest.raises(devices.NotFree, match="9000 MB"):
        devices.check_free([device], before)


def test_without_a_driver_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    devices.found.cache_clear()
    assert devices.found() == ()
    assert devices.described() == {}
    devices.found.cache_clear()


class TestLending:
    @pytest.fixture
    def lender(self, driver) -> devices.Lender:
        return devices.Lender(devices.found())

    def lend(self, lender: devices.Lender, count: int = 1, *, shared: bool = False, waits: bool = False):
        """Borrowing by a job that waits, or by one that would rather be cancelled."""
        cancel = threading.Event()
        if not waits:
            cancel.set() if len(lender._fitting(shared)) < count else None
        return lender.lend(count, shared=shared, cancel=cancel)

    def test_a_device_is_lent_to_one_job_and_then_to_the_next(self, lender) -> None:
        with self.lend(lender) as first, self.lend(lender) as second, self.lend(lender) as third:
            assert {first[0].uuid, second[0].uuid} == {"GPU-aa", "GPU-bb"}
            assert third == []
        with self.lend(lender, 2) as both:
            assert len(both) == 2

    def test_jobs_that_may_share_join_each_other_first(self, lender) -> None:
        with self.lend(lender, shared=True) as first, self.lend(lender, shared=True) as second:
            assert first == second
            assert not lender.is_alone(first[0])
            with self.lend(lender) as alone:
                assert alone[0] != first[0]
            with self.lend(lender, 2) as both:
                assert both == []

    def test_so_many_share_and_no_more(self, lender) -> None:
        with contextlib.ExitStack() as held:
            lent = [
                held.enter_context(self.lend(lender, shared=True)) for _ in range(2 * devices.SHARERS + 1)
            ]
        assert [len(one) for one in lent] == [1] * 2 * devices.SHARERS + [0]

    def test_a_job_waits_for_its_turn(self, lender) -> None:
        got = threading.Event()

        def wait() -> None:
            with self.lend(lender, 2, waits=True):
                got.set()

        with self.lend(lender):
            waiting = threading.Thread(target=wait)
            waiting.start()
            assert not got.wait(0.2)
        assert got.wait(5)
        waiting.join()

    def test_what_a_node_does_not_have_is_said_at_once(self, lender) -> None:
        with pytest.raises(devices.NotFree, match="2 devices, and the job needs 3"), self.lend(lender, 3):
            pass
