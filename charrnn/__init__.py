"""Train a character-level recurrent network on postings, and write new ones with it."""

import os

# A thread of GNU OpenMP that waits for another spins for some milliseconds. On a busy machine it takes that time from
# the other thread, and training becomes ten to twenty times slower. Spinning for microseconds costs nothing on an idle
# machine. OpenMP reads this once, when torch is first imported, so it is set here.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
