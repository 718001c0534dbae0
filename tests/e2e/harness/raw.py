"""Requests byte by byte, for what no decent client would send."""

import socket
from dataclasses import dataclass


class Closed(Exception):
    """The server closed the connection before a whole answer."""


@dataclass
class RawAnswer:
    status: int
    headers: dict  # names in lower case
    body: bytes


class RawConnection:
    def __init__(self, server, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=timeout)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError as error:
            raise Closed from error
        if not data:
            raise Closed
        self._buffer += data

    def _until(self, mark):
        while mark not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(mark)
        return head

    def answer(self, head_only=False):
        """The next answer; `head_only` for one to HEAD, which has no body whatever its length says."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), lines[0]
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status = int(status)
        if head_only or status in (204, 304) or status < 200:
            return RawAnswer(status, headers, b"")
        length = int(headers["content-length"])
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return RawAnswer(status, headers, body)

    def closed(self):
        """Whether the server has closed its side, with nothing more said."""
        try:
            self._more()
        except Closed:
            return True
        return False


def request(method, path, body=None, headers=(), host="localhost"):
    """The bytes of a well-formed request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")
