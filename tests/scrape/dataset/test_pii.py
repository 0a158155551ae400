"""Contacts go and other numbers stay, however they are written."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrape.dataset.corpus.pii import EMAIL, PHONE, scrub
from scrape.markup import grammar
from tests.support.growth import assert_each_linear
from tests.support.postings import one_document

CONTACTS = """
415.555.0134
415-555-0134
(415) 555 – 0134
(415)555-0134
(415)5550134
415⁃555~0134
415‍-555-0134
1.206.555.0100
+1 415-555-0134 ext. 12
(+1) 206-555-0100
001-206-555-0100
001 206 555 0100
415‑555‒0134
415‐555−0134
４１５－５５５－０１３４
٤١٥-٥٥٥-٠١٣٤
<b>206</b>-555-0100
<b>206-</b>555-<em>0100</em>
+<b>44</b> 20 <em>7946</em> 0018
+44 (0)20 7946 0018
(+44) 20 7946 0018
＋44 20 7946 0018
+49 30 901820-20
+91-98765-43210
電話415-555-0134
415-555-0134/415-555-0199
Tel.415-555-0134
call 4155550134
contact us at 555-0134
Phone: 555-0134
Tel. 020 7946 0018
call us on 07700 900123
phone: (020) 7946 0018
Phone 01632 960 001
phone:<br/>01632 960 001
☎ 020 7946 0018
T: 020 7946 0018
Call Wick Lane on 020 7946 0018 or 07700 900123
tel 00 44 20 7946 0018
Telefon: 030 / 1234 5678
Tel.: 030/12345-67
Tel. (0 89) 12 34 56
Rufen Sie uns an unter 0171 1234567
Handy-Nr. 0171-1234567
Telefon 0049 30 123456
Tél : 01 99 00 12 34
Téléphone 0199001234
Tél. <b>01</b>.99.00.12.34
Appelez le 06-39-98-00-01
joindre Colette au 06 39 98 00 01
WhatsApp 98765 43210
WhatsApp Asha: 98765-43210
Call 9876543210
Mobile: 098765 43210
Landline: 022 2345 6789
Our number is 020 7946 0018
Rückfragen: 0711 1234567
Téléphonez au 01 99 00 12 34
Ph: 022-2345 6789
Call 0091 98765 43210
wa.me/919876543210
tel:4155550134
a.b+c@crumb.co.uk
jobs＠crumb．example
jobs﹫crumb.example
jobs@crumb。example
jobs@<b>crumb</b>.example
jobs [at] crumb [dot] example
jobs (at) crumb (dot) co (dot) uk
JOBS(AT)CRUMB.EXAMPLE
jobs（at）crumb.example
jobs(ät)crumb.example
jobs{at}crumb{dot}example
jobs&lt;at&gt;crumb&lt;dot&gt;example
jobs at crumb dot com
jobs @ crumb.example
o’crumb@crumb.example
bäcker@crumb.example
почта@крошка.example
联系jobs@crumb.example
""".strip().splitlines()

OTHERS = """
$120,000 - 150,000 a year
45.000 – 60.000 €
Gehalt 45 000 - 60 000 EUR
INR 10,00,000 - 12,00,000
Salary on the phone: $4155550134
2015-2016
2019 - 2020 - 2021
from 2018 2019 2020
call before 01.02.2026 10:30
call by 2026-11-22 10:30
phone interviews on 12/03/2026 10.30
contact 2018-2019-2020
10:00-18:30 on 2026-11-22
Call between 0900-1700
call 09.00 - 17.00
call 0900-1700
on call 24-7-365
24/7 at x.y
401(k)
Req 1234567890
Job number 0123456789
# 1234567
call and quote reference 0123456789
Phone the desk with job id 020 7946 0018
We sell 01632 960 001 buns
a pin of 9876543210
id 0049 30 123456
REQ-415-555-0134
12-415-555-0134
0012-3456-7890
415-555-01345
Model 1234-567-890
Version 10.0.19045.3693
ISO 9001 14001 27001
978-3-16-148410-0
ZIP 94107-1234
Tel Aviv 6701203
192.168.100.200
fax machines: 2015 2016 2017
reach 100 000 000 eaters
+100 000 000 eaters
mobile 1 250 500 users
calls: 1000000 a month
call center with 300-500 seats
Call of 100 000 000 copies
reach an accuracy of 0.0012345678
415 loaves, 555 rolls, 0134 buns
1 2 6 24 120 720
phone sales of €2 500 000
text 1,000,000 customers
cell 12 of 1000, 24 of 2000
mobile-first since 2007
a signal of 0-10 V, 4-20 mA
ring 12 of 2400 hours
the fax era, 1964-2004
dial in at 09.30 - 11.00
contact: box 0123456789
10-15 calls an hour, 2000-2500 a month
2026/11/22 2026/12/24
§§ 4901-4920
a ratio of 1:250:3000
ph 7.0 7.2 7.4 7.6
Cell 2019 176 1415-1428
Telefon unten, Stellen-Nr. 0123456789
WhatsApp 2 000 000 000 users
Callout pay 1500-2000 a month
telephone interviews, 1-5 December 2026
Kontakt bis 31.12.2026, 12.00 Uhr
life @ Crumb.Co
30-40% of 1 000 000
+4155550134abcdef1234
left-pad@1.3.0
a 4-core@3.5GHz machine
follow us @crumb.example
life @ Crumb
look at the dot matrix
meet (at) noon
""".strip().splitlines()


@pytest.mark.parametrize("line", CONTACTS)
def test_a_contact_goes(line: str) -> None:
    document = one_document(f"<p>Ask or wait: {line} now.</p>\n")
    scrubbed = scrub(document)
    assert scrubbed.phones + scrubbed.emails == scrubbed.text.count(PHONE) + scrubbed.text.count(EMAIL) > 0
    shown = scrubbed.text.replace("h1", "")
    assert not any(character.isdigit() for character in shown)
    assert "crumb" not in shown.lower()
    assert "крошка" not in shown
    assert grammar.find_error(scrubbed.text) is None
    assert scrub(scrubbed.text).text == scrubbed.text


@pytest.mark.parametrize("line", OTHERS)
def test_a_number_or_word_that_reaches_nobody_stays(line: str) -> None:
    for document in (line, one_document(f"<p>{line} and bread.</p>\n")):
        assert scrub(document).text == document


def test_only_the_contact_goes() -> None:
    text = (
        "In 2019: call <b>Rye on 020 7946 0018</b> or 07700 900123 24/7, ref 0123456789, or jobs (at) crumb (dot) com."
    )
    assert scrub(text).text == "In 2019: call <b>Rye on [phone]</b> or [phone] 24/7, ref 0123456789, or [e-mail]."
    assert scrub("<li>Tél</li>\n<li>01 99 00 12 34</li>\n").text == "<li>Tél</li>\n<li>[phone]</li>\n"
    assert scrub("联系jobs@crumb.example吧").text == "联系[e-mail]吧"
    assert scrub("a <b>206</b>-<em>555</em>-<b><em>0100</em> or</b> b").text == "a <b>[phone]</b><b> or</b> b"
    assert scrub("a 206-<b>555-0100 </b>b").text == "a [phone] b"


@given(
    contact=st.sampled_from(
        ["+44 20 7946 0018", "415-555-0134", "tel 030 1234567", "jobs@crumb.example", "a (at) b.com"]
    ),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["b", "em"])), max_size=3),
    block=st.sampled_from(["<p>{}</p>\n", "<h4>{}</h4>\n", "<ul>\n<li>{}</li>\n</ul>\n"]),
    around=st.sampled_from([("", ""), ("Ask ", " now"), ("Ask <b>us</b> ", "<br/>now"), ("<em>Ask</em>: ", " ")]),
)
def test_a_document_stays_a_document_wherever_tags_divide_a_contact(
    contact: str, cuts: list[tuple[int, int, str]], block: str, around: tuple[str, str]
) -> None:
    line, end = contact + " or so", len(contact) + 6
    pieces, position = [], 0
    for first, last, tag in sorted(cuts):
        first, last = max(first, position), min(last, end)
        if first < last and line[first:last].strip():
            pieces += [line[position:first], f"<{tag}>{line[first:last]}</{tag}>"]
            position = last
    document = one_document(block.format(around[0] + "".join([*pieces, line[position:]]) + around[1]))
    assert grammar.find_error(document) is None
    scrubbed = scrub(document)
    assert grammar.find_error(scrubbed.text) is None
    assert scrubbed.emails + scrubbed.phones == 1
    assert scrub(scrubbed.text).text == scrubbed.text


HOSTILE = (
    """
0|1|-|@|.|1-|1 |0 |00 |(0)|0-10 |1 000 |01.02.|2019-|555-|415-555-0134|415-555-0134/|+|+1|+1 (|x1|a@|@a|a@b.|a@1.|a'|a.
a(at)|a(dot)b|a at b dot | dot |call |call 0|tel: 0123456789 |tel: 01234|[phone] |<b>0</b>|<b>4</b>-|<b></b>|&lt;at&gt;
&amp;|１|＠|é@|日@|1́|☎1| .-/|0 .-/|_|%|'
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


def scrub_repeated(start: str, unit: str, length: int) -> None:
    scrub(start + (unit * length)[:length])


def test_the_time_grows_with_the_length_of_hostile_text() -> None:
    starts = ("", "Call me or jobs@crumb.example at ")
    assert_each_linear(
        {repr(start + unit): partial(scrub_repeated, start, unit) for unit in HOSTILE for start in starts}, 1_500
    )
