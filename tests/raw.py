"""Requests as bytes, and a connection on which they are sent as they are."""

import re
import socket
from contextlib import suppress


class Line:
    """A connection on which bytes are sent as they are."""

    def __init__(self, base: str) -> None:
        self.base = base
        host, port = base.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=20)
        self._read = b""

    def send(self, *requests: bytes) -> None:
        """Send bytes in one piece."""
        self._socket.sendall(b"".join(requests))

    def answer(self, method: str = "GET") -> bytes:
        """Return the next answer, but for the date in it."""
        head = self._until(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        body = b""
        if b"transfer-encoding: chunked" in head and method == "GET":
            while (size := int(self._until(b"\r\n"), 16)) > 0:
                body += self._next(size + 2)[:-2]
            self._next(2)
        elif length and method == "GET":
            body = self._next(int(length[1]))
        # The fifth to the eighth byte of what gzip makes are a date too.
        body = body[:4] + body[8:] if body.startswith(b"\x1f\x8b") else body
        return re.sub(rb"date: [^\r]+", b"date: today", head) + body

    def rest(self) -> bytes:
        """Return what else comes until the connection is closed."""
        while piece := self._socket.recv(65_536):
            self._read += piece
        return self._next(len(self._read))

    def send_until_stuck(self, data: bytes, at_most: int) -> None:
        """Send bytes again and again until no more are taken."""
        self._socket.settimeout(0.5)
        with suppress(TimeoutError):
            for _ in range(at_most):
                self._socket.sendall(data)

    def end(self) -> None:
        """Say that nothing more is sent, and go on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._read:
            self._more()
        return self._next(self._read.index(mark) + len(mark))

    def _next(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def _more(self) -> None:
        piece = self._socket.recv(65_536)
        assert piece, "the connection was closed"
        self._read += piece


def request(address: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Return a request as it is sent."""
    lines = [f"{method} {address} HTTP/{version}", "Host: here", *headers, "", ""]
    return "\r\n".join(lines).encode()
