"""Programs that train with bad intent, or none: what they send is bounded, and the node stays as it was."""

import json
import struct
import zlib
from pathlib import Path

import pytest

from grader.contract import Artifact, ArtifactRole, Output, Points, Sample, Verdict
from grader.training import files, tensors
from grader.training.depot import Folder
from grader.training.feed import Feed
from grader.training.keeper import Keeper
from grader.training.record import MAX_CURVES, Record
from grader.training.tests.jobs import LIMITS, Ran, job, run

RAW = """
import json, os, socket
wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
wire.connect("/cairn/socket")
def send(message, *numbers):
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    socket.send_fds(wire, [data], list(numbers))
"""


def attacked(program: str, folder: Path, **more) -> Ran:
    return run(job(RAW + program, limits=more.pop("limits", LIMITS), **more), folder)


def test_a_million_names_become_two_hundred_curves(tmp_path: Path) -> None:
    program = "import cairn\nfor i in range(20_000): cairn.log({f'curve {i}': 1.0}, i)\n"
    ran = attacked(program, tmp_path)
    assert ran.report.status is Verdict.PASSED
    assert len({points.name for points in ran.of(Points)}) <= MAX_CURVES
    assert "at most 200 curves" in ran.printed


def test_a_flood_of_points_is_thinned_and_told_of_once(tmp_path: Path) -> None:
    program = (
        "import time\nend = time.time() + 2\n"
        "while time.time() < end:\n"
        "    send({'k': 'points', 'p': [['loss', 1, float('nan'), 0.0]] * 900})\n"
    )
    ran = attacked(program, tmp_path)
    assert ran.report.status is Verdict.PASSED
    assert 1000 < len(ran.curve("loss")) < 90_000
    assert {value for _, value in ran.curve("loss")} == {None}
    assert ran.printed.count("5,000 points a second") == 1
    assert len(ran.events) < 500


GARBAGE = """
for junk in (b"", b"{", b"[" * 50_000, b"\\xff" * 100, b"null", b"7", b'{"k": "points"}', b'{"k": 3}',
             b'{"k": "points", "p": 5}', b'{"k": "points", "p": [["a", 1e400, 1, 1]]}', b'{"k": "_keep"}',
             b'{"k": "points", "p": [["a", 9999999999999999999, 1, 1]]}', b'{"k": "end"}', b'{"k": "file"}',
             b'{"k": "points", "p": [[1, 2, 3, 4]]}', b'{"k": "total", "n": -5}', b'{"k": "total", "n": "x"}',
             b'{"k": "text", "name": {}, "text": 1}', b'{"k": "sample", "name": "a", "media": "x"}'):
    send(junk) if junk else None
wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**22)
try:
    send(b'{"k": "text", "name": "giant", "text": "' + b"a" * 150_000 + b'"}')
except OSError as error:
    pass
send({"k": "points", "p": [["fine \\u202e\\x1b[31m\\n name", 3, 1.5, 1e300]]})
"""


def test_garbage_is_left_out_and_what_follows_counts(tmp_path: Path) -> None:
    ran = attacked(GARBAGE, tmp_path)
    assert ran.report.status is Verdict.PASSED, ran.report
    (points,) = [one for one in ran.of(Points) if not one.name.startswith("system/")]
    assert (points.steps, points.values) == ((3,), (1.5,))
    assert "\n" not in points.name
    assert "\x1b" not in points.name
    assert points.seconds[0] < 90
    assert ran.printed.count("a message that is none") == 1
    assert not any(sample.name == "giant" for sample in ran.of(Sample))


DESCRIPTORS = """
def offer(number, name, role="file"):
    send({"k": "file", "name": name, "role": role, "media": "x", "step": 1}, number)
reading, writing = os.pipe()
offer(reading, "pipe")
offer(os.open("/", os.O_PATH), "root")
offer(os.open("/dev/zero", os.O_RDONLY), "zero")
offer(wire.fileno(), "socket")
os.symlink("/etc/passwd", "link")
offer(os.open("link", os.O_PATH | os.O_NOFOLLOW), "link")
with open("sparse", "wb") as file:
    file.truncate(2**32) if False else file.truncate(2**25)
offer(os.open("sparse", os.O_RDONLY), "sparse")
offer(os.open("/proc/self/mem", os.O_RDWR), "mem")
good = os.open("good", os.O_RDWR | os.O_CREAT)
os.write(good, b"fine")
for name in ("../up", "/abs", "a/../b", "", "x" * 200, "a//b", ".hidden", "a\\n"):
    offer(good, name)
offer(good, "good")
offer(good, "good/below")
offer(good, "model", "model")
offer(good, "other", "no such role")
for i in range(30):
    send({"k": "points", "p": []}, *([good] * 4))
"""


def test_only_regular_files_of_a_fair_size_and_name_are_kept(tmp_path: Path) -> None:
    ran = attacked(DESCRIPTORS, tmp_path, artifact_bytes=2**20)
    assert ran.report.status is Verdict.PASSED, ran.report
    assert {artifact.name for artifact in ran.of(Artifact) if artifact.size} == {"good", "other"}
    assert ran.artifact("mem").size == 0  # what has no size is not read
    for name in ("pipe", "root", "zero", "socket", "link"):
        assert f"'{name}' was not kept: it is not a regular file." in ran.printed, ran.printed
    assert "'sparse' was not kept: it has 32 MB, and 1 MB is the most." in ran.printed
    assert "'model' was not kept: it does not begin with" in ran.printed
    kept = {ran.artifact(name).digest for name in ("good", "mem")}
    assert {path.name for path in (tmp_path / "depot").iterdir()} == kept


def test_descriptors_do_not_pile_up(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    attacked("for i in range(2000): send({'k': 'nothing'}, wire.fileno(), wire.fileno())", tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3


def test_many_connections_are_refused_and_hurt_nobody(tmp_path: Path) -> None:
    program = (
        "import cairn\nmany = []\n"
        "for i in range(300):\n"
        "    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
        "    one.connect('/cairn/socket')\n    many.append(one)\n"
        "cairn.log({'loss': 1.0}, 1)\n"
    )
    ran = attacked(program, tmp_path)
    assert ran.report.status is Verdict.PASSED, ran.report
    assert ran.curve("loss") == [(1, 1.0)]


def test_a_fork_bomb_ends_the_run(tmp_path: Path) -> None:
    bomb = "import time\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.1)\n"
    limits = LIMITS.model_copy(update={"processes": 16, "wall_seconds": 20})
    report = attacked(bomb, tmp_path, limits=limits).report
    assert report.status in (Verdict.FORBIDDEN, Verdict.MEMORY), report


def test_memory_of_children_counts(tmp_path: Path) -> None:
    program = (
        "import time\nfor i in range(6):\n    if os.fork() == 0:\n        x = bytearray(b'x') * 2**26\n"
        "        time.sleep(30)\ntime.sleep(30)\n"
    )
    limits = LIMITS.model_copy(update={"memory_bytes": 2**28, "wall_seconds": 25})
    assert attacked(program, tmp_path, limits=limits).report.status is Verdict.MEMORY


def test_a_disk_bomb_finds_the_work_folder_full(tmp_path: Path) -> None:
    program = "import cairn\nfor i in range(10**6):\n    open(f'f{i}', 'wb').write(b'x' * 2**20)\n"
    report = attacked(program, tmp_path, disk_bytes=2**24).report
    assert (report.status, "work folder is full" in report.message) == (Verdict.ERROR, True), report


def test_a_verdict_cannot_be_said_from_inside(tmp_path: Path) -> None:
    program = "send({'k': 'end', 'type': 'X', 'message': 'passed', 'cause': '', 'line': None})\nos._exit(0)\n"
    tests = "def test_x(curves):\n    assert False, 'no'\n"
    ran = attacked(program, tmp_path, tests=tests, files={"model.py": ""})
    assert ran.report.status is Verdict.FAILED


def test_artifacts_in_an_evaluation_cannot_be_changed(tmp_path: Path) -> None:
    model = (
        "def f():\n    try:\n        open('artifacts/notes', 'w')\n"
        "    except OSError:\n        return open('artifacts/notes').read()\n"
    )
    tests = "from grader.checks import equal\ndef test_x(student):\n    equal(student.f(), 'kept')\n"
    ran = attacked(
        "import cairn; cairn.save('notes', 'kept')", tmp_path, tests=tests, files={"model.py": model}
    )
    assert ran.report.status is Verdict.PASSED, ran.report


# The same without a sandbox: files that claim to be what they are not.


def header(entries: object, data: bytes = b"") -> bytes:
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: object = "F32", shape: object = (1,), offsets: object = (0, 4)) -> dict:
    return {"w": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}  # type: ignore[call-overload]


ONE = b'{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'


@pytest.mark.parametrize("content", [
    b"", b"\0" * 8, struct.pack("<Q", 2**60) + b"{}", header(b"{"), header(b"[]"), header(b"[" * 100_000),
    header(entry()), header(entry(), b"\0" * 5), header(entry(shape=(2**40, 2**40)), b"\0" * 4),
    header(entry(shape=(-1,)), b"\0" * 4), header(entry(shape=(True,)), b"\0" * 4),
    header(entry(dtype="O"), b"\0" * 4),
    header(entry(offsets=(4, 0)), b"\0" * 4), header(entry(offsets=(1, 5)), b"\0" * 5),
    header(b'{"w":' + ONE + b',"w":' + ONE + b"}", b"\0"),
    header({"a": entry()["w"], "b": entry()["w"]}, b"\0" * 4), header({"__metadata__": {"a": 1}}),
    header({"w": None}), header({"w": {"dtype": "F32"}}),
])  # fmt: skip
def test_what_is_no_safetensors_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as file, pytest.raises(tensors.NotSafetensors):
        tensors.check(file)


def test_what_safetensors_itself_writes_is_taken(tmp_path: Path) -> None:
    import numpy
    from safetensors.numpy import load_file, save_file

    save_file({"a": numpy.arange(6.0).reshape(2, 3), "empty": numpy.zeros((0, 3))}, tmp_path / "file")
    files.check_tensors(tmp_path / "file")
    read, _ = tensors.read(tmp_path / "file", as_torch=False)
    assert read["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    with (tmp_path / "ours").open("wb") as file:
        tensors.write(file, read, {"format": "pt"})
    assert load_file(tmp_path / "ours")["a"].tolist() == read["a"].tolist()


def png(width: int, height: int, pixels: bytes, **more: bytes) -> bytes:
    more = {"IHDR": struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0), **more}
    chunks = [(name.encode(), data) for name, data in more.items()]
    chunks += [(b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@pytest.mark.parametrize("content", [
    b"", b"\x89PNG\r\n\x1a\n", png(2**31, 2**31, b""), png(2, 2, b"\0" * 10**7), png(8, 8, b"\0"),
    png(0, 0, b""),
    png(4, 4, b"\0" * 20)[:-30],
])  # fmt: skip
def test_a_picture_that_lies_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(files.Refused):
        files.picture(tmp_path / "file")


def test_a_picture_is_made_anew_of_its_pixels(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(png(4, 4, b"\0" * 20, tEXt=b"<script>alert(1)</script>") + b"<script>")
    made = files.picture(tmp_path / "file")
    assert made == png(4, 4, b"\0" * 20)


@pytest.mark.parametrize(
    "content",
    [b"RIFF\0\0\0\0WAVE", b"RIFF" + b"\xff" * 400, b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + b"\xff" * 16],
)
def test_a_sound_that_lies_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(files.Refused):
        files.sound(tmp_path / "file")


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + b"\0" * 90,
        b"\x80\x04\x95",
        b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}",
        b"\x7fELF\xff\xff",
        b"a\0b",
    ],
)
def test_what_could_run_or_hide_something_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(files.Refused):
        files.kind_of(tmp_path / "file")


def test_of_waiting_checkpoints_only_the_newest_travels(tmp_path: Path) -> None:
    told: list = []

    class Slow(Folder):
        def save(self, path: Path, artifact: Artifact) -> None:
            import time

            time.sleep(0.3)
            super().save(path, artifact)

    keeper = Keeper(Slow(tmp_path / "depot"), told.append, told.append)
    for step in range(20):
        path = tmp_path / str(step)
        path.write_bytes(b"%d" % step)
        keeper.offer(path, "checkpoint", ArtifactRole.CHECKPOINT, step=step)
    keeper.close()
    assert told[-1].step == 19
    assert len(told) <= 3
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


def test_samples_have_an_end(tmp_path: Path) -> None:
    told: list = []
    keeper = Keeper(Folder(tmp_path / "depot"), told.append, told.append)
    feed = Feed(
        Record(), keeper, told.append, lambda text: told.append(Output(text=text)), tmp_path, 2**20, 2**20
    )
    for index in range(5000):
        feed.take(json.dumps({"k": "text", "name": "a", "text": f"{index}", "step": 0}).encode(), [])
    keeper.close()
    assert 90 <= sum(isinstance(one, Sample) for one in told) < 1000
    assert sum(isinstance(one, Output) for one in told) == 1
