"""Access to the desk: for this machine, a browser with the start-up key, and pages of the desk itself.

A local server can be reached by every page that a browser has open, and by every user of the machine. So each request
must name this server (which stops DNS rebinding), carry the key that only the printed address has, and, where it
changes something, come from a page of this origin. Nothing changes by GET.
"""

from __future__ import annotations

import hmac

from flask import Flask, Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

HOST = "127.0.0.1"
MAX_BODY = 64 << 10  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer a browser would send `Origin: null` with our own forms, which must be refused of strangers.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def protect(app: Flask, key: str, port: int) -> None:
    """Let only those requests through that the head of this module describes, and set the headers of every response."""
    hosts = {f"{name}:{port}" for name in (HOST, "localhost", "[::1]")}
    origins = {f"http://{host}" for host in hosts}
    cookie = f"desk-{port}"  # a browser sends a cookie to every port of a host
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY

    @app.before_request
    def check() -> AnyResponse | None:
        if request.environ.get("HTTP_HOST", "").lower() not in hosts:
            abort(400, "This server answers to its own address alone.")
        if request.method == "POST" and not _is_own(origins):
            abort(403, "This came from another page than the desk's own.")
        if request.method == "GET" and _is_key(request.args.get("key")):
            response = redirect(request.path, 303)
            response.set_cookie(cookie, key, httponly=True, samesite="Strict")
            return response
        if not _is_key(request.cookies.get(cookie)):
            abort(403, "Open the address that the command printed: it has the key to this desk.")
        return None

    def _is_key(given: str | None) -> bool:
        return given is not None and hmac.compare_digest(given.encode(), key.encode())

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response


def _is_own(origins: set[str]) -> bool:
    """Return whether a POST comes from a page of the desk, as far as the browser tells; the cookie is asked as well."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site in (None, "same-origin") and (origin is None or origin in origins)
