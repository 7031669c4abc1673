"""The databases that pages are measured on: SQLite as on a laptop, PostgreSQL with Redis as on a server."""

import contextlib
import shutil
from collections.abc import Callable, Iterator

from bench.machine import OUT
from bench.site import Site
from tests import services

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL and Redis"


@contextlib.contextmanager
def sqlite() -> Iterator[tuple[Site, Site]]:
    """Two sites on new files: one to stay empty, one to be filled."""
    homes = [OUT / f"pages-{name}" for name in ("empty", "full")]
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
    yield Site(homes[0]), Site(homes[1])
    for home in homes:  # the full one holds gigabytes
        shutil.rmtree(home)


@contextlib.contextmanager
def postgresql() -> Iterator[tuple[Site, Site]]:
    """Two sites on one PostgreSQL and one Redis of their own, which end with the block.

    Its commits wait for no disk: what is measured here reads.
    """
    import psycopg

    with services.postgresql() as url, services.redis() as redis_url:
        server, _, _ = url.rpartition("/")
        broker, _, _ = redis_url.rpartition("/")
        with psycopg.connect(url, autocommit=True) as connection:
            for name in ("empty", "full"):
                connection.execute(f"CREATE DATABASE bench_{name}")
        yield (
            Site(OUT / "pages-empty", f"{server}/bench_empty", f"{broker}/1"),
            Site(OUT / "pages-full", f"{server}/bench_full", f"{broker}/2"),
        )
        for name in ("empty", "full"):
            shutil.rmtree(OUT / f"pages-{name}", ignore_errors=True)


ALL: dict[str, Callable[[], contextlib.AbstractContextManager[tuple[Site, Site]]]] = {
    SQLITE: sqlite,
    POSTGRESQL: postgresql,
}
