"""`python -m charrnn.train`: an input.txt in, checkpoints out."""

from __future__ import annotations

if __name__ == "__main__":  # above the imports that take seconds, so that Ctrl-C during them ends quietly
    from scrape.common.launch import launch

    raise SystemExit(launch("charrnn.train.__main__"))

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
from charrnn.data.corpus import Split
from charrnn.data.vocab import Vocab
from charrnn.model import checkpoint, device, distributed
from charrnn.model.distributed import Group, PeerLostError
from charrnn.model.lstm import ModelConfig
from charrnn.runs import history, train_state
from charrnn.train import callbacks
from charrnn.train.loop import Files, Hook, train
from charrnn.train.options import Options, parse
from charrnn.train.recipes import Plan
from charrnn.train.time_budget import fit
from charrnn.train.trainer import DivergedError, Trainer, planned
from scrape.common import console
from scrape.common.errors import InputError
from scrape.common.lock import exclusive

_ENDLESS = 2**31  # steps


def main(argv: list[str] | None = None) -> int:
    """Train, and print the path of the best checkpoint."""
    options = parse(argv)
    return console.run(lambda: _command(options), debug=options.debug)


def _command(options: Options) -> int:
    on = distributed.assign_device(device.pick(options.device))
    device.prepare(on)
    try:
        with distributed.join_group(on) as group, _held(options, group):
            return _run(options, on, group)
    except PeerLostError as error:
        console.say(f"error: {error}; go on where the run was saved last by the same command with --resume")
        return console.FAILED


@contextmanager
def _held(options: Options, group: Group) -> Iterator[None]:
    """Nobody else may train the run of this name meanwhile."""
    files = _files(options)
    if options.checkpoint_dir.is_file():
        raise InputError(f"{options.checkpoint_dir} is a file; --checkpoint-dir names the folder of the runs")
    if options.resume and not train_state.exists(files.resume):
        raise InputError(f"there is nothing to resume in {files.resume}; leave --resume out to begin the run")
    if not group.is_main:
        yield
        return
    with exclusive(files.lock, f"run {options.run!r} is being trained just now; wait, or choose --run NAME"):
        yield


def _files(options: Options) -> Files:
    return Files(options.checkpoint_dir / options.run, options.savefile, options.keep)


def _run(options: Options, on: torch.device, group: Group) -> int:
    files = _files(options)
    trainer = _resumed(options, files, on, group) if options.resume else _begun(options, files, on, group)
    hooks: tuple[Hook, ...] = ()
    if group.is_main:
        files.sweep()
        hooks = callbacks.hooks(files, options.tensorboard, trainer.step_number)
        console.say(_summary(trainer))
    try:
        train(trainer, files, hooks, options.print_every)
    except DivergedError as error:
        if group.is_main:
            console.say(f"error: {error}; {_way_out(files)}")
        return console.FAILED
    if group.is_main:
        callbacks.plot_losses(files)
        print(checkpoint.best(files.folder))
    return console.OK


def _begun(options: Options, files: Files, on: torch.device, group: Group) -> Trainer:
    """A new run, once everything that it needs has been found good."""
    begun = time.monotonic()
    if not options.overwrite:
        _refuse_taken_name(files)
    start = checkpoint.load(options.init_from) if options.init_from else None
    plan = _shaped(options, start.config) if start else options.plan()
    plan = replace(plan, dtype=str(device.choose_dtype(plan.dtype, on)).removeprefix("torch."))
    text = _text(options.data_dir, plan, start.vocab if start else None)
    trainer = Trainer(_with_length(plan, options, text, on, begun, group), text, on, group)
    if start:
        trainer.model.load_state_dict(start.weights)
    if options.overwrite and group.is_main:
        _clear(files)
    return trainer


def _resumed(options: Options, files: Files, on: torch.device, group: Group) -> Trainer:
    """The run of this name as it was saved last; its log cut back to there."""
    state = train_state.load(files.resume)
    plan = options.kept(_stored_plan(state, files))
    if plan.dtype == "bfloat16" and not device.supports_bfloat16(on):
        raise InputError(
            f"run {options.run} was begun in bfloat16, in which this machine cannot train; resume it where it was "
            f"begun, or begin another with --run NAME --init-from {files.folder}/..."
        )
    text = _text(options.data_dir, plan, Vocab(state["vocab"]))
    if text.sha256 != state["corpus"]:
        raise InputError(
            f"{options.data_dir}/input.txt has changed since run {options.run} began; "
            f"begin another with --run NAME --init-from {files.folder}/..."
        )
    trainer = Trainer(_lengthened(plan, options, text), text, on, group)
    trainer.load_state_dict(state)
    if group.is_main:
        history.truncate(files.log, trainer.step_number)
        _say_what_changes(_stored_plan(state, files), trainer, len(state["random"]))
    return trainer


def _lengthened(plan: Plan, options: Options, text: Split) -> Plan:
    """The plan of a run that goes on, with as many epochs and evaluations as the user now wants."""
    if "max_epochs" in options.given:
        return planned(plan, text)
    return planned(plan, text, plan.steps) if "eval_val_every" in options.given else plan


def _say_what_changes(begun: Plan, trainer: Trainer, processes: int) -> None:
    """What makes the run that goes on another than one that was never interrupted."""
    plan, group = trainer.plan, trainer.group
    if plan.steps != begun.steps and plan.recipe.schedule != "constant":
        console.say(
            f"the learning rate's {plan.recipe.schedule} is stretched from {begun.steps:,} steps to {plan.steps:,}: "
            "a run of that length from the start would have had another rate so far"
        )
    if group.size != processes:
        console.say(f"begun by {processes} processes, gone on with by {group.size}: dropout is drawn anew")


def _stored_plan(state: Mapping[str, Any], files: Files) -> Plan:
    try:
        return Plan.from_plain(state["plan"])
    except TypeError as error:  # a field more or less
        way_out = f"begin another run by --run NAME --init-from {files.folder}/..."
        raise InputError(f"{files.resume} was written by another version; {way_out}") from error


def _text(folder: Path, plan: Plan, vocab: Vocab | None) -> Split:
    """The split corpus, in the ids of `vocab` if that is given; says so where it is small."""
    corpus = data.open_corpus(folder)
    text = data.split(corpus.with_vocab(vocab) if vocab else corpus, plan.train_frac, plan.val_frac)
    rows = data.Streams(text.train, plan.recipe.batch_size, plan.recipe.seq_length).batch_size
    if rows < plan.recipe.batch_size:
        console.say(f"the corpus is small: a batch has {rows} streams instead of {plan.recipe.batch_size}")
    return text


def _shaped(options: Options, config: ModelConfig) -> Plan:
    """The plan of a run that begins with the weights of a model of this shape."""
    plan = options.plan()
    for name in ("model", "rnn_size", "num_layers"):
        if name in options.given and options.given[name] != getattr(config, name):
            flag = "--" + name.replace("_", "-")
            raise InputError(f"{options.init_from} has {flag} {getattr(config, name)}; leave {flag} out")
    recipe = replace(plan.recipe, model=config.model, rnn_size=config.rnn_size, num_layers=config.num_layers)
    return replace(plan, recipe=recipe)


def _with_length(plan: Plan, options: Options, text: Split, on: torch.device, begun: float, group: Group) -> Plan:
    """How many steps the run has: by its epochs, or by how many fit into the minutes since `begun`."""
    minutes = plan.minutes
    if minutes is None:
        return planned(plan, text)
    if "max_epochs" not in options.given:
        plan = replace(plan, recipe=replace(plan.recipe, max_epochs=math.inf))
    probe = Trainer(planned(plan, text, _ENDLESS), text, on, group)
    left = minutes * 60 - group.all_reduce_max(time.monotonic() - begun)
    fitting = fit(probe, left, lambda: callbacks.rehearse(probe.checkpoint(0.0)))
    return planned(plan, text, fitting.steps, fitting.evaluations)


def _refuse_taken_name(files: Files) -> None:
    if checkpoint.list_files(files.folder) or train_state.exists(files.resume):
        raise InputError(
            f"run {files.folder.name!r} has begun already, in {files.folder}; go on with it by --resume, "
            "choose another name by --run NAME, or begin anew and delete it by --overwrite"
        )


def _clear(files: Files) -> None:
    """Delete what an earlier run of this name left: its checkpoints, its log and its state."""
    for entry in checkpoint.list_files(files.folder):
        entry.path.unlink()
    for path in (files.log, files.plot):
        path.unlink(missing_ok=True)
    shutil.rmtree(files.events, ignore_errors=True)
    train_state.remove(files.resume)


def _summary(trainer: Trainer) -> str:
    config, recipe, text = trainer.model.config, trainer.plan.recipe, trainer.text
    weights = sum(parameter.numel() for parameter in trainer.model.parameters())
    epochs = trainer.plan.steps / len(trainer.streams)
    return (
        f"{config.model} {config.num_layers}x{config.rnn_size}, {weights:,} weights, {len(text.vocab)} characters; "
        f"{len(text.train):,} characters to train on, {len(text.validation):,} to validate; recipe {recipe.name}, "
        f"{epochs:.4g} epochs of {len(trainer.streams):,} steps; {trainer.device.type}, {trainer.plan.dtype}"
    )


def _way_out(files: Files) -> str:
    found = checkpoint.list_files(files.folder)
    last = f"the last good checkpoint is {found[-1].path}" if found else "there is no checkpoint yet"
    return f"{last}; try a lower --learning-rate"
