"""Detection of challenge pages: pages sent in place of the content that ask for proof of a human visitor.

Most come with status 403, some with 200, 202 or 503. Detection relies on how such a page is built (the script it
loads, the element it fills, its whole title), not on words that a posting might use too, nor on scripts that a
protected site also loads on its normal pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_LOOK_AT = 64 * 1024  # bytes; challenge pages are small

_HEADERS = (  # header, part of its value, maker
    ("cf-mitigated", "challenge", "Cloudflare"),
    ("x-amzn-waf-action", "", "AWS WAF"),
    ("x-vercel-mitigated", "challenge", "Vercel"),
)

_BUILT = (  # markup, maker; each pattern begins with fixed letters, which makes the search fast
    (r"_cf_chl_opt\s*=", "Cloudflare"),
    (r"""id=["']cf-error-details["']""", "Cloudflare"),
    (r"""src=["']https://(?:geo|ct)\.captcha-delivery\.com/""", "DataDome"),
    (r"""id=["']px-captcha["']""", "HUMAN (PerimeterX)"),
    (r"""src=["']/_Incapsula_Resource\?[^"']*\bincident_id=""", "Imperva"),
    (r"Request unsuccessful\. Incapsula incident ID", "Imperva"),
    (r"""id=["']sec-if-cpt-container["']""", "Akamai"),
    (r"gokuProps\s*=", "AWS WAF"),
    (r"""id=["']anubis_challenge["']""", "Anubis"),
    (r"""content=["']\d+;\s*(?:url=)?/\.well-known/sgcaptcha/""", "SiteGround"),
)
_TITLES = (  # the whole title of the page, maker
    (r"Just a moment\.\.\.", "Cloudflare"),
    (r"Attention Required! \| Cloudflare", "Cloudflare"),
    (r"Additional Verification Required", "Indeed"),
    (r"hCaptcha solve page", "hCaptcha"),
    (r"Vercel Security Checkpoint", "Vercel"),
    (r"DDoS-Guard", "DDoS-Guard"),
    (r"Sucuri WebSite Firewall - Access Denied", "Sucuri"),
    (r"Pardon Our Interruption(?:\.\.\.)?", "Imperva"),
    (r"Access to this page has been denied\.?", "HUMAN (PerimeterX)"),
    (r"(?:Robot Check|Human Verification|Security Check|Access Denied|Are you (?:human|a robot)\?)", "a bot check"),
)
_BUILT_MARKS = tuple((re.compile(pattern.encode()), maker) for pattern, maker in _BUILT)
_TITLE_MARKS = tuple((re.compile(pattern.encode(), re.IGNORECASE), maker) for pattern, maker in _TITLES)
_TITLE = re.compile(rb"<title[^>]*>([^<]*)</title", re.IGNORECASE)


def maker_of(headers: Mapping[str, str], body: bytes) -> str:
    """Return the maker of the challenge page that this response is, or an empty string.

    Only HTML is examined: the JSON of an API may quote a challenge page.
    """
    folded = {name.lower(): value.lower() for name, value in headers.items()}
    for name, part, maker in _HEADERS:
        if name in folded and part in folded[name]:
            return maker
    start = body[:_LOOK_AT]
    if not start.lstrip(b"\xef\xbb\xbf \t\r\n\f").startswith(b"<"):
        return ""
    title = _TITLE.search(start)
    if title:
        for mark, maker in _TITLE_MARKS:
            if mark.fullmatch(title[1].strip()):
                return maker
    return next((maker for mark, maker in _BUILT_MARKS if mark.search(start)), "")
