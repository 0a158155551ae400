"""`dream-jobs`: all verbs under one command, and a quiet end on Ctrl-C while modules load."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from scrape import __version__
from scrape.cli.dream_jobs import VERBS, main, usage
from tests.support.paths import ROOT


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_text(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    if VERBS[verb].module.startswith("scrape.recommend"):
        pytest.importorskip("sklearn", reason="recommendations need the extra `recommend`")
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: ") and "--debug" in out


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([], ["--help"], ["-h"]):
        assert main(argv) == 0
        assert capsys.readouterr().out.rstrip() == usage()
    assert all(f"  {verb} " in usage() for verb in VERBS)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"dream-jobs {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sampel", "did you mean `dream-jobs sample`?"),
        ("recomend", "did you mean `dream-jobs recommend`?"),
        ("forget", "did you mean `dream-jobs remove`?"),
        ("nearest", "did you mean `dream-jobs similar`?"),
        ("--count", "`dream-jobs --help` lists the verbs"),
    ],
)
def test_an_unknown_verb_is_one_line(typed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([typed, "--count", "3"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err == f"error: there is no verb {typed!r}; {said}\n"


def test_the_list_of_verbs_needs_no_library() -> None:
    """What makes `dream-jobs --help` quick: neither torch nor anything else that takes time to load."""
    heavy = "{'torch', 'numpy', 'requests', 'tqdm', 'rich'}"
    code = "import sys; from scrape.cli.dream_jobs import main; main(['--help'])"
    code += f"\nassert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


def test_the_help_of_train_needs_no_torch() -> None:
    code = (
        "import sys; from scrape.cli.dream_jobs import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit: assert 'torch' not in sys.modules\n"
        "else: sys.exit('no help')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


def test_threads_do_not_spin() -> None:
    """OpenMP reads the setting when torch is loaded, so `charrnn` must come first."""
    code = (
        "import os, sys; from scrape.cli.dream_jobs import main\n"
        "try: main(['sample', '--help'])\n"
        "except SystemExit: pass\n"
        "order = list(sys.modules); assert order.index('charrnn') < order.index('torch')\n"
        "assert os.environ['GOMP_SPINCOUNT'] == '2000'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal to one process on Windows")
@pytest.mark.parametrize(
    ("command", "loading"),
    [
        (["charrnn.train", "--data-dir", "nowhere"], "torch."),
        (["charrnn.sample", "--checkpoint", "nowhere"], "torch."),
        (["scrape.cli.dream_jobs", "train", "--data-dir", "nowhere"], "torch."),
        (["scrape", "search", "--boards", "none"], "urllib3."),
        (["scrape.recommend", "train", "--data-dir", "nowhere"], "scipy."),
    ],
)
def test_ctrl_c_while_modules_load_ends_quietly(command: list[str], loading: str) -> None:
    python = [sys.executable, "-X", "importtime", "-m", *command]
    with subprocess.Popen(python, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if f" {loading}" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in rest and "stopped: Ctrl-C" in rest
