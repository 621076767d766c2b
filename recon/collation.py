"""What the name of a T-SQL collation says about when two texts are equal.

Names: https://learn.microsoft.com/sql/t-sql/statements/windows-collation-name-transact-sql
and https://learn.microsoft.com/sql/t-sql/statements/sql-server-collation-name-transact-sql
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from recon.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Designator -> its versions; "" is the one without a number.
# https://learn.microsoft.com/sql/relational-databases/collations/collation-and-unicode-support
_WINDOWS: Final = {
    ("", "100"): (
        "Albanian Arabic Croatian Cyrillic_General Czech Estonian Finnish_Swedish French Georgian_Modern_Sort"
        " German_PhoneBook Greek Hebrew Hungarian Hungarian_Technical Icelandic Latin1_General Latvian"
        " Lithuanian Modern_Spanish Polish Romanian Slovak Slovenian Thai Traditional_Spanish Turkish"
        " Ukrainian Vietnamese"
    ),
    ("", "90"): (
        "Chinese_PRC Chinese_PRC_Stroke Chinese_Taiwan_Bopomofo Chinese_Taiwan_Stroke Japanese"
    ),
    ("",): "Danish_Norwegian Japanese_Unicode Korean_Wansung",
    ("90",): "Chinese_Hong_Kong_Stroke",
    ("90", "100"): (
        "Divehi Indic_General Kazakh Korean Macedonian_FYROM Syriac Tatar Uzbek_Latin"
    ),
    ("100", "140"): (
        "Chinese_Traditional_Bopomofo Chinese_Traditional_Pinyin Chinese_Traditional_Stroke_Count"
        " Chinese_Traditional_Stroke_Order Japanese_Bushu_Kakusu Japanese_XJIS"
    ),
    ("100",): (
        "Assamese Azeri_Cyrillic Azeri_Latin Bashkir Bengali Bosnian_Cyrillic Bosnian_Latin Breton"
        " Chinese_Simplified_Pinyin Chinese_Simplified_Stroke_Order Corsican Danish_Greenlandic Dari Frisian"
        " Khmer Lao Maltese Maori Mapudungan Mohawk Nepali Norwegian Pashto Persian Romansh Sami_Norway"
        " Sami_Sweden_Finland Serbian_Cyrillic Serbian_Latin Tamazight Tibetan Turkmen Uighur Upper_Sorbian"
        " Urdu Welsh Yakut"
    ),
}  # fmt: skip
_SQL: Final = (
    "1xCompat_CP850 AltDiction_CP850 AltDiction_CP1253 AltDiction_Pref_CP850 Croatian_CP1250 Czech_CP1250"
    " Danish_Pref_CP1 Estonian_CP1257 Hungarian_CP1250 Icelandic_Pref_CP1 Latin1_General_CP1"
    " Latin1_General_CP1250 Latin1_General_CP1251 Latin1_General_CP1253 Latin1_General_CP1254"
    " Latin1_General_CP1255 Latin1_General_CP1256 Latin1_General_CP1257 Latin1_General_CP437"
    " Latin1_General_CP850 Latin1_General_Pref_CP1 Latin1_General_Pref_CP437 Latin1_General_Pref_CP850"
    " Latvian_CP1257 Lithuanian_CP1257 MixDiction_CP1253 Polish_CP1250 Romanian_CP1250 Scandinavian_CP850"
    " Scandinavian_Pref_CP850 Slovak_CP1250 Slovenian_CP1250 SwedishPhone_Pref_CP1 SwedishStd_Pref_CP1"
    " Ukrainian_CP1251 EBCDIC037_CP1 EBCDIC273_CP1 EBCDIC277_CP1 EBCDIC278_CP1 EBCDIC280_CP1 EBCDIC284_CP1"
    " EBCDIC285_CP1 EBCDIC297_CP1 EBCDIC1141_CP1"
)
_STYLE: Final = re.compile(
    r"(?P<designator>.+?)_(?:(?P<binary>BIN2?)|(?P<case>C[IS])_(?P<accents>A[IS])"
    r"(?P<kana>_KS)?(?P<width>_WS)?(?:_VSS)?(?:_SC)?)(?:_UTF8)?",
    re.IGNORECASE,
)
_ALIKE: Final = 0.6
_STYLES: Final = ("CI_AS", "CS_AS", "CI_AI", "CS_AI", "CI_AS_KS_WS", "CI_AS_SC_UTF8", "BIN", "BIN2")
# Alphabets in which no accented Latin letter is a letter of its own, so that ignoring accents is the same
# for all of them. In Swedish å is no a, in Spanish ñ is no n, also where accents are ignored.
_PLAIN_ACCENTS: Final = {"latin1_general", "latin1_general_100", "french", "french_100"} | {
    f"sql_latin1_general_{pref}cp{page}" for pref in ("", "pref_") for page in (1, 437, 850)
}
_DOTTED: Final = {"turkish", "azeri_latin", "sql_latin1_general_cp1254"}


@dataclass(frozen=True, slots=True)
class Collation:
    """What a collation looks past. Trailing blanks it always does, also a binary one.

    `dotted`: i and ı are two letters, with İ and I as their capitals (Turkish).
    https://learn.microsoft.com/sql/t-sql/language-elements/string-comparison-assignment
    """

    name: str
    case: bool
    accents: bool
    kana: bool  # hiragana and katakana are the same
    width: bool  # full and half width are the same
    dotted: bool = False


@lru_cache(maxsize=64)
def collation(name: str) -> Collation:
    """What the name says. SpecError with the nearest right name when there is no such collation."""
    found = _STYLE.fullmatch(name)
    designator = _designator(name)
    if not found or designator not in _designators():
        raise SpecError(f'"{name}" is not a collation of T-SQL', hint=_nearest(name))
    plain = not found["binary"]
    return Collation(
        name=name,
        case=plain and found["case"].upper() == "CI",
        accents=plain and found["accents"].upper() == "AI",
        kana=plain and not found["kana"],
        width=plain and not found["width"],
        dotted=re.sub(r"_\d+$", "", designator) in _DOTTED,
    )


def comparable(name: str) -> Collation:
    """The collation, if text can be compared as it does. SpecError when that is not known here."""
    made = collation(name)
    if made.accents and _designator(name) not in _PLAIN_ACCENTS:
        raise SpecError(
            f'the collation "{name}" ignores accents in an alphabet with accented letters of its own, which'
            " cannot be told apart here",
            hint="Take its _AS form, or Latin1_General_100_CI_AI where every accent may be ignored.",
        )
    return made


def _designator(name: str) -> str:
    found = _STYLE.fullmatch(name)
    return found["designator"].casefold() if found else ""


@lru_cache(maxsize=1)
def _designators() -> dict[str, str]:
    """The designators of all collations, folded -> as written."""
    return {name.casefold(): name for name in _all_designators()}


def _all_designators() -> Iterator[str]:
    for versions, names in _WINDOWS.items():
        yield from (f"{name}_{v}".rstrip("_") for name in names.split() for v in versions)
    yield from (f"SQL_{name}" for name in _SQL.split())


def _nearest(name: str) -> str:
    known = [f"{designator}_{style}" for designator in _designators().values() for style in _STYLES]
    scores = [SequenceMatcher(None, name.casefold(), other.casefold()).ratio() for other in known]
    if (best := max(scores)) > _ALIKE:
        return f'Did you mean "{known[scores.index(best)]}"?'
    return "Write it as DATABASEPROPERTYEX(DB_NAME(), 'Collation') says, as in \"Latin1_General_100_CI_AS\"."
