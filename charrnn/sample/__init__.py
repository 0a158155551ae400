"""Sample text from a network: the command, prompts, sampling parameters and the grammar mask."""
