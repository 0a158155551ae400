"""The commands of `python -m scrape`, one module each: `add_options` declares its options, `run` does its work."""
