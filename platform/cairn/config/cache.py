"""A Redis cache that a page can do without: when Redis does not answer, nothing is cached, and nothing fails.

What is kept here is kept elsewhere too, or is only a count. Sessions are in the database; rates are not
limited while they cannot be counted; the sweepers of several processes may work at the same time, which is
safe. A key whose change was not taken is remembered, and removed before Redis is believed again: a session
that ended meanwhile must not come back to life.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

PAUSE_SECONDS = 2.0  # after a failure nobody waits for Redis again for so long
MOST_OWED = 10_000

Value = TypeVar("Value")
_log = logging.getLogger(__name__)


class TolerantClient(RedisCacheClient):
    """Answers as an empty cache would while Redis does not answer. One for each process."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lock = threading.Lock()
        self._owed: set[str] = set()
        self._down_until = 0.0

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        """True where it is not known to be there: who asks for leave to do something then does it."""
        return self._try(lambda: super(TolerantClient, self).add(key, value, timeout), True)

    def get(self, key: Any, default: Any) -> Any:
        """The value, or the default."""
        return self._try(lambda: super(TolerantClient, self).get(key, default), default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        """Keeps the value, if it can."""
        self._try(lambda: super(TolerantClient, self).set(key, value, timeout), None, key)

    def touch(self, key: Any, timeout: Any) -> bool:
        """Whether it was there, as far as is known."""
        return self._try(lambda: super(TolerantClient, self).touch(key, timeout), False)

    def delete(self, key: Any) -> bool:
        """Removes the value, now or before it can be read again."""
        return self._try(lambda: super(TolerantClient, self).delete(key), False, key)

    def get_many(self, keys: Any) -> dict[Any, Any]:
        """What is there of these."""
        return self._try(lambda: super(TolerantClient, self).get_many(keys), {})

    def has_key(self, key: Any) -> bool:
        """Whether it is there, as far as is known."""
        return self._try(lambda: super(TolerantClient, self).has_key(key), False)

    def incr(self, key: Any, delta: int) -> int:
        """The new count. Raises ValueError for a key that is not there, as far as is known."""
        found: int | None = self._try(lambda: super(TolerantClient, self).incr(key, delta), None, key)
        if found is None:
            raise ValueError(f"Key '{key}' not found.")
        return found

    def set_many(self, data: Any, timeout: Any) -> None:
        """Keeps the values, if it can."""
        self._try(lambda: super(TolerantClient, self).set_many(data, timeout), None, *data)

    def delete_many(self, keys: Any) -> None:
        """Removes the values, now or before they can be read again."""
        self._try(lambda: super(TolerantClient, self).delete_many(keys), None, *keys)

    def clear(self) -> bool:
        """Empties the cache, if it can."""
        return self._try(super().clear, False)

    def answers(self) -> bool:
        """Whether Redis answers just now."""
        try:
            return bool(self.get_client(None).ping())
        except RedisError:
            return False

    def _try(self, ask: Callable[[], Value], otherwise: Value, *changes: Any) -> Value:
        """What Redis says, or ``otherwise``; ``changes`` are keys that are wrong if it does not hear this."""
        if time.monotonic() >= self._down_until:
            try:
                self._pay()
                return ask()
            except RedisError as error:
                self._down_until = time.monotonic() + PAUSE_SECONDS
                _log.warning("Redis does not answer; pages go on without a cache: %s", error)
        with self._lock:
            self._owed.update(changes)
        return otherwise

    def _pay(self) -> None:
        """Removes what could not be changed before. Too many of them: everything. Raises RedisError."""
        with self._lock:
            owed = list(self._owed)
            if len(owed) > MOST_OWED:
                super().clear()
            elif owed:
                super().delete_many(owed)
            self._owed.clear()


class TolerantRedisCache(RedisCache):
    """Django's Redis cache with a client that tolerates a Redis that is gone."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = TolerantClient

    def answers(self) -> bool:
        """Whether Redis answers just now."""
        client: Any = self._cache
        return bool(client.answers())
