"""What pages load as one file is all there is, and is what the small files say."""

from clinicpro.joined import JOINED, content
from clinicpro.web import ROOT

STATIC = ROOT / "static"
# Linked by name where they are needed.
ALONE = {"css/practice.css", "css/sign-in.css", "css/table.css", "css/trust.css"}


def small_files(pattern: str) -> set[str]:
    return {str(path.relative_to(STATIC)) for path in STATIC.glob(pattern)} - ALONE


def test_every_small_file_is_joined_once():
    assert sorted(JOINED["css/all.css"]) == sorted(small_files("css/*.css"))
    assert sorted(JOINED["js/all.js"]) == sorted(small_files("js/*.js"))


def test_the_phone_gets_its_own_small_files_once():
    for joined, pattern in (("css/phone.css", "css/phone/*.css"), ("js/phone.js", "js/phone/*.js")):
        own = [part for part in JOINED[joined] if "/phone/" in part]
        assert sorted(own) == sorted(small_files(pattern) - {"js/phone/sw.js"})  # a script apart


def test_the_layers_are_fixed_before_they_are_used():
    for path in ("css/all.css", "css/phone.css"):
        assert content(STATIC, path).startswith(b"@layer reset, base, layout, components")


def test_a_page_gets_what_the_small_files_say(app):
    client = app.test_client()
    for path, parts in JOINED.items():
        answer = client.get(f"/static/{path}?v=1")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for part in parts:
            assert (STATIC / part).read_bytes() in answer.data
        again = client.get(f"/static/{path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_other_files_are_answered_as_before(app):
    client = app.test_client()
    with client.get("/static/css/table.css") as answer:
        assert answer.data == (STATIC / "css/table.css").read_bytes()
    assert client.get("/static/css/none.css").status_code == 404
