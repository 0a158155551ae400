"""Store and find the files of a run: checkpoints, training history, train state, and the text it was trained on."""
