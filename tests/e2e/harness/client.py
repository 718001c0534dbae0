"""A small HTTP client over one kept connection; it decodes and checks what every answer of the API must have."""

import http.client
import json
import socket
from dataclasses import dataclass


def strict_json(text):
    """JSON as the standard has it: Python's own reader takes NaN and Infinity."""

    def refuse(constant):
        raise AssertionError(f"the answer holds {constant}, which is not JSON: {text[:500]}")

    return json.loads(text, parse_constant=refuse)


@dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes

    @property
    def json(self):
        assert self.headers.get("content-type", "").startswith("application/json"), (self.headers, self.body[:500])
        return strict_json(self.body.decode())

    @property
    def error(self):
        """The error of a refused request; its form is checked."""
        assert self.status >= 400, f"expected an error, got {self.status}: {self.body[:500]}"
        body = self.json
        assert set(body) == {"error"} and {"code", "message"} <= set(body["error"]), body
        assert body["error"]["message"], body
        return body["error"]

    @property
    def outputs(self):
        assert self.status == 200, f"{self.status}: {self.body[:1000]}"
        return self.json["outputs"]


class Client:
    def __init__(self, host, port, timeout=120):
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def close(self):
        self._connection.close()

    def send(self, method, path, body=None, headers=None):
        """One request. `body` is bytes or a string as it is, anything else as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if self._connection.sock is None:
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except Exception:
            self._connection.close()
            raise
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, content)

    def get(self, path):
        return self.send("GET", path)

    def post(self, path, body):
        return self.send("POST", path, body)

    def put(self, path, body):
        return self.send("PUT", path, body)

    def delete(self, path):
        return self.send("DELETE", path)

    def try_deploy(self, name, path, **keys):
        return self.post("/models", {"name": name, "path": str(path), **keys})

    def deploy(self, name, path, **keys):
        """Deploys and gives the description in the answer."""
        answer = self.try_deploy(name, path, **keys)
        assert answer.status == 201, f"deploy of {path}: {answer.status}: {answer.body.decode()}"
        return answer.json

    def predict(self, name, inputs, **keys):
        return self.post(f"/predict/{name}", {"inputs": inputs, **keys})
