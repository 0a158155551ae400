"""The desk: a local page where a job seeker reads, labels and ranks the saved postings of a dataset."""
