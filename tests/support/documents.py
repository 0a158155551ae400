"""Documents for tests of features and classifiers."""

from __future__ import annotations

from scrape.recommend.features import Fields, read_fields

HEAD = "<html>\n<h1>{}</h1>\n<h2>Oven Co</h2>\n<h3>Remote - US</h3>\n<p>{}</p>\n</html>\n"


def fields(title: str, body: str = "Bread") -> Fields:
    """Read the fields of an invented posting."""
    return read_fields(HEAD.format(title, body))
