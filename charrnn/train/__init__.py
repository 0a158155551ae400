"""Train a network: the command, its configuration, the optimizers and the training loop."""
