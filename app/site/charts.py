"""Charts drawn from specifications, in processes of their own, and kept while there is room.

Drawing holds the interpreter for up to a third of a second. Other processes do it, so that
nothing else waits for it; those who wait for a picture hold no thread.
"""

import asyncio
import json
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from hashlib import blake2s
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

from app.kit.keeping import KeptBySize

Format = Literal["svg", "png", "vl.json"]
Spec = Mapping[str, Any]
Drawing = Callable[[str, Format], bytes]
Key = tuple[str, Format]
Begun = tuple[Future[bytes], ProcessPoolExecutor]

_VEGA_LITE: Final = "6.4"
_WORKERS: Final = 2
_ATTEMPTS: Final = 2
_WAITING_AT_MOST: Final = 32
_SECONDS: Final = 10.0
_BYTES_KEPT: Final = 16 * 1024 * 1024
_NICER: Final = 5
"""Drawing gives way to answering."""


class NotDrawn(Exception):
    """A picture cannot be drawn now; the message says why."""


def draw(text: str, format_: Format) -> bytes:
    """Draw a specification. Runs in a process of its own; nothing is fetched from anywhere."""
    import vl_convert

    if format_ == "png":
        return vl_convert.vegalite_to_png(text, vl_version=_VEGA_LITE, allowed_base_urls=[])
    svg = vl_convert.vegalite_to_svg(text, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return titled(svg, json.loads(text)).encode()


def titled(svg: str, spec: Spec) -> str:
    """Return the SVG with the title and the description of its specification inside."""
    title, description = spec["usermeta"]["title"], spec["description"]
    name = blake2s(description.encode(), digest_size=6).hexdigest()
    words = (
        f'<title id="title-{name}">{escape(title)}</title>'
        f'<desc id="desc-{name}">{escape(description)}</desc>'
    )
    said = f'role="img" lang="en" aria-labelledby="title-{name}" aria-describedby="desc-{name}"'
    # The roles of the parts are of no use inside a picture that is one whole.
    plain = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg)
    return re.sub(r"<svg\b([^>]*)>", lambda tag: f"<svg{tag[1]} {said}>{words}", plain, count=1)


class Renderer:
    """Draws charts. Processes start with the first one; those that die are replaced."""

    def __init__(
        self,
        *,
        workers: int = _WORKERS,
        waiting_at_most: int = _WAITING_AT_MOST,
        seconds: float = _SECONDS,
        bytes_kept: int = _BYTES_KEPT,
        drawing: Drawing = draw,
    ) -> None:
        self.kept: KeptBySize[Key, bytes] = KeptBySize(bytes_kept, len)
        self._workers = workers
        self._waiting_at_most = waiting_at_most
        self._seconds = seconds
        self._drawing = drawing
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._begun: dict[Key, Begun] = {}

    async def render(self, spec: Spec, format_: Format) -> bytes:
        """Return a chart as a file. Raises NotDrawn where it takes too long or too many wait."""
        text = json.dumps(spec, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if format_ == "vl.json":
            return text.encode()
        key: Key = (blake2s(text.encode(), digest_size=16).hexdigest(), format_)
        if found := self.kept.get(key):
            return found
        until = time.monotonic() + self._seconds
        for _ in range(_ATTEMPTS):
            # In a thread: the first of all starts a process, which takes some milliseconds.
            begun, pool = await asyncio.to_thread(self._begin, key, text)
            waiting = asyncio.wrap_future(begun)
            waiting.add_done_callback(_heard)
            try:
                # Whoever stops waiting leaves the drawing to the others who ask for it.
                left = max(until - time.monotonic(), 0.001)
                return await asyncio.wait_for(asyncio.shield(waiting), left)
            except TimeoutError:
                raise NotDrawn("the picture takes too long to draw") from None
            except BrokenProcessPool:
                self._forget(pool)
        raise NotDrawn("the process that draws has failed")

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool:
            pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, key: Key, text: str) -> Begun:
        """Return the drawing of a picture, begun here or by another who asked for the same."""
        with self._lock:
            if key in self._begun:
                return self._begun[key]
            if len(self._begun) >= self._waiting_at_most:
                raise NotDrawn("too many pictures wait to be drawn")
            asked = partial(_within, self._seconds, self._drawing, text, key[1])
            try:
                pool = self._pool = self._pool or self._start()
                drawing = pool.submit(asked)
            except BrokenProcessPool:  # it lost a process while nobody waited
                pool = self._pool = self._start()
                drawing = pool.submit(asked)
            self._begun[key] = (drawing, pool)
        drawing.add_done_callback(lambda done: self._end(key, done))
        return drawing, pool

    def _start(self) -> ProcessPoolExecutor:
        spawning = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, mp_context=spawning, initializer=_prepare)

    def _end(self, key: Key, done: Future[bytes]) -> None:
        with self._lock:
            self._begun.pop(key, None)
        if not done.cancelled() and done.exception() is None:
            self.kept[key] = done.result()

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        """Forget a pool that lost a process: the next picture starts another one."""
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)


def _heard(waiting: asyncio.Future[bytes]) -> None:
    """Take note of an error that comes when nobody waits any more."""
    if not waiting.cancelled():
        waiting.exception()


def _prepare() -> None:
    """Make a process ready: it leaves Ctrl+C to its parent and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError, AttributeError):  # there is no such thing on Windows
        os.nice(_NICER)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _within(seconds: float, drawing: Drawing, text: str, format_: Format) -> bytes:
    """Draw within a time. The system ends the process after it: no thread gets to run meanwhile."""
    alarm = getattr(signal, "setitimer", None)
    if alarm:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        alarm(signal.ITIMER_REAL, seconds)
    try:
        return drawing(text, format_)
    finally:
        if alarm:
            alarm(signal.ITIMER_REAL, 0)
