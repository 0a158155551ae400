"""Errors, by what a user can do about them. Every message says what happened, where, and what to do next."""

from __future__ import annotations


class InputError(Exception):
    """A file, flag or prompt that cannot be used. Commands print its one line and exit with 2."""


class BoardError(Exception):
    """A board gave nothing that can be used; the others go on. `status` is the word in the final table."""

    status = "error"


class Blocked(BoardError):
    """The board turned us away: 401, 403, 429 after every retry, or a challenge page."""

    status = "blocked"


class Refused(BoardError):
    """We must not ask: robots.txt, an opt-out from training, or a board that forbids it."""

    status = "refused"


class ChangedShape(BoardError):
    """The answer came, but it is not what this board used to send."""

    status = "changed shape"


class Missing(BoardError):
    """This one address holds nothing any more (404, 410). The rest of the board may be well."""


class Unreachable(BoardError):
    """No whole answer came, after every try: no connection, a torn or endless body, a deadline, 5xx."""


class WorkerKilled(Exception):
    """The system ended a worker process. Commands print its one line and exit with 1; running again goes on."""
