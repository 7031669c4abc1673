"""Data sets: the registry, what loaders give, files that are checked, cards and the command."""

import fcntl
import hashlib
import http.server
import io
import json
import shutil
import tarfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from django.conf import settings as site
from pydantic import ValidationError

from cairn.catalog import dataset_files, datasets, descriptions
from cairn.catalog.actions import publish
from cairn.catalog.dataset_files import NotToBeHad
from cairn.catalog.datasets import Dataset, Package, Registry
from cairn.catalog.errors import ContentErrors
from cairn.catalog.queries import forget_library
from cairn.catalog.source import Source
from cairn.catalog.tests.sample import write_sample
from cairn.catalog.tests.test_commands import call
from grader.training.data import Cache

REAL = Path(site.CURRICULUM)
LOADER = """\
import numpy as np


def load(seed, count):
    rng = np.random.default_rng(seed)
    pictures = lambda: rng.integers(0, 255, (count, 6, 6)).astype(np.uint8)
    draw = lambda: {"images": pictures(), "labels": np.arange(count) % 3}
    return {"train": draw(), "valid": draw(), "hidden": draw()}
"""
DOTS = {
    "title": "Dots",
    "summary": "Grey dots.",
    "about": "Made *here*.",
    "holds": "images",
    "licence": "CC0 1.0",
    "origin": {"kind": "generated"},
    "fingerprint": "0" * 64,
    "loader": "dots.py",
    "arguments": {"seed": 1, "count": 30},
    "splits": {"train": 30, "valid": 30, "hidden": 30},
}
REAL_DOTS = DOTS | {
    "title": "Real dots",
    "origin": {
        "kind": "download",
        "files": [{"url": "http://x.test/dots.bin", "checksum": "md5:" + "0" * 32, "size": 9}],
    },
    "stand_in": "dots",
}


def entry(**changes):
    return Dataset.model_validate(
        {name: value for name, value in (DOTS | changes).items() if value is not None}
    )


def made(dataset, folder, text=LOADER):
    """The data set as a node prepares it."""
    use = datasets.use("dots", dataset, {dataset.loader: text})
    with Cache(folder, 2**30).holding([use], {dataset.loader: text}) as (prepared,):
        return prepared


@pytest.fixture
def root(tmp_path, settings, monkeypatch):
    """A curriculum with one data set, whose fingerprint is right."""
    settings.CURRICULUM = write_sample(tmp_path / "curriculum")
    monkeypatch.setenv("CAIRN_CACHE", str(tmp_path / "cache"))
    folder = settings.CURRICULUM / "datasets" / "loaders"
    folder.mkdir(parents=True)
    (folder / "dots.py").write_text(LOADER)
    right = descriptions.fingerprint(descriptions.arrays(made(entry(), tmp_path / "first")))
    registered(settings.CURRICULUM, dots=DOTS | {"fingerprint": right})
    return settings.CURRICULUM


def registered(root, **entries):
    (root / datasets.REGISTRY).write_text(json.dumps(entries))  # JSON is YAML


class TestTheRegistry:
    def test_ours_is_sound(self):
        source = Source(REAL)
        found = datasets.registry(source)
        assert source.errors == []
        assert {one.origin.kind for one in found.values()} == {"package", "generated", "download"}

    def test_every_loader_is_there_and_reads_only_numpy_and_its_siblings(self):
        for one in datasets.registry(Source(REAL)).values():
            texts = datasets.loader_texts(REAL / datasets.LOADERS, one.loader)
            assert "def load(" in texts[one.loader]

    def test_what_needs_a_network_names_what_does_not(self):
        with pytest.raises(ValidationError, match="names its `stand_in`"):
            entry(origin=REAL_DOTS["origin"], stand_in=None)
        with pytest.raises(ValidationError, match="needs no network"):
            Registry.model_validate({"dots": DOTS, "far": REAL_DOTS | {"stand_in": "far"}})

    def test_a_generated_one_has_a_fingerprint(self):
        with pytest.raises(ValidationError, match="has a `fingerprint`"):
            entry(fingerprint=None)

    def test_another_argument_is_another_digest(self):
        texts = {"dots.py": LOADER}
        digests = {datasets.use("dots", entry(arguments=a), texts).digest for a in ({"seed": 1}, {"seed": 2})}
        assert len(digests) == 2
        assert datasets.use("dots", entry(), texts) == datasets.use("dots", entry(), texts)

    def test_a_loader_brings_the_modules_beside_it(self):
        texts = datasets.loader_texts(REAL / datasets.LOADERS, "mnist_subset.py")
        assert set(texts) == {"mnist_subset.py", "kept.py"}


class TestLoaders:
    @pytest.mark.parametrize(
        "slug", ["digits", "small-digits", "wine", "shapes", "stories", "arithmetic", "solids"]
    )
    def test_splits_are_as_registered_and_share_nothing(self, slug, tmp_path):
        dataset = datasets.registry(Source(REAL))[slug]
        texts = datasets.loader_texts(REAL / datasets.LOADERS, dataset.loader)
        with Cache(tmp_path, 2**30).holding([datasets.use(slug, dataset, texts)], texts) as (prepared,):
            splits = descriptions.arrays(prepared)
            assert {name: descriptions.rows(split) for name, split in splits.items()} == dataset.splits
            assert list(descriptions.leaks(splits)) == []

    def test_a_seed_gives_the_same_numbers_and_another_gives_others(self, tmp_path):
        prints = [
            descriptions.fingerprint(
                descriptions.arrays(made(entry(arguments={"seed": s, "count": 9}), tmp_path / d))
            )
            for s, d in ((1, "a"), (1, "b"), (2, "c"))
        ]
        assert prints[0] == prints[1] != prints[2]

    def test_new_combinations_are_never_shown_before(self, loader):
        splits = loader("shapes").load(seed=1, size=8, train=300, valid=50, hidden=60)
        new = {str(name) for name in splits["hidden"]["new_names"]}
        shown = [str(caption) for name in ("train", "valid") for caption in splits[name]["captions"]]
        assert len(new) == 12
        assert not [caption for caption in shown for name in new if name in caption]
        hidden = [str(caption) for caption in splits["hidden"]["new_captions"]]
        assert all(any(name in caption for name in new) for caption in hidden)

    def test_a_caption_says_what_the_labels_say(self, loader):
        split = loader("shapes").load(seed=2, size=8, train=40, valid=1, hidden=1)["train"]
        for caption, label in zip(split["captions"], split["labels"], strict=True):
            assert str(split["names"][label]) in str(caption)

    def test_the_grammar_knows_its_own_stories(self, loader):
        import re

        splits = loader("stories").load(seed=3, train=5, valid=5, hidden=60)
        patterns = [str(row).split(" ", 1) for row in splits["hidden"]["patterns"]]
        for story in splits["hidden"]["stories"]:
            for place, sentence in enumerate(re.split(r"(?<=\.) ", str(story)), 1):
                fits = [p for at, p in patterns if int(at) == place and re.fullmatch(p, sentence)]
                assert len(fits) == 1, sentence

    def test_a_story_costs_what_its_choices_cost(self, loader):
        stories = loader("stories")
        rng = np.random.default_rng(0)
        costs = [stories._story(rng)[1] for _ in range(200)]
        assert 55 < np.mean(costs) < 72
        assert min(costs) > np.log2(3) * 6 + 2

    def test_sums_are_right(self, loader):
        split = loader("arithmetic").load(seed=1, train=200, valid=1, hidden=40)
        for name in ("train", "hidden"):
            for question, answer in zip(split[name]["questions"], split[name]["answers"], strict=True):
                assert eval(str(question)) == answer
        assert set(split["train"]["questions"]).isdisjoint(split["hidden"]["questions"])

    def test_depth_is_where_the_ray_ends(self, loader):
        split = loader("solids").load(seed=1, size=16, train=2, valid=1, hidden=1)["train"]
        ends = split["origins"][:, :, None, None] + split["depth"][..., None] * split["rays"]
        seen = split["depth"] > 0
        assert ends[seen][:, 2].min() > -1e-3  # nothing lies below the plane
        assert np.allclose(np.linalg.norm(split["rays"], axis=-1), 1, atol=1e-5)

    def test_the_tone_rises_with_the_shape(self, loader):
        clips = loader("moving_shapes")
        splits = clips.load(seed=1, train=60, valid=1, hidden=1)["train"]
        up = clips.MOTIONS.index("up")
        sound = splits["sounds"][splits["motions"] == up][0].astype(float)
        crossings = [np.sum(np.diff(np.sign(part)) != 0) for part in (sound[400:2400], sound[-2400:-400])]
        assert crossings[1] > crossings[0]

    def test_without_the_speaker_it_says_what_to_install(self, loader, monkeypatch):
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(FileNotFoundError, match="apt-get install espeak-ng"):
            loader("spoken_digits").load(seed=1, train=1, valid=1, hidden=1)

    def test_mnist_is_read_from_its_own_files(self, loader, tmp_path, monkeypatch):
        import gzip

        monkeypatch.setenv("CAIRN_DATASETS", str(tmp_path))
        (tmp_path / "mnist").mkdir()
        for part, count in (("train", 7), ("t10k", 3)):
            images = np.arange(count * 784, dtype=np.uint8).reshape(count, 28, 28)
            heads = (
                b"\0\0\x08\x03" + np.array([count, 28, 28], ">i4").tobytes(),
                b"\0\0\x08\x01" + np.array([count], ">i4").tobytes(),
            )
            for name, head, body in zip(
                ("images-idx3", "labels-idx1"), heads, (images, np.arange(count, dtype=np.uint8)), strict=True
            ):
                (tmp_path / "mnist" / f"{part}-{name}-ubyte.gz").write_bytes(
                    gzip.compress(head + body.tobytes())
                )
        splits = loader("mnist").load(valid=2)
        assert {name: len(split["labels"]) for name, split in splits.items()} == {
            "train": 5,
            "valid": 2,
            "hidden": 3,
        }
        assert splits["valid"]["labels"].tolist() == [5, 6]

    def test_reviews_are_read_from_their_archive(self, loader, tmp_path, monkeypatch):
        monkeypatch.setenv("CAIRN_DATASETS", str(tmp_path))
        (tmp_path / "imdb").mkdir()
        with tarfile.open(tmp_path / "imdb" / "aclImdb_v1.tar.gz", "w:gz") as archive:
            for part in ("train", "test"):
                for label, text in (("pos", b"Fine."), ("neg", b"Bad, bad."), ("unsup", b"?")):
                    info = tarfile.TarInfo(f"aclImdb/{part}/{label}/0_9.txt")
                    info.size = len(text)
                    archive.addfile(info, io.BytesIO(text))
        splits = loader("imdb").load(seed=0, valid=1)
        hidden = splits["hidden"]
        texts = [bytes(part) for part in np.split(hidden["texts"], hidden["ends"][:-1])]
        assert dict(zip(texts, hidden["labels"].tolist(), strict=True)) == {b"Fine.": 1, b"Bad, bad.": 0}
        assert len(splits["train"]["labels"]) == len(splits["valid"]["labels"]) == 1

    def test_captions_of_one_image_stay_together(self, loader, tmp_path, monkeypatch):
        monkeypatch.setenv("CAIRN_DATASETS", str(tmp_path))
        (tmp_path / "coco-captions").mkdir()
        with zipfile.ZipFile(tmp_path / "coco-captions" / "annotations_trainval2017.zip", "w") as archive:
            for part, images in (("train", range(10)), ("val", range(10, 12))):
                rows = [
                    {"id": 5 * i + k, "image_id": i, "caption": f" A  cat {k}."}
                    for i in images
                    for k in range(5)
                ]
                archive.writestr(f"annotations/captions_{part}2017.json", json.dumps({"annotations": rows}))
        splits = loader("coco").load(seed=0, valid=12)
        images = {name: set(split["image"].tolist()) for name, split in splits.items()}
        assert images["train"] | images["valid"] == set(range(10))
        assert not images["train"] & images["valid"]
        assert len(splits["valid"]["captions"]) == 15
        assert splits["hidden"]["captions"][0] == "A cat 0."

    def test_pictures_of_food_become_squares(self, loader, tmp_path, monkeypatch):
        from PIL import Image

        def packed(archive, name, data):
            info = tarfile.TarInfo(f"food-101/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

        monkeypatch.setenv("CAIRN_DATASETS", str(tmp_path))
        (tmp_path / "food-101").mkdir()
        lists = {
            "train": {"soup": ["soup/1", "soup/2"], "pie": ["pie/3"]},
            "test": {"soup": ["soup/4"], "pie": []},
        }
        with tarfile.open(tmp_path / "food-101/food-101.tar.gz", "w:gz") as archive:
            for place, name in enumerate(["soup/1", "soup/2", "pie/3", "soup/4"]):
                picture = io.BytesIO()
                Image.new("RGB", (30, 20), (60 * place, 0, 0)).save(picture, "JPEG")
                packed(archive, f"images/{name}.jpg", picture.getvalue())
            for part, names in lists.items():
                packed(archive, f"meta/{part}.json", json.dumps(names).encode())
        splits = loader("food").load(seed=0, size=8, valid=1)
        assert splits["train"]["classes"].tolist() == ["pie", "soup"]
        assert splits["hidden"]["images"].shape == (1, 8, 8, 3)
        assert abs(int(splits["hidden"]["images"][0, 4, 4, 0]) - 180) < 8
        assert splits["hidden"]["labels"].tolist() == [1]
        assert len(splits["train"]["labels"]) + len(splits["valid"]["labels"]) == 3

    def test_a_speaker_is_in_one_split_only(self, loader, tmp_path, monkeypatch):
        import soundfile

        monkeypatch.setenv("CAIRN_DATASETS", str(tmp_path))
        (tmp_path / "librispeech").mkdir()
        with tarfile.open(tmp_path / "librispeech/dev-clean.tar.gz", "w:gz") as archive:
            for speaker in (7, 8, 9):
                sound = io.BytesIO()
                soundfile.write(sound, np.full(400, speaker, np.int16), 16_000, format="FLAC")
                texts = f"{speaker}-1-0000 SPOKEN BY {speaker}\n".encode()
                for name, data in (
                    (f"{speaker}-1-0000.flac", sound.getvalue()),
                    (f"{speaker}-1.trans.txt", texts),
                ):
                    info = tarfile.TarInfo(f"LibriSpeech/dev-clean/{speaker}/1/{name}")
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
        splits = loader("librispeech").load(valid=1, hidden=1)
        assert {name: split["speakers"].tolist() for name, split in splits.items()} == {
            "train": [7],
            "valid": [8],
            "hidden": [9],
        }
        assert splits["hidden"]["texts"].tolist() == ["SPOKEN BY 9"]
        assert splits["hidden"]["sounds"][0, :401].tolist() == [9] * 400 + [0]


@pytest.fixture
def loader(monkeypatch):
    """A loader's module by its name."""
    import importlib

    monkeypatch.syspath_prepend(str(REAL / datasets.LOADERS))
    return importlib.import_module


class TestFiles:
    def test_a_packages_file_is_read_without_installing_anything(self, tmp_path):
        digits = datasets.registry(Source(REAL))["digits"]
        (found,) = dataset_files.obtain("digits", digits, tmp_path, lambda *_: None)
        assert found.name == "mnist_5k.csv.gz"
        assert list(tmp_path.iterdir()) == []  # it was there already

    def test_a_file_that_was_changed_is_refused(self, tmp_path):
        digits = datasets.registry(Source(REAL))["digits"]
        assert isinstance(digits.origin, Package)
        place = tmp_path / digits.origin.file
        place.parent.mkdir(parents=True)
        place.write_bytes(b"something else")
        with pytest.raises(NotToBeHad, match="was expected"):
            dataset_files.obtain("digits", digits, tmp_path, lambda *_: None)

    def test_a_missing_program_is_named(self, tmp_path):
        spoken = entry(origin={"kind": "generated", "programs": ["no-such-program"]})
        with pytest.raises(NotToBeHad, match="apt-get install no-such-program"):
            dataset_files.obtain("spoken", spoken, tmp_path, lambda *_: None)
        assert not dataset_files.found("spoken", spoken, tmp_path)

    def test_a_download_is_checked_kept_and_not_fetched_twice(self, tmp_path, server):
        heard = []
        far = remote(server, b"dots and dots")
        (path,) = dataset_files.obtain("far", far, tmp_path / "kept", lambda *args: heard.append(args))
        assert path.read_bytes() == b"dots and dots"
        assert heard[-1] == ("dots.bin", 13, 13)
        (server.folder / "dots.bin").unlink()
        assert dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None) == [path]

    @pytest.mark.parametrize("sent", [b"dots and dats", b"dots and dots and more"])
    def test_what_is_not_what_was_promised_is_not_kept(self, tmp_path, server, sent):
        far = remote(server, b"dots and dots")
        (server.folder / "dots.bin").write_bytes(sent)
        with pytest.raises(NotToBeHad, match=r"not kept|not used"):
            dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert not [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]

    def test_what_was_interrupted_is_kept_and_gone_on_with(self, tmp_path, server):
        far = remote(server, b"dots and dots")
        server.cut = 5
        with pytest.raises(
            NotToBeHad, match=r"ended early\. 5 of 13 bytes are kept, and `prepare` goes on there"
        ):
            dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert not dataset_files.found("far", far, tmp_path / "kept")
        server.cut, heard = None, []
        (path,) = dataset_files.obtain("far", far, tmp_path / "kept", lambda *args: heard.append(args))
        assert path.read_bytes() == b"dots and dots"
        assert server.asked == [("/dots.bin", None), ("/dots.bin", "bytes=5-")]
        assert heard == [("dots.bin", 13, 13)]
        assert [one.name for one in path.parent.iterdir()] == ["dots.bin"]

    def test_a_server_that_knows_no_ranges_sends_all_of_it_again(self, tmp_path, server):
        far = remote(server, b"dots and dots")
        server.ranges = False
        partly(tmp_path / "kept", b"dots ")
        (path,) = dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert path.read_bytes() == b"dots and dots"

    @pytest.mark.parametrize("part", [b"dats ", b"dats and dats", b"dots and dots and more"])
    def test_a_part_of_something_else_ends_with_the_right_file_at_the_second_try(
        self, part, tmp_path, server
    ):
        far = remote(server, b"dots and dots")
        partly(tmp_path / "kept", part)
        if len(part) <= 13:
            with pytest.raises(NotToBeHad, match=r"was expected\. It was not used"):
                dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        (path,) = dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert path.read_bytes() == b"dots and dots"

    def test_a_part_beyond_what_the_server_has_is_begun_anew(self, tmp_path, server):
        far = remote(server, b"dots and dots")
        (server.folder / "dots.bin").write_bytes(b"dots")
        partly(tmp_path / "kept", b"dots and")
        with pytest.raises(NotToBeHad, match=r"416: .*\. Without a network"):
            dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        remote(server, b"dots and dots")
        dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert server.asked[-1] == ("/dots.bin", None)

    def test_a_file_that_moved_is_followed(self, tmp_path, server):
        far = remote(server, b"dots and dots", address="/moved/dots.bin")
        (path,) = dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert path.read_bytes() == b"dots and dots"
        assert [address for address, _ in server.asked] == ["/moved/dots.bin", "/dots.bin"]

    def test_a_full_disk_is_said_before_anything_is_fetched(self, tmp_path, server, monkeypatch):
        far = remote(server, b"dots and dots")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=12))
        with pytest.raises(NotToBeHad, match=r"there is no room for it in .*/far"):
            dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert server.asked == []

    def test_a_disk_that_fills_up_meanwhile_is_said_too(self, tmp_path, server):
        far = remote(server, b"dots and dots")
        (tmp_path / "kept/far").mkdir(parents=True)
        (tmp_path / "kept/far/dots.bin.part").symlink_to("/dev/full")
        with pytest.raises(NotToBeHad, match="there is no room for it"):
            dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)

    def test_two_do_not_write_into_one_file(self, tmp_path, server):
        far = remote(server, b"dots and dots")
        part = partly(tmp_path / "kept", b"dots ")
        with part.open("ab") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            with pytest.raises(NotToBeHad, match="being fetched already"):
                dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)
        assert part.read_bytes() == b"dots "

    def test_without_a_network_the_stand_in_is_named(self, tmp_path, server):
        far = remote(server, b"dots and dots")
        (server.folder / "dots.bin").unlink()
        with pytest.raises(NotToBeHad, match="projects use dots instead"):
            dataset_files.obtain("far", far, tmp_path / "kept", lambda *_: None)


class Shop(http.server.BaseHTTPRequestHandler):
    """Serves a folder: from where it is asked, all of it or cut short, and from a place that moved."""

    def do_GET(self):
        shop, wanted = self.server, self.headers.get("Range")
        shop.asked.append((self.path, wanted))
        if self.path.startswith("/moved/"):
            self._answer(302, Location=self.path.removeprefix("/moved"))
            return
        file = shop.folder / self.path.removeprefix("/")
        data = file.read_bytes() if file.is_file() else None
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and shop.ranges else 0
        if data is None or start >= len(data):
            self._answer(404 if data is None else 416)
            return
        self._answer(206 if start else 200, **{"Content-Length": str(len(data) - start)})
        self.wfile.write(data[start:][: shop.cut])

    def _answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path):
    """A web server over a folder."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as found:
        found.folder, found.asked, found.ranges, found.cut = tmp_path / "served", [], True, None
        found.folder.mkdir()
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def remote(server, data, address="/dots.bin"):
    """A data set of one file on the server."""
    (server.folder / "dots.bin").write_bytes(data)
    checksum = f"sha256:{hashlib.sha256(data).hexdigest()}"
    url = f"http://127.0.0.1:{server.server_address[1]}{address}"
    files = [{"url": url, "checksum": checksum, "size": len(data)}]
    return entry(origin={"kind": "download", "files": files}, stand_in="dots")


def partly(folder, data):
    """What an earlier try has kept of that file."""
    part = folder / "far/dots.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(data)
    return part


class TestTheCommand:
    def test_lists_what_there_is(self, root):
        code, out, _ = call("datasets", "list")
        assert code == 0
        assert "dots" in out
        assert "yes" in out

    def test_prepares_and_verifies(self, root):
        assert call("datasets", "prepare", "dots")[0] == 0
        code, out, _ = call("datasets", "verify")
        assert code == 0
        assert "train 30, valid 30, hidden 30" in out

    def test_says_what_differs(self, root):
        registered(root, dots=DOTS | {"splits": {"train": 31}})
        code, _, err = call("datasets", "verify", "dots")
        assert code == 1
        assert "train has 30 rows, and the registry says 31" in err
        assert "its fingerprint is" in err

    def test_finds_rows_that_two_splits_share(self, root):
        text = LOADER.replace('"hidden": draw()}', '"hidden": (same := draw()), "valid": same}')
        (root / datasets.LOADERS / "dots.py").write_text(text)
        code, _, err = call("datasets", "verify", "dots")
        assert code == 1
        assert "30 rows of hidden are also in valid" in err

    def test_refuses_kindly_what_cannot_be_had(self, root):
        registered(root, dots=DOTS, far=REAL_DOTS)
        code, _, err = call("datasets", "prepare", "far")
        assert code == 2
        assert "projects use dots instead" in err

    def test_export_writes_what_a_capsule_needs_and_nothing_hidden(self, root, tmp_path):
        code, _, err = call("datasets", "export", "dots", "--to", str(tmp_path / "out"))
        assert code == 0, err
        names = sorted(file.name for file in (tmp_path / "out/dots").iterdir())
        assert names == ["train_images.npy", "train_labels.npy", "valid_images.npy", "valid_labels.npy"]

    def test_whoever_fetches_one_reads_its_licence_first(self, root, server):
        far = remote(server, b"dots and dots")
        far_entry = REAL_DOTS | {"origin": far.origin.model_dump(mode="json"), "licence": "For research"}
        registered(root, dots=DOTS, far=far_entry)
        _, out, _ = call("datasets", "prepare", "far")
        host = f"127.0.0.1:{server.server_address[1]}"
        assert out.startswith(f"far: 13 bytes from {host}. Licence: For research\n")

    def test_an_unknown_one_is_an_error(self, root):
        code, _, err = call("datasets", "prepare", "nothing")
        assert code == 1
        assert "There is no data set nothing. There are dots." in err

    def test_a_broken_registry_is_shown_with_its_line(self, root):
        registered(root, dots=DOTS | {"licence": None})
        code, _, err = call("datasets", "list")
        assert code == 1
        assert "datasets/datasets.yaml" in err
        assert "licence" in err


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def published(self, root):
        assert call("datasets", "describe")[0] == 0
        publish(root)
        forget_library()
        return root

    def test_anybody_sees_the_list(self, client, published):
        page = client.get("/datasets").content.decode()
        assert "Dots" in page
        assert "/datasets/dots" in page

    def test_a_card_says_where_it_comes_from_and_shows_samples(self, client, published):
        page = client.get("/datasets/dots").content.decode()
        assert "<em>here</em>" in page
        assert "CC0 1.0" in page
        assert "6 \N{MULTIPLICATION SIGN} 6" in page
        picture = client.get("/datasets/dots/samples/0")
        assert picture.headers["Content-Type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")

    def test_a_card_names_arrays_as_a_program_finds_them(self, client, root):
        loader = "import numpy as np\ndef load(**_):\n    return {'weights': {'values': np.arange(8.0)}}\n"
        (root / datasets.LOADERS / "heavy.py").write_text(loader)
        heavy = DOTS | {"holds": "weights", "splits": {}, "loader": "heavy.py", "arguments": {}}
        registered(root, dots=DOTS, heavy=heavy)
        assert call("datasets", "describe")[0] == 0
        publish(root)
        forget_library()
        assert "<code>train_images</code>" in client.get("/datasets/dots").content.decode()
        assert "<code>weights_values</code>" in client.get("/datasets/heavy").content.decode()

    def test_no_page_shows_the_hidden_split(self, published):
        card = json.loads((published / datasets.CARDS / "dots.json").read_text())
        hidden = np.load(next((published.parent / "cache").rglob("hidden/images.npy")))
        assert card["splits"]["hidden"] == 30
        assert str(hidden[0].tolist()) not in json.dumps(card)
        first = next(iter(card["arrays"]))
        public = np.load(next((published.parent / "cache").rglob("public/train_images.npy")))
        assert f"mean {public.astype(float).mean():.4g}" in first["says"]

    @pytest.mark.parametrize(
        "address", ["/datasets/nothing", "/datasets/dots/samples/9", "/datasets/nothing/samples/0"]
    )
    def test_what_is_not_there_is_not_found(self, client, published, address):
        assert client.get(address).status_code == 404

    def test_a_card_costs_few_queries(self, client, published, django_assert_max_num_queries):
        client.get("/datasets/dots")
        with django_assert_max_num_queries(2):
            client.get("/datasets/dots")

    def test_without_a_registry_there_is_an_empty_list(self, client, root):
        shutil.rmtree(root / "datasets")
        publish(root)
        forget_library()
        assert "No data sets yet" in client.get("/datasets").content.decode()

    def test_a_project_that_trains_on_nothing_known_is_refused(self, root):
        file = root / "projects/linear-algebra-library/project.yaml"
        file.write_text(file.read_text() + "training: {datasets: [dits]}\n")
        with pytest.raises(ContentErrors) as caught:
            publish(root)
        assert "There is no data set `dits`" in str(caught.value.errors)

    def test_a_project_that_trains_is_published_with_its_loaders(self, root):
        from cairn.catalog.models import Document

        file = root / "projects/linear-algebra-library/project.yaml"
        file.write_text(file.read_text() + "training: {datasets: [dots]}\n")
        band = {"loss": {"x": [0], "low": [1.0], "mean": [1.5], "high": [2.0]}}
        (file.parent / "reference.json").write_text(json.dumps({"curves": band}))
        publish(root)
        stored = Document.objects.get(kind="project", slug="linear-algebra-library")
        assert stored.private["loaders"] == {"dots.py": LOADER}
        assert stored.private["datasets"][0]["name"] == "dots"
        assert stored.body["reference"] == band
        assert "reference.json" not in stored.private["tests"]
