"""TLS with the real program: as stock clients see it, and what SIGHUP does to it."""

import http.client
import json
import signal
import ssl
import subprocess

import pytest

from harness.digits import assert_recorded, inputs_for
from harness.raw import RawConnection, request
from harness.server import DIGITS, wait_for

BODY = json.dumps({"inputs": inputs_for("pipeline.joblib", slice(0, 1))}).encode()


class Identities:
    """Keys and certificates in a folder, made by the openssl program."""

    def __init__(self, folder):
        self.folder = folder

    def make(self, name, issuer=None):
        """<name>.pem and <name>.key, for 127.0.0.1; self-signed without an issuer."""
        new = self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-x509",
                            *(["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key"] if issuer else []))
        assert new.returncode == 0, new.stderr
        return self

    def path(self, name):
        return self.folder / name

    def _openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True)


@pytest.fixture
def identities(tmp_path):
    return Identities(tmp_path).make("server")


@pytest.fixture
def tls_server(start_server, identities):
    def start(*arguments):
        return start_server("--tls-cert", identities.path("server.pem"), "--tls-key", identities.path("server.key"), *arguments,
                            roots=[DIGITS])

    return start


def trusting(identities, name="server"):
    return ssl.create_default_context(cafile=identities.path(f"{name}.pem"))


def connect(server, context):
    return http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=60)


def ask(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def shown_name(server):
    """The common name in the certificate that a new connection is shown."""
    text = ssl.get_server_certificate(("127.0.0.1", server.port))
    return subprocess.run(["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline"], input=text, capture_output=True,
                          text=True, check=True).stdout


def test_predictions_over_a_kept_connection(tls_server, identities):
    server = tls_server()
    assert server.url.startswith("https://")
    connection = connect(server, trusting(identities))
    status, body = ask(connection, "POST", "/models", json.dumps({"name": "pipeline", "path": "pipeline.joblib"}))
    assert status == 201, body
    for _ in range(20):
        status, body = ask(connection, "POST", "/predict/pipeline", BODY)
        assert status == 200, body
        assert_recorded("pipeline.joblib", json.loads(body)["outputs"], slice(0, 1))


def test_curl(tls_server, identities):
    server = tls_server()
    for version in ("1.2", "1.3"):
        run = subprocess.run(["curl", "-sS", "--cacert", identities.path("server.pem"), f"--tlsv{version}", "--tls-max", version,
                              f"{server.url}/health"], capture_output=True, text=True)
        assert run.returncode == 0 and "ok" in run.stdout, run
    old = subprocess.run(["curl", "-sS", "-k", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", f"{server.url}/health"],
                         capture_output=True, text=True)
    assert old.returncode != 0, old


def test_http2_where_the_client_offers_it(tls_server, identities):
    server = tls_server()
    for offered, spoken in (("--http2", "2"), ("--http1.1", "1.1")):
        run = subprocess.run(["curl", "-sS", "--cacert", identities.path("server.pem"), offered, "-w", " HTTP/%{http_version}",
                              f"{server.url}/health"], capture_output=True, text=True)
        assert run.returncode == 0 and run.stdout.endswith(f" HTTP/{spoken}"), run


def test_plain_http_is_told_so(tls_server):
    server = tls_server()
    with RawConnection(server) as connection:
        connection.send(request("GET", "/health"))
        answer = connection.answer()
        assert answer.status == 400 and b"this port speaks HTTPS" in answer.body


def test_clients_must_show_a_certificate(tls_server, identities):
    identities.make("authority").make("known", issuer="authority").make("stranger")
    server = tls_server("--tls-client-ca", identities.path("authority.pem"))
    context = trusting(identities)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(connect(server, context), "GET", "/health")
    context.load_cert_chain(identities.path("stranger.pem"), identities.path("stranger.key"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(connect(server, context), "GET", "/health")
    context = trusting(identities)
    context.load_cert_chain(identities.path("known.pem"), identities.path("known.key"))
    assert ask(connect(server, context), "GET", "/health")[0] == 200


def test_sighup_is_for_new_connections(tls_server, identities):
    server = tls_server()
    open_one = connect(server, trusting(identities))
    assert ask(open_one, "GET", "/health")[0] == 200
    identities.make("next")
    identities.path("next.pem").replace(identities.path("server.pem"))
    identities.path("next.key").replace(identities.path("server.key"))
    assert "server" in shown_name(server)
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "next" in shown_name(server), "the new certificate")
    assert ask(open_one, "GET", "/health")[0] == 200

    identities.path("server.key").write_text("broken")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the certificate stays as it was" in server.log(), "the message")
    assert str(identities.path("server.key")) in server.log()
    assert "next" in shown_name(server)


def test_a_key_that_is_wrong_ends_the_start(identities, start_server):
    with pytest.raises(AssertionError, match="cannot use the private key in '.*server.pem'"):
        start_server("--tls-cert", identities.path("server.pem"), "--tls-key", identities.path("server.pem"))


def test_a_certificate_needs_its_key(identities, start_server):
    with pytest.raises(AssertionError, match="--tls-key"):
        start_server("--tls-cert", identities.path("server.pem"))
