"""Errors, by what a user can do about them. Every message says what happened, where, and what to do next."""

from __future__ import annotations


class InputError(Exception):
    """A file, flag or prompt that cannot be used. Commands print its one line and exit with 2."""


class BoardError(Exception):
    """A board gave nothing that can be used; the others go on. `status` is the word in the final table."""

    status = "error"


class Blocked(BoardError):
    """The board rejected the requests: 401, 403, 429 after every retry, or a challenge page."""

    status = "blocked"


class Refused(BoardError):
    """The request is not permitted: robots.txt, an opt-out from training, or a board that forbids it."""

    status = "refused"


class ChangedShape(BoardError):
    """The response does not have the format of this board."""

    status = "changed shape"


class Missing(BoardError):
    """This one URL holds nothing any more (404, 410). The rest of the board may be available."""


class Unreachable(BoardError):
    """No complete response after every try: no connection, a cut-off or endless body, a deadline, 5xx."""


class WorkerKilled(Exception):
    """The system ended a worker process. Commands print its one line and exit with 1; running again goes on."""
