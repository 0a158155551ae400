"""Say in plain words what wrote the texts of a gallery, how well it guesses, and what it copied."""

from __future__ import annotations

from math import exp, log

from charrnn.evaluate.memorization import COPIED, OverlapSummary
from charrnn.pages.views import Provenance


def in_plain_words(source: Provenance, copying: str, corrected: str) -> list[tuple[str, str]]:
    """Return the five facts that a gallery begins with, each as a name and a sentence that needs no explanation.

    `copying` says how much is copied, `corrected` what the grammar did to postings; of other texts it is empty.
    """
    seed = f"Chance came from random numbers that begin at {source.seed}, so the same command writes the same again."
    last = ("Corrections", corrected) if corrected else ("Seed", seed)
    return [
        (
            "Network",
            f"{source.weights:,} numbers, random at first, were adjusted step by step, so that its guesses at the next "
            f"letter got better, while the network read its training text {times(source.epoch)}.",
        ),
        (
            "Guesses",
            "In a text that it had never read, it gave the letter that really came next a typical chance of "
            f"{chance(source.val_loss)}, where blind guessing gives {blind_chance(source)}. (That is a surprise "
            f"of {source.val_loss / log(2):.2f} bits a letter; 1 bit is one coin toss.)",
        ),
        ("Temperature", f"At temperature {source.temperature:g}, {_choice(source.temperature)}."),
        ("Copying", copying),
        last,
    ]


def times(epoch: float) -> str:
    """Return how often a text was read: "once", "0.5 times", "19 times"."""
    return "once" if epoch == 1 else f"{epoch:.3g} times"


def chance(loss: float) -> str:
    """Return the typical chance (the geometric mean) of characters that cost `loss` nats on average, in percent."""
    return f"{exp(-loss):.0%}" if exp(-loss) >= 0.01 else "less than 1%"


def blind_chance(source: Provenance) -> str:
    """Return the chance of each character where all are equally likely, in percent."""
    return chance(log(source.characters))


def _choice(temperature: float) -> str:
    if temperature == 0:
        return "each letter is the one that the network finds likeliest, so nothing is left to chance"
    drawn = "each letter is drawn at random"
    if temperature == 1:
        return f"{drawn}, with the chances that the network gives it"
    more, less = ("likely", "unlikely") if temperature < 1 else ("unlikely", "likely")
    return f"{drawn}, but {more} letters come up more often, and {less} ones less often, than the network expects"


def describe_copying(source: Provenance, copied: OverlapSummary) -> str:
    """Return a sentence on how much of the texts of a gallery is copied, beside texts that people wrote."""
    nouns = f"{source.kind.noun}s"
    said = (
        f"{copied.share:.0%} of these {nouns} is copied word for word from the training text, in pieces of {COPIED} "
        "letters or more"
    )
    if not source.held_out:
        return f"{said}."
    others = "real postings" if source.kind.is_postings else "pieces of the original"
    return f"{said}; of {others} that the network never read, {source.held_out.share:.0%} stands in it, too."
