"""The largest inputs that are read. The memory of a parsed page is up to 100 times its size."""

PAGE_BYTES = 16 * 1024 * 1024
"""The size of a page of HTML or XML, unpacked."""

ANSWER_BYTES = 64 * 1024 * 1024
"""The size of an answer of an API, or of a packed file of postings, unpacked."""
