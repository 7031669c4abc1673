"""A cache whose Redis comes and goes: it answers as an empty one would, and forgets what changed."""

from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from cairn.config import cache as module
from cairn.config.cache import TolerantRedisCache


class FakeRedis:
    """The few commands that are used here, and a plug to pull."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.is_there = True
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        def command(*arguments: Any, **options: Any) -> Any:
            self.asked += 1
            if not self.is_there:
                raise RedisConnectionError("refused")
            return getattr(self, f"do_{name}")(*arguments, **options)

        return command

    def do_get(self, key: str) -> Any:
        return self.kept.get(key)

    def do_set(self, key: str, value: Any, ex: int | None = None, nx: bool = False) -> bool:
        if nx and key in self.kept:
            return False
        self.kept[key] = value
        return True

    def do_delete(self, *keys: str) -> int:
        return sum(self.kept.pop(key, None) is not None for key in keys)

    def do_ping(self) -> bool:
        return True


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    return FakeRedis()


@pytest.fixture
def cache(redis: FakeRedis, monkeypatch: pytest.MonkeyPatch) -> TolerantRedisCache:
    made = TolerantRedisCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr(made._cache, "get_client", lambda *arguments, **options: redis)
    return made


def test_with_redis_it_is_a_cache(cache: TolerantRedisCache) -> None:
    cache.set("a", [1])
    assert cache.get("a") == [1]
    assert cache.add("a", 2) is False
    assert cache.answers()


def test_without_redis_it_is_empty_and_nothing_fails(cache: TolerantRedisCache, redis: FakeRedis) -> None:
    redis.is_there = False
    cache.set("a", 1)
    cache.set_many({"b": 2})
    cache.delete_many(["a", "b"])
    assert cache.get("a", "none") == "none"
    assert cache.get_many(["a", "b"]) == {}
    assert cache.add("a", 1) is True
    assert cache.delete("a") is False
    assert "a" not in cache
    assert not cache.answers()
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")


def test_what_changed_meanwhile_is_not_read_from_before(cache: TolerantRedisCache, redis: FakeRedis) -> None:
    cache.set("session", "signed in")
    cache.set("other", "kept")
    redis.is_there = False
    cache.delete("session")
    redis.is_there = True
    assert cache.get("session") is None
    assert cache.get("other") == "kept"


def test_nobody_waits_for_a_redis_that_just_failed(
    cache: TolerantRedisCache, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 60.0)
    redis.is_there = False
    for _ in range(10):
        cache.get("a")
    assert redis.asked == 1
