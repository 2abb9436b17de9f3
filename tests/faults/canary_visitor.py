"""Somebody who types canaries into every form there is, and keeps the error pages."""

from __future__ import annotations

from collections.abc import Mapping

from tests.canary import CANARIES as SAID
from tests.visitor import Answer, Visitor

IDENTITY = {"nhi": SAID["NHI"], "name": SAID["patient"], "date_of_birth": SAID["birthday"]}
# Every field of every form there is.
FORM = {
    **IDENTITY,
    **dict.fromkeys(("password", "old_password", "code", "secret"), SAID["wrong"]),
    **dict.fromkeys(("history", "plan"), SAID["note"]),
    **dict.fromkeys(("roles", "areas", "version", "prompt", "cursor", "since"), SAID["row"]),
    **{name: SAID[name] for name in ("email", "question", "context", "findings", "reason")},
    **{name: SAID[name] for name in ("remark", "label", "basis")},
    "new_password": SAID["password"],
    "filename": SAID["file"],
    "q": SAID["search"],
}
# What was typed comes back in a form that is not right yet, and in the owner's own pages.
WITH_WORDS = {200, 201, 202, 303, 409, 422}


class Recorder(Visitor):
    """Keeps every error page that it is shown."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.errors: dict[str, bytes] = {}

    def send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        answer = super().send(method, path, content, headers)
        if answer.status not in WITH_WORDS:
            self.errors[f"{answer.status} {method} {path.split('?')[0]}"] = answer.content
        return answer

    def receipt(self, image_id: str) -> int:
        return self.send("POST", f"/api/uploads/{image_id}/receipt").status

    def set_up_as_canary(self, code: str) -> None:
        account = {"name": SAID["person"], "practice_name": SAID["practice"], "is_gp": "y"}
        account |= {"email": SAID["email"], "password": SAID["password"]}
        self.take_token()
        assert self.post_form("/setup", {**account, "code": SAID["wrong"]}).status == 422
        assert self.post_form("/setup", {**account, "code": code}).status == 303
        self.take_token()
