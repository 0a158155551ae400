"""Measure a network: its loss beside n-grams, the quality of its texts, and memorization."""
