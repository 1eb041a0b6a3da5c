"""Answers that are kept while the data stay as they are, in a bounded number of bytes."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from sys import getsizeof
from typing import Final, TypeAlias

Key: TypeAlias = tuple[object, ...]
"""All that an answer depends on, beside the data."""

RawHeaders: TypeAlias = Sequence[tuple[bytes, bytes]]

_ENTRY_BYTES: Final = 1_000
_PAIR_BYTES: Final = 72 + 2 * getsizeof(b"")
_LARGEST_SHARE: Final = 32
_WANTED_SHARE: Final = 0.75
_ASKED_AT_MOST: Final = 10_000
_ONE_TAG: Final = re.compile(rb'(?:W/)?("[^",]*")')


class KeptAnswer:
    """A whole answer 200 as it leaves: headers and body, and the headers of its 304 once known."""

    __slots__ = ("_heads", "body", "etag", "has_its_length", "headers", "key", "size", "unchanged")

    def __init__(self, key: Key, headers: RawHeaders, body: bytes, etag: bytes) -> None:
        self.key = key
        self.headers = headers
        self.body = body
        self.etag = etag
        self.unchanged: RawHeaders | None = None
        self._heads: dict[int, bytes] = {}
        self.has_its_length = False
        pairs = 0
        for name, value in headers:
            pairs += len(name) + len(value) + _PAIR_BYTES
            if name.lower() == b"content-length":
                self.has_its_length = True
        # Three times the headers: those of a 304, which are fewer, and both as they are sent.
        self.size = _ENTRY_BYTES + sum(map(getsizeof, key)) + 3 * pairs + getsizeof(body)

    def is_known_by(self, if_none_match: bytes) -> bool | None:
        """Return whether If-None-Match names this answer, None where that needs a closer look.

        Looked at here is only what most send: one tag, the same to the byte or quite another.
        """
        if if_none_match.removeprefix(b"W/") == self.etag:
            return True
        tag = _ONE_TAG.fullmatch(if_none_match)
        return False if tag and _plain(tag[1]) != _plain(self.etag) else None

    def head(self, headers: RawHeaders) -> bytes:
        """Return the headers of the answer, or of its 304, as lines of HTTP/1.1."""
        known = headers is self.unchanged
        if known not in self._heads:
            lines = (b"%b: %b\r\n" % (name.lower(), value) for name, value in headers)
            self._heads[known] = b"".join(lines)
        return self._heads[known]


class KeptAnswers:
    """Answers of one state of the data by their keys, in at most so many bytes.

    Those that were asked for again have three quarters of the room, so that any number of
    questions that come once leave them alone. Within each part the least recently asked for goes
    first. Beside them it is known, of whatever state, which keys were asked for of late: that takes
    two megabytes at the most.
    """

    def __init__(self, most: int) -> None:
        self.largest = most // _LARGEST_SHARE
        self._most = most
        self._most_wanted = int(most * _WANTED_SHARE)
        self._asked: set[int] = set()
        self._asked_before: set[int] = set()
        self._clear(None)

    @property
    def size(self) -> int:
        """How many bytes the answers take."""
        return self._tried_size + self._wanted_size

    def get(self, key: Key, state: int) -> KeptAnswer | None:
        """Return the answer of a key in a state of the data, None where it is not kept."""
        if state != self._state:
            self._clear(state)
            return None
        found = self._wanted.get(key)
        if found:
            self._wanted.move_to_end(found.key)
            return found
        found = self._tried.pop(key, None)
        if found:
            self._tried_size -= found.size
            self._wanted[found.key] = found
            self._wanted_size += found.size
            self._make_room()
        return found

    def put(self, answer: KeptAnswer, state: int) -> None:
        """Keep an answer that was read when the data were in a state, unless they have left it."""
        key = answer.key
        if state != self._state or answer.size > self.largest or key in self._wanted:
            return
        before = self._tried.pop(key, None)
        self._tried_size += answer.size - (before.size if before else 0)
        self._tried[key] = answer
        self._make_room()

    def comes_again(self, key: Key) -> bool:
        """Note that a key is asked for; return whether it was among the last thousands before.

        It is known by its hash, which two keys may share.
        """
        mark = hash(key)
        if mark in self._asked or mark in self._asked_before:
            return True
        if len(self._asked) >= _ASKED_AT_MOST:
            self._asked, self._asked_before = set(), self._asked
        self._asked.add(mark)
        return False

    def _clear(self, state: int | None) -> None:
        self._state = state
        self._tried: OrderedDict[Key, KeptAnswer] = OrderedDict()
        self._wanted: OrderedDict[Key, KeptAnswer] = OrderedDict()
        self._tried_size = self._wanted_size = 0

    def _make_room(self) -> None:
        while self._wanted_size > self._most_wanted:
            key, answer = self._wanted.popitem(last=False)
            self._wanted_size -= answer.size
            self._tried[key] = answer
            self._tried_size += answer.size
        while self.size > self._most:
            self._tried_size -= self._tried.popitem(last=False)[1].size


def _plain(etag: bytes) -> bytes:
    """Return the ETag that an answer has without encoding."""
    return etag.replace(b'-gzip"', b'"')
