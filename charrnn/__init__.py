"""Train a character-level recurrent network on postings, and write new ones with it."""

import os

# A thread of GNU OpenMP that waits for another spins for some milliseconds. Where the machine has anything else to do,
# that is the time which the other thread would have needed: training becomes ten to twenty times slower. Spinning for
# microseconds costs an idle machine nothing. OpenMP reads this once, when torch is first imported, hence here.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
