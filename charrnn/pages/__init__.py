"""Pages that show what a network wrote or read."""

from pathlib import Path

SAMPLES = Path("samples")
"""The folder that commands write their pages into."""

PLAY = "play.html"
"""The page to play with the network, beside a gallery."""
