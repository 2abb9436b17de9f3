"""A browser's way through a running instance over HTTP, without the browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import SimpleCookie
from typing import Self
from urllib.parse import urlencode, urlsplit

from clinicpro.settings import Settings
from tests.instance import Instance

EMAIL, PASSWORD = "gp@test.example", "gravel kowhai teapot"


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes

    def json(self) -> dict[str, object]:
        found = json.loads(self.content)
        assert isinstance(found, dict), found
        return found


class Visitor:
    """One person's browser; may be used by several threads, each with a connection of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._host = urlsplit(url).netloc
        self.cookies: dict[str, str] = {}
        self._token = ""
        self._local = threading.local()
        self._opened: list[HTTPConnection] = []

    def close(self) -> None:
        """Hang up, in every thread's name."""
        for connection in self._opened:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def set_up(self, code: str) -> None:
        """Make the first account of a fresh instance, a GP, and be signed in."""
        self.take_token()
        fields = {"code": code, "practice_name": "Test", "name": "Dr Aroha Ngata", "is_gp": "y"}
        answer = self.post_form("/setup", {**fields, "email": EMAIL, "password": PASSWORD})
        assert answer.status == 303, answer.content
        self.take_token()

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> None:
        self.take_token()
        answer = self.post_form("/login", {"email": email, "password": password})
        assert answer.status == 303, answer.content
        self.take_token()

    def become(self, other: Visitor) -> None:
        """Another window of the same browser, with connections of its own."""
        self.cookies, self._token = dict(other.cookies), other._token

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urlencode(fields).encode(), kind)

    def post_json(self, path: str, body: Mapping[str, object]) -> Answer:
        kind = {"Content-Type": "application/json"}
        return self.send("POST", path, json.dumps(body).encode(), kind)

    def post_for_stream(self, path: str, body: Mapping[str, object]) -> HTTPResponse:
        """The event stream that answers, unread."""
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        return self.open("POST", path, json.dumps(body).encode(), headers)

    def send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        response = self.open(method, path, content, headers)
        return Answer(response.status, response.read())

    def open(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HTTPResponse:
        """The response with its body unread, for streams."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = HTTPConnection(self._host, timeout=60)
            self._opened.append(connection)
        own = {"X-CSRFToken": self._token} if method != "GET" else {}
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, content, {**own, "Cookie": cookie, **(headers or {})})
            response: HTTPResponse = connection.getresponse()
        except (OSError, HTTPException):
            connection.close()  # the next request connects anew
            raise
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return response

    def presign(self, content: bytes, **more: str) -> Answer:
        digest = more.get("sha256") or digest_of(content)
        body = {"filename": "IMG_1.jpg", "mimeType": "image/jpeg", "size": len(content)}
        return self.post_json("/api/uploads/presign", {**body, "sha256": digest, **more})

    def put(self, ticket: Mapping[str, object], content: bytes) -> int:
        """The status of the PUT that `ticket` allows."""
        headers = ticket["headers"]
        assert isinstance(headers, dict)
        return self.send("PUT", path_of(str(ticket["uploadUrl"])), content, headers).status

    def begin(self, content: bytes, **more: str) -> str:
        """Presign and PUT; gives the id of the image, which has no receipt yet."""
        asked = self.presign(content, **more)
        assert asked.status == 201, asked.content
        ticket = asked.json()
        assert self.put(ticket, content) == 200
        return str(ticket["imageId"])

    def save(self, content: bytes, **more: str) -> str:
        """The whole way to Saved; gives the image's id."""
        image_id = self.begin(content, **more)
        answer = self.send("POST", f"/api/uploads/{image_id}/receipt")
        assert answer.status == 200, answer.content
        return image_id

    def original(self, image_id: str) -> bytes:
        """The original's bytes, through the link that the API gives."""
        answer = self.get(path_of(self.link(image_id)))
        assert answer.status == 200, answer.content[:300]
        return answer.content

    def link(self, image_id: str) -> str:
        """Where the original can be fetched."""
        answer = self.get(f"/api/uploads/download?id={image_id}")
        assert answer.status == 200, answer.content
        return str(answer.json()["downloadUrl"])

    def listed(self) -> dict[str, str]:
        """State of each image that the API lists, by id; all pages."""
        found: dict[str, str] = {}
        query = "?limit=100"
        while query:
            answer = self.get(f"/api/clinical-images/list{query}")
            assert answer.status == 200, answer.content
            page = answer.json()
            images, cursor = page["images"], page["nextCursor"]
            assert isinstance(images, list)
            found |= {image["id"]: image["state"] for image in images}
            query = f"?limit=100&cursor={cursor}" if cursor else ""
        return found

    def take_token(self) -> None:
        self._token = str(self.get("/login/token").json()["csrfToken"])


def digest_of(content: bytes) -> str:
    """The SHA-256 as the API has it, in base64."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def path_of(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def settings_of(instance: Instance) -> Settings:
    """What the running instance was told, the inner ports included."""
    (worker,) = instance.children("clinicpro worker")
    with open(f"/proc/{worker}/environ", encoding="utf-8") as file:
        pairs = [entry.partition("=") for entry in file.read().split("\0") if entry]
    return Settings.from_env({name: value for name, _, value in pairs})


def unlike(content: bytes, number: int) -> bytes:
    """The same JPEG with a comment of its own: other bytes, the same work."""
    words = f"variant {number}".encode()
    return content[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + content[2:]
