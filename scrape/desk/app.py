"""The desk as a Flask application: its pages, its files and what it says of an error."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, render_template, request
from jinja2 import PackageLoader, StrictUndefined
from werkzeug.exceptions import HTTPException

from scrape.common.console import say
from scrape.common.errors import InputError
from scrape.common.pages import kit
from scrape.desk.security import protect
from scrape.desk.session import DeskSession
from scrape.desk.views import pages

_TYPES = {"desk.css": "text/css", "desk.js": "text/javascript", "icon.svg": "image/svg+xml"}


def create_app(desk: DeskSession, key: str, port: int) -> Flask:
    """Return the application for one run of the desk, which answers on this port to whoever has the key."""
    app = Flask(__package__, static_folder=None)
    app.jinja_loader = PackageLoader(__package__)
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.autoescape = True
    app.config["desk"] = desk
    protect(app, key, port)
    app.register_blueprint(pages)
    app.register_error_handler(Exception, _explain)
    files = {name: kit.read(__package__, f"static/{name}") for name in _TYPES}
    files["desk.css"] = kit.stylesheet(__package__, "static/desk.css")

    @app.get("/static/<name>")
    def static_file(name: str) -> Any:
        if name not in files:
            return _page(404, "There is no such page.")
        return Response(files[name], content_type=f"{_TYPES[name]}; charset=utf-8")

    return app


def _explain(error: Exception) -> Any:
    """Return the page of an error: one line on what is wrong, and a way back."""
    if isinstance(error, HTTPException):
        return _page(error.code or 500, "There is no such page." if error.code == 404 else str(error.description))
    if isinstance(error, InputError):
        return _page(409 if "being written by another run" in str(error) else 400, str(error))
    say(f"error on {request.path}: {type(error).__name__}: {error}")
    return _page(500, "This is a fault of the program. What was saved before stands; go back and try again.")


def _page(status: int, line: str) -> Any:
    return render_template("message.html", status=status, line=line), status
