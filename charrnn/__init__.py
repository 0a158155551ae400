"""A character-level recurrent network that learns postings and writes new ones."""

import os

# A thread of GNU OpenMP that waits for another spins for some milliseconds. Where the machine has anything else to do,
# that is the time which the other thread would have needed: training becomes ten to twenty times slower. Spinning for
# microseconds costs an idle machine nothing. OpenMP reads this once, when torch is first imported, hence here.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
