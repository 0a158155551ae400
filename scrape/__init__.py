"""Gather job postings: boards are read politely, kept as they came, and made into bare markup."""
