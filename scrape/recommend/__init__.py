"""Recommendations: label postings, learn the taste, find the next one to read. Needs the extra `recommend`."""
