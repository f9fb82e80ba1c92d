"""The tag schemes: which tags may follow each other, and which scheme the tags of a data set are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adaptkit_ner.tags import BEGINS, ENDS, read_tag

Pair = tuple[str | None, str | None]
"""Two tags that follow each other; None before the first tag of a sentence, and after the last."""

Part = tuple[str, str]
"""The prefix and the type of a tag; those of O outside of a sentence."""

OUTSIDE: Part = ("O", "")

FAMILY = {"M": "I", "L": "E", "U": "S", "W": "S"}
"""The letters of other schemes, and those of BIOES that mean the same."""


@dataclass(frozen=True)
class Rules:
    """A scheme: which tags may follow each other, and how they are read where they should not."""

    name: str
    letters: str
    """The prefixes of its tags, those of `FAMILY` as BIOES has them."""

    follows: Callable[[Part, Part], bool]
    reading: str = ""

    def allows(self, pair: Pair) -> bool:
        """Whether the second of two tags in the usual form may follow the first. A first tag that the scheme
        does not have is taken for O, so that one such tag is one place."""
        before, here = (_part(tag) for tag in pair)
        return self.has(pair[1]) and self.follows(before if self.has(pair[0]) else OUTSIDE, here)

    def fits(self, pair: Pair) -> bool:
        """Whether the scheme has both tags, and allows the second after the first."""
        return self.has(pair[0]) and self.allows(pair)

    def has(self, tag: str | None) -> bool:
        """Whether the scheme has such tags."""
        prefix = _part(tag)[0]
        return prefix == "O" or prefix in self.letters


def pairs_of(tags: Sequence[str]) -> Iterable[Pair]:
    """The pairs of tags that follow each other in a sentence."""
    return zip((None, *tags), (*tags, None), strict=True)


def counted_pairs(sentences: Iterable[Sequence[str]]) -> Counter[Pair]:
    """How often each pair of tags follow each other in the sentences."""
    pairs: Counter[Pair] = Counter()
    for tags in sentences:
        pairs.update(pairs_of(tags))
    return pairs


def rules_of(pairs: Mapping[Pair, int]) -> Rules:
    """The scheme of tags in the usual form: the one that fits most pairs."""
    prefixes = {read_tag(here)[0] for _, here in pairs if here is not None} - {"O"}
    wrong = {
        rules: sum(number for pair, number in pairs.items() if not rules.fits(pair))
        for rules in _candidates(prefixes)
    }
    return min(wrong, key=lambda one: wrong[one])


def _candidates(prefixes: set[str]) -> Sequence[Rules]:
    """The schemes whose letters occur; of those that fit equally many pairs, the first is taken."""
    found: list[Rules] = []
    if prefixes & BEGINS and prefixes & ENDS:
        name = "BILOU" if prefixes & {"L", "U"} else "BMEWO" if prefixes & {"M", "W"} else "BIOES"
        found.append(Rules(name, "BIES", _bioes, BOTH_READ))
    if "B" in prefixes:
        found += [Rules("BIO", "BI", _bio, BEGINS_READ), Rules("IOB1", "BI", _iob1, BEGINS_READ)]
    if prefixes & {"E", "L"}:
        found += [Rules("IOE", "IE", _ioe2, ENDS_READ), Rules("IOE", "IE", _ioe1, ENDS_READ)]
    if not prefixes & {"B", "E", "L"} and prefixes & {"I", "M"}:
        found.append(Rules("IO", "I", _anywhere, TYPES_READ))
    return found or (Rules("", "", _anywhere),)


BEGINS_READ = "an entity begins at each B and where its type changes, also at an I"
TYPES_READ = "an entity begins where the type changes"
ENDS_READ = "an entity ends after each E and where its type changes, also after an I"
BOTH_READ = (
    "an entity begins at each tag for a beginning or a single word and where its type changes, and ends "
    "after each tag for an end or a single word and before O"
)


def _anywhere(before: Part, here: Part) -> bool:
    return True


def _bio(before: Part, here: Part) -> bool:
    return here[0] != "I" or _same_type(before, here)


def _iob1(before: Part, here: Part) -> bool:
    return here[0] != "B" or _same_type(before, here)


def _ioe2(before: Part, here: Part) -> bool:
    return before[0] != "I" or _same_type(before, here)


def _ioe1(before: Part, here: Part) -> bool:
    return before[0] != "E" or _same_type(before, here)


def _bioes(before: Part, here: Part) -> bool:
    if before[0] in "BI":
        return here[0] in "IE" and _same_type(before, here)
    return here[0] not in "IE"


def _same_type(before: Part, here: Part) -> bool:
    return before[1] == here[1] and "O" not in (before[0], here[0])


def _part(tag: str | None) -> Part:
    prefix, label = ("O", "") if tag is None else read_tag(tag)
    return FAMILY.get(prefix, prefix), label
