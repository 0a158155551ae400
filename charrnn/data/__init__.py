"""Read the text: characters as ids, the corpus on disk, its split, and batches of sequences."""
