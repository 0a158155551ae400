"""Start or resume a run as the command line says, and train it to its end."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from charrnn.data import corpus as data
from charrnn.data import texts
from charrnn.data.corpus import Corpus, Split
from charrnn.data.vocab import Vocab
from charrnn.model import checkpoint, device, distributed
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.distributed import Group, PeerLostError
from charrnn.model.lstm import ModelConfig
from charrnn.model.memory import explain_memory, is_out_of_memory
from charrnn.runs import history, selection, train_state
from charrnn.runs.files import RunFiles
from charrnn.train import callbacks
from charrnn.train.config import TrainingConfig
from charrnn.train.loop import Callback, train
from charrnn.train.options import TrainOptions
from charrnn.train.sizes import choose_size
from charrnn.train.time_budget import fit
from charrnn.train.trainer import DivergedError, Trainer, set_length
from scrape.common import console
from scrape.common.errors import InputError
from scrape.common.files import require_place
from scrape.common.lock import exclusive
from scrape.common.suggest import did_you_mean

_ENDLESS = 2**31  # steps
_SMALLER = "use a smaller --batch-size, --seq-length or --rnn-size"


def run(options: TrainOptions) -> int:
    """Train, print the path of the best checkpoint and return the exit code.

    Raises InputError where the options or the files cannot be used, or there is too little memory for them.
    """
    on = distributed.assign_device(device.pick(options.device))
    device.prepare(on)
    files = RunFiles(options.checkpoint_dir / options.run, options.savefile, options.keep)
    try:
        with explain_memory(_SMALLER), distributed.join_group(on) as group:
            options = _settle_resume(options, files, group)
            with _locked(options, files, group):
                _read_sources(options, files, group)
                trainer = resume(options, files, on, group) if options.resume else _start(options, files, on, group)
                return _train(trainer, options, files)
    except PeerLostError as error:
        console.say(f"error: {error}; run the same command with --resume to continue from the last saved state")
        return console.FAILED


def _settle_resume(options: TrainOptions, files: RunFiles, group: Group) -> TrainOptions:
    """Return the options with `resume` as the main process finds the run.

    Raises InputError where there is nothing to resume, or the paths cannot be used.
    """
    require_place(files.resume, "--checkpoint-dir")

    def find_state() -> bool:
        if not options.resume or options.may_start or train_state.exists(files.resume):
            return train_state.exists(files.resume)
        has_checkpoints = checkpoint.list_files(files.folder)
        way_out = _without_state(files) if has_checkpoints else _say_what_to_resume(options)
        raise InputError(f"there is nothing to resume in {files.resume}; {way_out}")

    has_state = group.from_main(find_state)
    if not options.may_start:
        return options
    planned = {name: value for name, value in options.given.items() if name != "minutes" or not has_state}
    return replace(options, resume=has_state, given=planned)


@contextmanager
def _locked(options: TrainOptions, files: RunFiles, group: Group) -> Iterator[None]:
    """Keep other commands from training this run. Raises InputError where one does."""
    if not group.is_main:
        yield
        return
    with exclusive(files.lock, f"run {options.run!r} is being trained by another process; wait, or choose --run NAME"):
        yield


def _say_what_to_resume(options: TrainOptions) -> str:
    """Return the part of a message that names the runs that can be resumed, or says to start this one."""
    known = sorted(path.stem for path in options.checkpoint_dir.glob("*.resume"))
    if not known:
        return "leave --resume out to start the run"
    hint = did_you_mean(options.run, known)
    return (
        f"{hint}the runs in {options.checkpoint_dir} that can be resumed are: {', '.join(known)}; name the text or "
        "--data-dir that a run was trained on, and its --run if it has another name"
    )


def _read_sources(options: TrainOptions, files: RunFiles, group: Group) -> None:
    """Make the dataset of the texts that the command line names, if any, and report what was read.

    Before anything is written, an existing run of the same name is refused.
    """
    if options.sources and group.is_main:
        texts.require(options.sources)
        if not options.resume:
            _refuse_existing(options, files)
        made = texts.make_dataset(
            options.sources, options.data_dir, options.by, options.encoding, replace=options.overwrite
        )
        console.say(f"{texts.describe(made)}; dataset {options.data_dir}, run {options.run}")
    group.barrier()


def _refuse_existing(options: TrainOptions, files: RunFiles) -> None:
    """Raise InputError where the run exists and may not be overwritten."""
    has_state = train_state.exists(files.resume)
    if options.overwrite or not (has_state or checkpoint.list_files(files.folder)):
        return
    way_out = (
        "continue it with --resume, choose another name with --run NAME, or delete it and start again with --overwrite"
    )
    raise InputError(
        f"run {files.folder.name!r} exists already, in {files.folder}; "
        + (way_out if has_state else _without_state(files))
    )


def _train(trainer: Trainer, options: TrainOptions, files: RunFiles) -> int:
    """Train to the end, with the output of the main process."""
    is_main = trainer.group.is_main
    shown: tuple[Callback, ...] = ()
    if is_main:
        files.delete_unfinished()
        shown = callbacks.make_callbacks(files, options.tensorboard, trainer.step_number)
        console.say(_describe(trainer))
        if trainer.evaluated_at >= trainer.config.steps:
            train_on = f"train on with: {options.resume_command()} --minutes N"
            console.say(f"run {options.run} is finished, at epoch {trainer.epoch:.4g}; {train_on}")
    try:
        train(trainer, files, shown, options.print_every)
    except (KeyboardInterrupt, console.Terminated):
        if is_main:
            console.say(f"saved at step {trainer.step_number:,}; continue with: {options.resume_command()}")
        raise
    except DivergedError as error:
        if is_main:
            found = checkpoint.list_files(files.folder)
            good = [entry.path for entry in found if not checkpoint.has_diverged(entry.val_loss)]
            last = f"the last good checkpoint is {good[-1]}" if good else "there is no good checkpoint yet"
            console.say(f"error: {error}; {last}; try a lower --learning-rate")
        return console.FAILED
    if is_main:
        callbacks.plot_losses(files)
        console.print_result(checkpoint.best(files.folder))
    return console.OK


def _start(options: TrainOptions, files: RunFiles, on: torch.device, group: Group) -> Trainer:
    """Return the trainer of a new run. Nothing is deleted before everything that it needs is known to be good."""
    started = time.monotonic()
    _refuse_existing(options, files)
    config = options.config()
    weights = None
    if options.init_from:
        path = selection.find_checkpoint(options.init_from, options.checkpoint_dir)
        weights = checkpoint.load(path)
        config = _with_shape(config, options, weights)
    config = replace(config, dtype=str(device.choose_dtype(config.dtype, on)).removeprefix("torch."))
    text = _split_for(weights, path, options, config) if weights else _split(data.open_corpus(options.data_dir), config)
    first = _digest(weights.weights) if weights else "random"
    group.require_same(_facts(text, config) | {"the weights to start from": first})
    if options.may_choose_size and config.minutes and not weights:
        config = choose_size(config, text, on, group)
    trainer = Trainer(_with_length(config, options, text, on, started, group), text, on, group)
    if weights:
        trainer.model.load_state_dict(weights.weights)
    group.share_from_main(list(trainer.model.state_dict().values()))
    if options.overwrite and group.is_main:
        for entry in checkpoint.list_files(files.folder):
            entry.path.unlink()
        for path in (files.log, files.plot):
            path.unlink(missing_ok=True)
        shutil.rmtree(files.events, ignore_errors=True)
        train_state.remove(files.resume)
    return trainer


def _facts(text: Split | Corpus, config: TrainingConfig) -> dict[str, object]:
    """Return what all processes of a run must have in common, under the names that users know."""
    settings = {"--" + name.replace("_", "-"): value for name, value in config.to_dict().items()}
    return {"PyTorch": torch.__version__, "the text": f"sha256 {text.sha256[:16]}"} | settings


def _digest(weights: Mapping[str, torch.Tensor]) -> str:
    """Return a checksum of a network's weights."""
    return hashlib.sha256(b"".join(weights[name].cpu().numpy().tobytes() for name in sorted(weights))).hexdigest()


def _with_shape(config: TrainingConfig, options: TrainOptions, weights: Checkpoint) -> TrainingConfig:
    """Return `config` with the shape of a trained network. Raises InputError where the user gave another."""
    shape = {name: getattr(weights.config, name) for name in ("model", "rnn_size", "num_layers")}
    for name, value in shape.items():
        if options.given.get(name, value) != value:
            flag = "--" + name.replace("_", "-")
            raise InputError(f"{options.init_from} has {flag} {value}; leave {flag} out")
    return replace(config, **shape)


def _without_state(files: RunFiles) -> str:
    """Return the part of a message that tells what to do with checkpoints that have no train state."""
    return (
        f"it has checkpoints, but no state to resume: start from its weights with --run NAME --init-from "
        f"{files.folder}, choose another name with --run NAME, or delete it and start again with --overwrite"
    )


def resume(options: TrainOptions, files: RunFiles, on: torch.device, group: Group) -> Trainer:
    """Return the trainer of this run as it was last saved, and cut its history back to that step."""
    state = group.from_main(lambda: train_state.load(files.resume))
    stored, vocab = _stored_setup(state, files)
    config = options.resumed(stored)
    if config.dtype == "bfloat16" and not device.supports_bfloat16(on):
        raise InputError(
            f"run {options.run} was started in bfloat16, in which this machine cannot train; resume it where it was "
            f"started, or start another with --run NAME --init-from {files.folder}"
        )
    corpus = data.open_corpus(options.data_dir, vocab)
    group.require_same(_facts(corpus, config))
    if corpus.sha256 != state.get("corpus"):
        raise InputError(_say_what_changed(options, corpus, vocab, files))
    text = _split(corpus, config, vocab)
    minutes = options.given.get("minutes")
    if minutes:
        config = _lengthened(config, text, on, group, minutes, state["step"])
    elif "max_epochs" in options.given:
        config = set_length(config, text)
    elif "eval_val_every" in options.given:
        config = set_length(config, text, config.steps)
    trainer = Trainer(config, text, on, group)
    with _refusing_odd_state(files):
        trainer.load_state_dict(state)
    if group.is_main:
        history.truncate(files.log, trainer.step_number)
        _warn_of_changes(stored, trainer, len(state["random"]))
    return trainer


def _say_what_changed(options: TrainOptions, corpus: Corpus, vocab: Vocab, files: RunFiles) -> str:
    """Return the line for a text that is not that of the run. Weights cannot start on characters that they lack."""
    strange = data.unknown_characters(corpus, vocab)
    new = f", and has characters that it did not have: {strange}" if strange else ""
    weights = "" if strange else f" --init-from {files.folder}"
    return (
        f"the text in {options.data_dir} has changed since run {options.run} was started{new}; restore the text, or "
        f"train another network on it: --data-dir {options.data_dir} --run NAME{weights}"
    )


def _stored_setup(state: Mapping[str, Any], files: RunFiles) -> tuple[TrainingConfig, Vocab]:
    """Return the configuration and the vocabulary in a train state, which fit its weights. Raises InputError."""
    with _refusing_odd_state(files):
        config, vocab = TrainingConfig.from_dict(state["config"]), Vocab(state["vocab"])
        if config.steps < 1 or config.eval_every < 1:
            raise ValueError("it has no length")
        shape = ModelConfig(len(vocab), config.rnn_size, config.num_layers, config.model, config.dropout)
        checkpoint.check_weights(shape, vocab, state["weights"])
        return config, vocab


@contextmanager
def _refusing_odd_state(files: RunFiles) -> Iterator[None]:
    """Raise InputError with a way out where a train state is not what this version writes."""
    try:
        yield
    except Exception as error:  # odd content raises whatever it meets; a good checksum only says that it is whole
        if is_out_of_memory(error):
            raise
        raise InputError(
            f"{files.resume} was written by another version or program ({error}); start another run with --run NAME "
            f"--init-from {files.folder}"
        ) from error


def _lengthened(
    config: TrainingConfig, text: Split, on: torch.device, group: Group, minutes: float, done: int
) -> TrainingConfig:
    """Return the configuration of a run that ends after as many further steps as fit into the minutes from now on.

    Its schedule is that of a run of all these steps, so the learning rate continues at its share of them.
    """
    endless = replace(config, max_epochs=math.inf, minutes=minutes)
    probe = Trainer(set_length(endless, text, _ENDLESS), text, on, group)
    fitting = fit(probe, minutes * 60, lambda: callbacks.rehearse(probe.checkpoint(0.0)))
    every = set_length(endless, text, fitting.steps, fitting.evaluations).eval_every
    return replace(endless, steps=done + fitting.steps, eval_every=every)


def _warn_of_changes(stored: TrainingConfig, trainer: Trainer, processes: int) -> None:
    """Report what makes the resumed run differ from one that was never interrupted."""
    config, group = trainer.config, trainer.group
    if config.steps != stored.steps and config.schedule != "constant":
        rate = trainer.learning_rate(trainer.step_number) / config.learning_rate
        console.say(
            f"the {config.schedule} schedule of the learning rate is stretched from {stored.steps:,} steps to "
            f"{config.steps:,}: it goes on at step {trainer.step_number:,} with {rate:.0%} of the peak, and ends at 0"
        )
    if group.size != processes:
        console.say(f"started with {processes} processes, resumed with {group.size}: dropout is drawn anew")


def _split(corpus: Corpus, config: TrainingConfig, vocab: Vocab | None = None) -> Split:
    """Return the split corpus, encoded with `vocab` if given. Report a text too small for the batch."""
    text = data.split(corpus.with_vocab(vocab) if vocab else corpus, config.train_frac, config.val_frac)
    rows = data.Streams(text.train, config.batch_size, config.seq_length).batch_size
    if rows < config.batch_size:
        console.say(
            f"the corpus is small: a batch has {rows} sequence{'s' * (rows > 1)} instead of {config.batch_size}"
        )
    return text


def _split_for(weights: Checkpoint, path: Path, options: TrainOptions, config: TrainingConfig) -> Split:
    """Return the text that training is to go on with from these weights; say so if they learned another.

    Raises InputError where it has characters that they do not know.
    """
    corpus = data.open_corpus(options.data_dir, weights.vocab)
    if strange := data.unknown_characters(corpus, weights.vocab):
        raise InputError(
            f"the text in {options.data_dir} has characters that {path.name} does not know: {strange}; replace them, "
            "or leave --init-from out"
        )
    if corpus.sha256 != weights.corpus:
        console.say(f"{path.name} was trained on another text than that in {options.data_dir}; it learns this one")
    return _split(corpus, config, weights.vocab)


def _with_length(
    config: TrainingConfig, options: TrainOptions, text: Split, on: torch.device, started: float, group: Group
) -> TrainingConfig:
    """Set the length of the run: by its epochs, or by how many steps fit into its minutes, counted from `started`."""
    minutes = config.minutes
    if minutes is None:
        return set_length(config, text)
    if "max_epochs" not in options.given:
        config = replace(config, max_epochs=math.inf)
    probe = Trainer(set_length(config, text, _ENDLESS), text, on, group)
    left = minutes * 60 - group.all_reduce_max(time.monotonic() - started)
    fitting = fit(probe, left, lambda: callbacks.rehearse(probe.checkpoint(0.0)))
    return set_length(config, text, fitting.steps, fitting.evaluations)


def _describe(trainer: Trainer) -> str:
    model, config, text = trainer.model.config, trainer.config, trainer.text
    weights = sum(parameter.numel() for parameter in trainer.model.parameters())
    epochs = config.steps / len(trainer.streams)
    return (
        f"{model.model} {model.num_layers}x{model.rnn_size}, {weights:,} weights, {len(text.vocab)} characters; "
        f"{len(text.train):,} characters to train on, {len(text.validation):,} to validate; recipe {config.recipe}, "
        f"{epochs:.4g} epochs of {len(trainer.streams):,} steps; {trainer.device.type}, {config.dtype}"
    )
