"""The bundled job board: invented postings, and the loopback site that serves them.

Every company, place of work and posting here is made up. Postings come from a seed and nothing else.
"""

from scrape.demo.generate import COUNT, SEED, JobOpening, openings, postings
from scrape.demo.site import Site, serve

__all__ = ["COUNT", "SEED", "JobOpening", "Site", "openings", "postings", "serve"]
