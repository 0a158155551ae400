"""The page kit of both packages: templates that escape, a policy under which nothing else loads or runs, and nh3.

Everything that a page shows is hostile until it is escaped. Templates escape every value. The one exception is bare
markup without attributes: `sanitize` has nh3 (ammonia) parse it as a browser would, and lets it through only where
nh3 finds nothing but the tags that belong there. A page loads nothing from elsewhere, and runs no script but one that
its own policy names by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources

import nh3
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

TAGS = {"p", "h2", "h3", "ul", "ol", "li", "b", "em", "br", "mark"}
"""The tags that `sanitize` lets through, without any attribute."""

WEBASSEMBLY, WORKER = " 'wasm-unsafe-eval'", "; worker-src blob:"
"""What a policy adds so that a script may compile WebAssembly, and start workers of its own text, in this order."""

_KIT = "scrape.common.pages"


def render(
    package: str,
    template: str,
    *,
    styles: Sequence[str],
    script: str = "",
    images: str = "'none'",
    computes: Sequence[str] = (),
    **values: object,
) -> str:
    """Render a page from `template`, which lies in the folder templates/ of `package` and extends base.html.

    `styles` are style sheets of the package, by name; `script` is the text of its one script, which may be empty. Both
    become part of the page. Its Content-Security-Policy names them by their hashes and forbids all else but images
    from the source `images`, and what `computes` adds for a page whose script computes: WEBASSEMBLY, WORKER. Raises
    jinja2.UndefinedError where a value is missing that the template shows.
    """
    style = stylesheet(package, *styles)
    scripts = f"; script-src {_hash(script)}" if script else ""
    scripts += "".join(computes)
    policy = (
        f"default-src 'none'; style-src {_hash(style)}{scripts}; img-src {images}; base-uri 'none'; form-action 'none'"
    )
    page = environment(package).get_template(template)
    return page.render(values, style=Markup(style), script=Markup(script), policy=policy)


def sanitize(blocks: str) -> Markup:
    """Return `blocks` as they are if nh3 finds nothing but TAGS in them, each in its place; else their escaped source.

    Void elements are written `<br>`, as HTML has them.
    """
    if nh3.clean(blocks, tags=TAGS, attributes={"*": set()}, link_rel=None) == blocks:
        return Markup(blocks)
    return Markup("<pre>{}</pre>").format(blocks)


def stylesheet(package: str, *names: str) -> str:
    """Return the common style sheet, followed by those of `package` with the given names."""
    return read(_KIT, "style.css") + "".join(read(package, name) for name in names)


def read(package: str, name: str) -> str:
    """Return the text of a file that is part of `package`, each line end a single line feed."""
    return resources.files(package).joinpath(name).read_text("utf-8")


@cache
def environment(package: str) -> Environment:
    """Return the templates of `package` and of this kit, all of which escape and miss no value silently."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(_KIT)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _hash(text: str) -> str:
    """Return the source by which a policy names an inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
