"""A character-level recurrent network that learns postings and writes new ones."""
