"""Caddy in front: the real one, between a client and two servers that tell what reached them."""

import gzip
import http.client
import json
import shutil
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import psutil
import pytest

from clinicpro.up import StartError, ports, programs
from clinicpro.up.place import make_runtime, open_place
from clinicpro.up.proxy import caddyfile, forget_leaves
from tests.up.settings import some_settings

pytestmark = pytest.mark.store


class Telling(BaseHTTPRequestHandler):
    """Answers with what it was asked; `/events` streams, `/large` is a long page."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "length": len(self.rfile.read(length)),
        }
        if self.path == "/events":
            return self.stream()
        if self.path == "/large":
            return self.send(b"<p>word</p>" * 2000, "text/html; charset=utf-8")
        return self.send(json.dumps(told).encode(), "application/json")

    def send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunk(b"data: first\n\n")
        self.server.told_to_go_on.wait(10)
        self.chunk(b"data: second\n\n")
        self.chunk(b"")

    def chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "socket"

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815


class Threads(socketserver.ThreadingMixIn):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """The proxy hanging up on a body that is too large is no trouble."""


class UnixServer(Threads, socketserver.UnixStreamServer): ...


class TcpServer(Threads, socketserver.TCPServer): ...


class Front:
    """Caddy over a telling app and a telling store."""

    def __init__(self, folder: Path) -> None:
        self.place = open_place(folder)
        self.settings = some_settings(
            folder, runtime=make_runtime(self.place), public_url="https://clinic.example"
        )
        self.app = UnixServer(str(self.settings.runtime / "gunicorn.sock"), Telling)
        self.store = TcpServer(("127.0.0.1", 0), Telling)
        for server in (self.app, self.store):
            server.told_to_go_on = threading.Event()
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.store_host = f"127.0.0.1:{self.store.server_address[1]}"
        text = caddyfile(self.settings, f"http://{self.store_host}", ports.loopback())
        (self.place.conf / "Caddyfile").write_text(text)
        caddy = programs.caddy(self.place)
        with self.place.log("caddy").open("wb") as log:
            self.process = subprocess.Popen(
                caddy.command, env=dict(caddy.environment), stdout=log, stderr=log
            )

    def wait(self) -> None:
        for _ in range(200):
            try:
                self.ask("/")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.place.log("caddy").read_text())

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=10)

    def ask(self, path, *, method="GET", host=None, headers=(), body=None):
        connection = self.connection()
        try:
            host = host or f"localhost:{self.settings.port}"
            connection.request(method, path, body, {"Host": host, **dict(headers)})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        return answer, content

    def told(self, path, **how):
        answer, content = self.ask(path, **how)
        assert answer.status == 200
        return json.loads(content)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        for server in (self.app, self.store):
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def front():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    running = Front(folder)
    running.wait()
    yield running
    running.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "clinic.example"])
def test_our_own_names_reach_the_app(front, host):
    told = front.told("/desk?q=1", host=f"{host}:{front.settings.port}")
    assert told["path"] == "/desk?q=1"
    assert told["headers"]["x-forwarded-host"] == f"{host}:{front.settings.port}"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.7", ""])
def test_a_strange_host_is_refused(front, host):
    answer, content = front.ask("/", host=host or "x")
    assert answer.status == 400
    assert b"evil" not in content


def test_what_a_client_says_about_itself_does_not_count(front):
    lies = {
        "X-Forwarded-For": "8.8.8.8",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Port": "1",
        "Forwarded": "for=8.8.8.8",
    }
    headers = front.told("/", headers=lies)["headers"]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == f"localhost:{front.settings.port}"
    assert not {"x-forwarded-prefix", "x-forwarded-port", "forwarded"} & set(headers)


def test_the_public_name_is_served_as_https(front):
    headers = front.told("/", host="clinic.example")["headers"]
    assert headers["x-forwarded-proto"] == "https"


def test_the_store_sees_its_own_name_and_nothing_of_ours(front):
    headers = {"Cookie": "session=1", "Authorization": "AWS4 x", "X-Forwarded-For": "1.2.3.4"}
    told = front.told("/clinicpro/a/b?X-Amz-Signature=s", headers=headers)
    assert told["path"] == "/clinicpro/a/b?X-Amz-Signature=s"
    assert told["headers"]["host"] == front.store_host
    assert not {name for name in told["headers"] if name.startswith("x-forwarded")}
    assert not {"cookie", "authorization"} & set(told["headers"])


@pytest.mark.parametrize(("method", "status"), [("PUT", 200), ("HEAD", 200)])
def test_images_are_put_and_looked_at(front, method, status):
    assert front.ask("/clinicpro/a", method=method, body=b"x")[0].status == status


@pytest.mark.parametrize("method", ["DELETE", "POST", "OPTIONS", "PATCH"])
def test_nothing_else_is_done_with_the_store(front, method):
    assert front.ask("/clinicpro/a", method=method)[0].status == 405


def test_a_path_that_climbs_out_of_the_bucket_does_not_reach_the_store(front):
    told = front.told("/clinicpro/../other/key")
    assert told["headers"]["host"] != front.store_host


def test_bytes_of_the_store_can_do_nothing_in_a_browser(front):
    answer, _ = front.ask("/clinicpro/a")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_large_bodies_go_to_the_store_and_not_to_the_app(front):
    body = b"x" * 3_000_000
    assert front.ask("/api/x", method="POST", body=b"x" * 900_000)[0].status == 200
    assert front.told("/clinicpro/a", method="PUT", body=body)["length"] == len(body)
    try:
        status = front.ask("/api/x", method="POST", body=body)[0].status
    except (BrokenPipeError, ConnectionResetError):  # it hung up before all was sent
        status = 413
    assert status in (413, 503)


def test_pages_are_compressed(front):
    answer, content = front.ask("/large", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(content) < 1000
    assert gzip.decompress(content).startswith(b"<p>word</p>")


def test_events_come_through_one_by_one(front):
    front.app.told_to_go_on.clear()
    connection = front.connection()
    host = f"localhost:{front.settings.port}"
    connection.request("GET", "/events", headers={"Host": host, "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    assert answer.readline() == b"data: first\n"
    front.app.told_to_go_on.set()
    assert answer.read() == b"\ndata: second\n\n"
    assert answer.headers["Content-Encoding"] is None
    connection.close()


def test_https_on_localhost_is_signed_by_a_certificate_of_our_own(front):
    authority = front.place.caddy / "caddy/pki/authorities/local/root.crt"
    for _ in range(100):
        if authority.exists():
            break
        time.sleep(0.05)
    context = ssl.create_default_context(cafile=str(authority))
    connection = http.client.HTTPSConnection(
        "localhost", front.settings.https_port, timeout=10, context=context
    )
    connection.request("GET", "/")
    told = json.loads(connection.getresponse().read())
    connection.close()
    assert told["headers"]["x-forwarded-proto"] == "https"


def test_it_listens_on_loopback_alone(front):
    found = {
        (connection.laddr.ip, connection.laddr.port)
        for connection in psutil.Process(front.process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {ip for ip, _ in found} <= {"127.0.0.1", "::1"}
    assert {port for _, port in found} == {front.settings.port, front.settings.https_port}


def test_no_signed_link_reaches_its_log_when_the_store_is_down(front):
    front.store.shutdown()
    front.store.server_close()
    answer, _ = front.ask("/clinicpro/a?X-Amz-Signature=verysecret", headers={"Cookie": "c=crumb"})
    log = front.place.log("caddy").read_text()
    assert answer.status == 503
    assert not any(word in log for word in ("verysecret", "X-Amz", "crumb", "/clinicpro/a"))


def test_an_external_store_is_reached_by_its_own_name():
    text = caddyfile(some_settings(s3_region="ap-southeast-2"), None, ("127.0.0.1",))
    assert "reverse_proxy https://s3.ap-southeast-2.amazonaws.com:443 {" in text
    assert "header_up Host s3.ap-southeast-2.amazonaws.com\n" in text


def test_a_start_forgets_all_but_the_root_and_what_others_issued(tmp_path):
    place = open_place(tmp_path)
    kept = ("pki/authorities/local/root.crt", "certificates/acme-v02/images.nz/images.nz.crt")
    gone = ("pki/authorities/local/intermediate.key", "certificates/local/10.0.0.7/10.0.0.7.crt")
    for name in (*kept, *gone):
        path = place.caddy / "caddy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    forget_leaves(place)
    assert [name for name in (*kept, *gone) if (place.caddy / "caddy" / name).exists()] == [*kept]


def test_an_endpoint_with_a_path_is_refused():
    with pytest.raises(StartError, match="without a path"):
        caddyfile(some_settings(), "https://store.example/under/here", ("127.0.0.1",))
