"""The rules of robots.txt (RFC 9309, by protego), and the opt-outs from AI training beside them.

Two opt-outs are read, in robots.txt and in the header of a response alike:

- `Content-Signal: [path] search=yes, ai-train=no` (https://contentsignals.org)
- `Content-Usage: [path] train-ai=n` (IETF drafts aipref-attach and aipref-vocab; `train-genai`, `ai`, `genai`,
  `bots` and `tdm` are the names of earlier drafts)

A third has a header alone, and no standard: `X-Robots-Tag: noai`, as DeviantArt proposed it in 2022.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from protego import Protego

MOST_BYTES = 500 * 1024  # RFC 9309, section 2.5: what a crawler must at least read, and all that we read

# The categories that cover training a generative model, the narrowest first: the narrowest one stated decides.
_TRAINING = ("train-genai", "genai", "train-ai", "ai-train", "ai", "bots", "tdm")
_NO, _YES = {"n", "no", "?0"}, {"y", "yes", "?1"}
_OPT_OUTS = ("content-signal", "content-usage")
_NOAI = re.compile(r"(?i)(?:^|[,:])\s*noai\s*(?:$|,)")  # whatever crawler it names: who says no to one means all
# `User-agent: Name/1.0 (about)` names the product token `Name` (RFC 9309, section 2.2.1); protego would compare it all.
_BEYOND_TOKEN = re.compile(r"(?im)^([ \t]*user-?agent[ \t]*:[ \t]*[^\s/#]+)[ \t/][^\r\n]*")
_AGENT_LINES = {"user-agent", "useragent", "user agent"}
_SITE_WIDE_LINES = {"sitemap", "sitemaps", "site-map", "host"}
_NO_RULE = "crawl-delay: 0"


class Robots:
    """The rules of one robots.txt for the crawler whose product token is `agent`.

    `closed` is the reason why nothing at all may be asked of the site, such as a robots.txt that
    answers 500; empty where the rules decide.
    """

    def __init__(self, text: str, agent: str, *, closed: str = "") -> None:
        self.closed = closed
        self._text = _BEYOND_TOKEN.sub(r"\1", text)
        self._agent = agent
        self._rules = Protego.parse(self._text)

    def allows(self, url: str) -> bool:
        """Return whether `url`, an absolute URL of this site, may be requested."""
        return not self.closed and self._rules.can_fetch(url, self._agent)

    @property
    def crawl_delay(self) -> float:
        """Seconds that the site wants between two requests; 0 where it says nothing."""
        return self._rules.crawl_delay(self._agent) or 0.0

    def opt_out(self, url: str) -> str:
        """Return the name of the line that keeps `url` out of training corpora, or an empty text."""
        return next((name for name, rules in self._opt_outs.items() if not rules.can_fetch(url, self._agent)), "")

    @cached_property
    def _opt_outs(self) -> dict[str, Protego]:
        return {name: Protego.parse(_as_rules(self._text, name)) for name in _OPT_OUTS}


def from_response(status: int, body: bytes, agent: str) -> Robots:
    """Return the rules from `/robots.txt` (RFC 9309, section 2.3.1): 4xx allows all, 429 and 5xx nothing."""
    if status == 429 or status >= 500:
        return Robots("", agent, closed=f"its robots.txt answers {status}, and until it answers well all is forbidden")
    if not 200 <= status < 300:
        return Robots("", agent)
    return Robots(_text(body), agent)


def _text(body: bytes) -> str:
    """Return as much of a robots.txt as is read, without a line that is cut off: half a rule is another rule."""
    if len(body) > MOST_BYTES:
        body = body[:MOST_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    return body.decode("utf-8-sig", "replace")


def opt_out_lines(body: bytes) -> str:
    """Return the lines of a robots.txt on which `Robots.opt_out` depends; empty where none opts out or in.

    Of rules for crawlers, only a line is left that says nothing, since they end a run of agents.
    """
    lines: list[str] = []
    stated = False
    for line in _text(body).splitlines():
        name, colon, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        field = name.lower()
        if field in _AGENT_LINES or field in _OPT_OUTS:
            lines.append(f"{field}: {value}")
            stated = stated or field in _OPT_OUTS
        elif colon and field not in _SITE_WIDE_LINES and lines[-1:] != [_NO_RULE]:
            lines.append(_NO_RULE)
    return "\n".join(lines) if stated else ""


def header_opt_out(headers: Mapping[str, str]) -> str:
    """Return the header of a response that keeps it out of training corpora, or an empty text. Keys ignore case."""
    folded = {name.lower(): value for name, value in headers.items()}
    if _NOAI.search(folded.get("x-robots-tag", "")):
        return "x-robots-tag"
    return next((name for name in _OPT_OUTS if _trains(folded.get(name, "")) is False), "")


def _as_rules(text: str, opt_out: str) -> str:
    """Return a robots.txt in which the lines called `opt_out` are Disallow or Allow lines, and no other line forbids.

    An opt-out has the grammar of a rule: it belongs to a group of agents and the longest path wins. So the
    parser that finds the rule for a URL also finds its opt-out. Other rules stay as a harmless line,
    since they end a run of agents; lines ahead of every group are read as meant for all.
    """
    lines = ["user-agent: *", _NO_RULE]
    for line in text.splitlines():
        name, colon, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        field = name.lower()
        if field in _AGENT_LINES:
            lines.append(f"user-agent: {value}")
        elif field == opt_out:
            lines.append(_as_rule(value))
        elif colon and field not in _SITE_WIDE_LINES:
            lines.append(_NO_RULE)
    return "\n".join(lines)


def _as_rule(value: str) -> str:
    path, _, preference = value.partition(" ") if value.startswith(("/", "*")) else ("/", "", value)
    trains = _trains(preference)
    if trains is None:
        return _NO_RULE
    if trains:
        return f"allow: {path}"
    # One character longer than an equal Allow: where two lines contradict each other, the drafts let the no win.
    return f"disallow: {path}" if path.endswith("$") else f"disallow: {path}*"


def _trains(preferences: str) -> bool | None:
    """Return whether a list such as `search=yes, ai-train=no` permits training; None where it says nothing about it."""
    stated: dict[str, bool] = {}
    for item in preferences.lower().split(","):
        name, _, value = (part.strip(' \t"') for part in item.partition(";")[0].partition("="))
        if value in _NO or value in _YES:
            stated[name] = value in _YES and stated.get(name, True)
    return next((stated[name] for name in _TRAINING if name in stated), None)
