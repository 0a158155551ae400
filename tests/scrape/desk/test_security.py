"""Who may ask the desk for what."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from scrape.dataset.store import Store
from scrape.desk.security import HEADERS, MAX_BODY
from scrape.desk.session import DeskSession
from tests.scrape.desk.conftest import KEY, ORIGIN, PORT, open_client

LABEL = {"name": "demo-1", "answer": "yes"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (f"127.0.0.1:{PORT}", 200),
        (f"localhost:{PORT}", 200),
        (f"[::1]:{PORT}", 200),
        ("evil.example", 400),
        (f"evil.example:{PORT}", 400),
        (f"127.0.0.1.evil.example:{PORT}", 400),
        (f"127.0.0.1:{PORT + 1}", 400),
        ("", 400),
    ],
)
def test_only_its_own_address_is_answered(desk: DeskSession, host: str, status: int) -> None:
    client = open_client(desk).application.test_client(use_cookies=False)
    headers = {"Host": host, "Cookie": f"desk-{PORT}={KEY}"}
    assert client.get("/", headers=headers, environ_overrides={"HTTP_HOST": host}).status_code == status


def test_a_request_without_a_host_is_refused(desk: DeskSession) -> None:
    app = open_client(desk).application
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(PORT)}
    with app.request_context({**environ, "wsgi.url_scheme": "http", "wsgi.input": None}):
        assert app.full_dispatch_request().status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}, 303),
        ({}, 303),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"http://127.0.0.1:{PORT + 1}"}, 403),
        ({"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_only_its_own_pages_change_anything(
    client: FlaskClient, desk: DeskSession, headers: dict[str, str], status: int
) -> None:
    assert client.post("/label", data=LABEL, headers=headers).status_code == status
    assert bool(desk.labels()) == (status == 303)


@pytest.mark.parametrize(
    "path", ["/", "/p/demo-1", "/labels", "/static/desk.js", "/export.csv", "/nowhere", "/?key=guess"]
)
def test_without_the_key_nothing_is_shown(desk: DeskSession, path: str) -> None:
    for key in ("", "guess"):
        assert open_client(desk, key).get(path).status_code == 403


def test_without_the_key_nothing_is_changed(desk: DeskSession) -> None:
    assert open_client(desk, "").post("/label", data=LABEL).status_code == 403 and not desk.labels()


def test_the_key_becomes_a_cookie_and_leaves_the_address(desk: DeskSession) -> None:
    answer = open_client(desk, "").get(f"/?key={KEY}")
    assert (answer.status_code, answer.location) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"desk-{PORT}={KEY}") and "HttpOnly" in cookie and "SameSite=Strict" in cookie


@pytest.mark.parametrize("path", ["/", "/static/desk.css", "/nowhere"])
def test_every_response_has_the_headers(client: FlaskClient, path: str) -> None:
    found = client.get(path).headers
    assert {name: found.get(name) for name in HEADERS} == HEADERS
    assert found["Referrer-Policy"] == "same-origin" and "script-src 'self'" in found["Content-Security-Policy"]


def test_a_large_form_is_refused(client: FlaskClient) -> None:
    assert client.post("/label", data={**LABEL, "back": "x" * (MAX_BODY + 1)}).status_code == 413


@pytest.mark.parametrize("name", ["demo-999", "..%2f..%2fetc%2fpasswd", "demo-1'--", "%00"])
def test_only_names_of_the_index_are_taken(client: FlaskClient, desk: DeskSession, name: str) -> None:
    assert client.get(f"/p/{name}").status_code == 404 and client.get(f"/similar/{name}").status_code == 404
    for path in ("/label", "/remove"):
        assert client.post(path, data={"name": name, "answer": "yes"}).status_code == 404
    assert not desk.labels()


def test_nothing_is_changed_by_get(client: FlaskClient) -> None:
    writing = [rule for rule in client.application.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert {rule.rule for rule in writing} == {
        *("/label", "/undo", "/remove", "/seen", "/searches", "/save", "/quit"),
    }
    assert all(client.get(rule.rule).status_code == 405 for rule in writing)


def test_to_read_only_means_that_nothing_can_be_changed(filled: Store) -> None:
    desk = DeskSession(filled, read_only=True)
    client = open_client(desk)
    for path in ("/label", "/undo", "/remove", "/seen", "/searches", "/save"):
        answer = client.post(path, data=LABEL)
        assert answer.status_code == 403 and "--read-only" in answer.text
    shown = client.get("/").text
    desk.live.wait()
    desk.close()
    assert not {"labels.db", "desk.db", "classifier.npz"} & {path.name for path in filled.root.iterdir()}
    assert "Data Engineer" in shown and 'action="/label"' not in shown and 'action="/remove"' not in shown
