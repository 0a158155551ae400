"""Recommendations: label postings, train a classifier, rank the others. Needs the extra `recommend`."""
