"""Sampling: each row is what it would be alone, sampled as the network says, ended where it should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from charrnn.data.vocab import Vocab
from charrnn.model.lstm import CELLS, CharLSTM, ModelConfig
from charrnn.sample.generate import DETERMINISTIC_WIDTH, WARM_UP, Sample, generate
from charrnn.sample.grammar_mask import GrammarMask
from charrnn.sample.sampling import SamplingParams
from scrape.common.errors import InputError
from scrape.markup import grammar

VOCAB = Vocab("\n &-/0123456789;<>abcdefghijklmnopqrstuvwxyz")
MASK = GrammarMask(VOCAB.chars)
WORDS = [char for char in VOCAB.chars if char.isalnum()]
HEAD = "<html>\n<h1>"


def network(kind: str = "lstm", seed: int = 1, sharpness: float = 6.0) -> CharLSTM:
    """A random network whose guesses depend on what it has read, and are not all alike."""
    torch.manual_seed(seed)
    made = CharLSTM(ModelConfig(len(VOCAB), rnn_size=24, num_layers=2, model=kind)).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.mul_(sharpness)
    return made


def sampled(model: CharLSTM, prompts: list[str], length: int = 60, **how: object) -> list[Sample]:
    """The samples of `prompts` in their order; `how` has fields of SamplingParams and arguments of `generate`."""
    fields = {name: how.pop(name) for name in [*how] if name in SamplingParams.__match_args__}
    params = SamplingParams(length=length, **fields)  # type: ignore[arg-type]
    settings = {"stop": "zz", "deterministic": True} | how
    made = list(generate(model, VOCAB, prompts, params, **settings))  # type: ignore[arg-type]
    return sorted(made, key=lambda sample: sample.row)


def prompts_of(count: int) -> list[str]:
    return ["abcdefgh"[: 1 + number % 7] * (1 + number % 3) for number in range(count)]


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_a_row_of_a_batch_depends_on_no_other_row(kind: str) -> None:
    """Row 0 is the same alone; any row is the same beside other prompts, and as the last of fewer rows."""
    model, prompts = network(kind), prompts_of(2 * DETERMINISTIC_WIDTH + 5)
    together = sampled(model, prompts, seed=7)
    assert len({sample.text for sample in together}) == len(prompts)
    assert sampled(model, prompts[:1], seed=7) == together[:1]
    for row in (3, DETERMINISTIC_WIDTH - 1, DETERMINISTIC_WIDTH, 2 * DETERMINISTIC_WIDTH + 4):
        others = ["z" * (1 + number % 5) for number in range(row)]
        assert sampled(model, [*others, prompts[row]], seed=7)[row] == together[row]


def fed(model: CharLSTM, prompts: list[str]) -> torch.Tensor:
    """What the network was given to read: (steps, slots)."""
    seen: list[torch.Tensor] = []
    hook = model.register_forward_pre_hook(lambda _model, inputs: seen.append(inputs[0].clone()))
    sampled(model, prompts, 10)
    hook.remove()
    assert {tuple(ids.shape) for ids in seen} == {(DETERMINISTIC_WIDTH, 1)}
    return torch.cat(seen, dim=1).t()


def test_the_network_sees_one_shape_and_a_row_always_in_its_own_slot() -> None:
    """Else the last bits of its guesses depend on the rows beside, and so, sooner or later, does the text."""
    model, row = network(), DETERMINISTIC_WIDTH + 3
    steps = len(WARM_UP) + len("abc") + 10 - 1
    before = ["abc"] * row
    one, other = fed(model, [*before[:3], "zzzzz", *before[4:], "abc"])[:, 3], fed(model, [*before, "abc"])[:, 3]
    assert torch.equal(one[-steps:], other[-steps:])
    assert not torch.equal(one[:steps], other[:steps]), "before it there was another row"


def test_a_slot_is_reset_between_texts() -> None:
    model = network()
    alone = sampled(model, ["abc"], width=1, temperature=0.0)[0]
    third = sampled(model, ["xyz", "k", "abc"], width=1, temperature=0.0)[2]
    assert third == replace(alone, row=2)


def test_a_text_sampled_in_two_goes_is_the_text_sampled_in_one() -> None:
    model = network()
    whole = sampled(model, ["ab"], 50, seed=3)[0].text
    half = sampled(model, ["ab"], 20, seed=3)[0].text
    assert sampled(model, [half], 30, seed=3)[0].text == whole


def test_a_seed_gives_the_texts_that_it_gave_in_earlier_releases() -> None:
    model, random = network(), np.random.RandomState(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.from_numpy(random.normal(size=tuple(weight.shape))))
    params = {"temperature": 0.8, "top_k": 30, "top_p": 0.98, "min_p": 0.001, "seed": 11}
    free = sampled(model, ["ab", "c", ""], 40, **params)
    assert [sample.text for sample in free] == [
        "ab28;88888tb80s31;u8\n8z080/l83\n88/dd88888z",
        "cu;8;wv88;08v-;08;i88>\n88;0h080z03u;uuv;8",
        "d8v82mf<878i/b8-8bf7e83zz",
    ]
    masked = sampled(model, [HEAD, HEAD, ""], 60, mask=MASK, stop=grammar.END, **params)
    assert [sample.text for sample in masked] == [
        "<html>\n<h1>u63zz1dhvebvb0b0v8- 8f-tt 8888s-f-7vvvvvrt7x0-</h1>\n</html>\n",
        "<html>\n<h1>uz3v3ulv8tt b4b0v 0 w0-b d8tz8f888t-zf 3bbzzzz</h1>\n</html>\n",
        "<html>\n<h1>zp83ztlbvv83tre vu4vx0bvv0</h1>\n</html>\n",
    ]


def test_seeds_and_rows_differ_and_repeat() -> None:
    model = network()
    first, again, other = (sampled(model, ["a"] * 3, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert len({sample.text for sample in first + other}) == 6


@torch.inference_mode()
def test_temperature_zero_takes_the_likeliest_character() -> None:
    model, text = network(), "abcab"
    for _ in range(40):
        ids = torch.tensor(VOCAB.encode(WARM_UP + text).astype(np.int64))[None]
        text += VOCAB.chars[int(model(ids, model.initial_state(1))[0][0, -1].argmax())]
    assert sampled(model, ["abcab", "q"], 40, temperature=0.0)[0].text == text


@torch.inference_mode()
def test_characters_come_as_often_as_the_network_says() -> None:
    model = network(sharpness=3.0)
    ids = torch.tensor(VOCAB.encode(WARM_UP + "ab").astype(np.int64))[None]
    logits = model(ids, model.initial_state(1))[0][0, -1].double()
    count = 4000
    made = sampled(model, ["ab"] * count, 1, temperature=0.8, width=200)
    shares = np.bincount([VOCAB.chars.index(sample.text[-1]) for sample in made], minlength=len(VOCAB)) / count
    chances = torch.softmax(logits / 0.8, 0).numpy()
    assert np.abs(shares - chances).max() < 5 * np.sqrt(0.25 / count)


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_quantized_sampling_writes_what_the_deterministic_one_does_while_their_guesses_agree(kind: str) -> None:
    """Rounding moves a guess by little, so texts part sooner or later: most of them after more than 30 characters."""
    model, prompts = network(kind, sharpness=2.0), prompts_of(60)
    stop = sampled(model, prompts[:1], 9)[0].text[-1]
    quantized = sampled(model, prompts, 30, deterministic=False, width=13, stop=stop)
    plain = sampled(model, prompts, 30, stop=stop)
    assert [sample.prompt for sample in quantized] == prompts
    assert len({len(sample.text) - len(sample.prompt) for sample in quantized}) > 5, "slots are taken over at all times"
    same = sum(one.text == other.text for one, other in zip(quantized, plain, strict=True))
    assert same > 30


def test_quantized_sampling_repeats_itself() -> None:
    model, prompts = network(), prompts_of(20)
    first, again, other = (sampled(model, prompts, deterministic=False, seed=seed, width=9) for seed in (5, 5, 6))
    assert first == again
    assert not {sample.text for sample in first} & {sample.text for sample in other}


def test_texts_longer_than_what_is_laid_out_for_them_have_random_numbers_of_their_own_throughout() -> None:
    model = network(sharpness=1.0)
    long, short = (sampled(model, ["ab", "c"], length, stop="", deterministic=False) for length in (2500, 900))
    assert all(one.text.startswith(other.text) for one, other in zip(long, short, strict=True))
    half = sampled(model, ["ab", long[1].text[:1500]], 1001, stop="", deterministic=False)
    assert half[1].text == long[1].text
    assert len(set(long[0].text[-1200:])) > 20


def test_a_text_ends_where_the_stop_is_written_and_not_where_the_prompt_has_it() -> None:
    model = network()
    stop = next(char for char in sampled(model, ["ab"])[0].text[2:] if char != "b")
    for sample in sampled(model, ["ab" + stop] * 4, 300, stop=stop):
        written = sample.text.removeprefix(sample.prompt)
        assert sample.ended == written.endswith(stop)
        assert stop not in written[:-1]
        assert sample.ended or len(written) == 300


def test_the_length_is_what_is_written_to_the_prompt() -> None:
    for sample in sampled(network(), prompts_of(5), 33, stop=""):
        assert len(sample.text) == len(sample.prompt) + 33
        assert not sample.ended


def test_an_empty_prompt_will_do_where_the_end_of_a_posting_can_be_read() -> None:
    assert sampled(network(), [""], 5)[0].text != sampled(network(), ["a"], 5)[0].text[1:]
    few = CharLSTM(ModelConfig(3, rnn_size=4, num_layers=1))
    assert len(next(generate(few, Vocab("abc"), ["a"], SamplingParams(length=5))).text) == 6
    with pytest.raises(InputError, match="--primetext"):
        generate(few, Vocab("abc"), [""], SamplingParams(length=5))


@pytest.mark.parametrize("deterministic", [True, False])
@pytest.mark.parametrize("length", [40, 41, 60, 100, 400])
def test_constrained_texts_are_documents_at_every_length(length: int, deterministic: bool) -> None:
    prompts = [HEAD, "", HEAD + "cook</h1>\n"] * 4
    made = sampled(network(), prompts, length, mask=MASK, stop=grammar.END, deterministic=deterministic)
    for sample in made:
        assert grammar.find_error(sample.text) is None, sample.text
        assert len(sample.text) <= len(sample.prompt) + length


def test_nothing_comes_after_a_whole_document_whatever_the_stop() -> None:
    made = sampled(network(), [HEAD] * 24, 1500, mask=MASK, stop="")
    assert any(sample.ended for sample in made)
    assert all(grammar.find_error(sample.text) is None for sample in made)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("sharpness", [0.0, 1.0, 6.0])
def test_every_constrained_text_is_a_document_at_any_temperature(sharpness: float, temperature: float) -> None:
    """Of a network that knows nothing, one fresh from its first draw, and one that insists on its errors."""
    model, rows = network(sharpness=sharpness), 150
    made = sampled(
        model, [HEAD] * rows, 150, mask=MASK, stop=grammar.END, deterministic=False, width=64, temperature=temperature
    )
    assert len(made) == rows
    assert [sample.text for sample in made if grammar.find_error(sample.text)] == []


def test_a_text_that_the_limit_closed_did_not_end_by_itself() -> None:
    model = network()
    free = sampled(model, [HEAD] * 12, 2000, mask=MASK, stop=grammar.END)
    tight = sampled(model, [HEAD] * 12, 36, mask=MASK, stop=grammar.END)
    assert any(sample.ended for sample in free)
    for long, short in zip(free, tight, strict=True):
        assert short.ended <= (short.text == long.text)


@pytest.mark.parametrize("how", [{"temperature": 0.5}, {"top_k": 4}, {"temperature": 2.0, "min_p": 0.05}])
def test_a_text_is_the_free_one_up_to_where_the_constraint_first_steps_in(how: dict[str, float]) -> None:
    model, count = network(sharpness=4.0), 40
    with torch.no_grad():
        model.decoder.bias[[VOCAB.chars.index(char) for char in "\n&<>;"]] -= 6.0
    free = sampled(model, [HEAD] * count, 12, stop="", **how)
    held = sampled(model, [HEAD] * count, 40, stop="", mask=MASK, **how)
    grammatical = [_read_as_far_as_possible(sample.text) for sample in free]
    assert {length for length in grammatical if length == len(HEAD) + 12}, "some are right by themselves"
    for loose, strict, length in zip(free, held, grammatical, strict=True):
        assert strict.text[:length] == loose.text[:length]
        assert strict.text[: length + 1] != loose.text[: length + 1] or length == len(loose.text)
        assert strict.masked or length == len(loose.text)


def _read_as_far_as_possible(text: str) -> int:
    """How many characters of `text` begin a document."""
    for length in range(len(text), 0, -1):
        try:
            MASK.read(text[:length])
        except InputError:
            continue
        return length
    return 0


@torch.inference_mode()
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_a_sample_tells_what_the_network_thought_of_it(temperature: float) -> None:
    model = network(sharpness=3.0)
    for sample in sampled(model, [HEAD] * 3, 60, temperature=temperature, mask=MASK, stop=grammar.END):
        context = WARM_UP + sample.prompt
        ids = torch.tensor(VOCAB.encode(context + sample.text.removeprefix(sample.prompt)).astype(np.int64))[None]
        logits = model(ids, model.initial_state(1))[0][0, len(context) - 1 : -1].double()
        chosen = ids[0, len(context) :, None]
        assert sample.logprob == pytest.approx(float(logits.log_softmax(1).gather(1, chosen).sum()), abs=1e-3)
        chances = (logits / (temperature or 1.0)).softmax(1)
        left = [len(sample.prompt) + 60 - at for at in range(len(sample.prompt), len(sample.text))]
        masks = [
            MASK.allowed(MASK.read(sample.text[:at]), budget)
            for at, budget in zip(range(len(sample.prompt), len(sample.text)), left, strict=True)
        ]
        cost = -(chances * torch.tensor(np.array(masks))).sum(1).log().sum()
        assert sample.cost == pytest.approx(float(cost), rel=1e-4, abs=1e-3)
        assert 0 < sample.masked <= len(masks)


def test_a_free_sample_was_never_masked() -> None:
    assert all((sample.masked, sample.cost) == (0, 0.0) for sample in sampled(network(), ["ab"] * 3))


@pytest.mark.parametrize("deterministic", [True, False])
def test_every_character_is_counted_once_in_on_step(deterministic: bool) -> None:
    ticks: list[int] = []
    made = sampled(network(), prompts_of(20), 25, on_step=ticks.append, deterministic=deterministic, width=6)
    assert sum(ticks) == sum(len(sample.text) - len(sample.prompt) for sample in made)


def test_what_is_finished_before_an_interruption_has_been_given() -> None:
    model, done = network(), list[Sample]()
    stop = sampled(model, ["a"], 30)[0].text[-1]
    whole = sampled(model, ["a"] * 8, 200, stop=stop)

    def interrupt(_written: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        for sample in generate(
            model, VOCAB, ["a"] * 8, SamplingParams(length=200), stop=stop, on_step=interrupt, deterministic=True
        ):
            done.append(sample)
    assert 0 < len(done) < 8
    assert all(sample == whole[sample.row] for sample in done)


def test_the_libraries_settings_are_left_as_they_were() -> None:
    for setting in (False, True):
        torch.backends.mkldnn.enabled = setting  # type: ignore[assignment]
        sampled(network(), ["a"], 3)
        assert bool(torch.backends.mkldnn.enabled) == setting
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"prompts": ["ok", "caf\u00e9"]}, r"'\u00e9' at 3"),
        ({"mask": MASK, "prompts": ["hello"]}, "at 0"),
        ({"mask": MASK, "prompts": [HEAD], "params": SamplingParams(length=14)}, "length 14 is too short"),
    ],
)
def test_a_bad_request_is_refused_before_anything_is_sampled(how: dict[str, object], message: str) -> None:
    request = {"prompts": ["a"], "params": SamplingParams(length=50)} | how
    with pytest.raises(InputError, match=message):
        generate(network(), VOCAB, **request)  # type: ignore[arg-type]


@pytest.mark.parametrize("deterministic", [True, False])
@pytest.mark.parametrize("part", ["decoder.bias", "layers.0.weight_hh_l0"])
def test_a_diverged_model_is_named_as_such(part: str, deterministic: bool) -> None:
    model = network()
    with torch.no_grad():
        model.get_parameter(part).view(-1)[0] = float("nan")
    with pytest.raises(InputError, match="diverged"):
        sampled(model, ["a"], deterministic=deterministic)


def test_each_character_is_passed_to_on_token_as_it_is_written() -> None:
    heard = {0: HEAD, 1: HEAD + "c"}

    def on_token(row: int, char: str) -> None:
        heard[row] += char

    made = generate(network(), VOCAB, list(heard.values()), SamplingParams(length=40), mask=MASK, on_token=on_token)
    assert {sample.row: sample.text for sample in made} == heard
