"""The report as a PDF: tagged for readers (PDF/UA-1), the same bytes for the same run on one machine.

Data reaches typst only as one JSON input, so no value can become markup. The fonts for Latin, Greek and
Cyrillic come with us; other scripts need the machine's own. A character that no font has is printed as
its number, U+6771, and the report says so.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typst

from recon.errors import ReconError
from recon.report.layout import as_json, layout
from recon.report.marks import BREAK

if TYPE_CHECKING:
    from recon.report.facts import Facts

_log = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")
_LATIN = 0x24F  # the last letter of Latin Extended-B
_JOINER = "\u200d"  # between the parts of an emoji: without them it joins nothing
_TRIES = 24


def render_pdf(facts: Facts, *, system_fonts: bool = True) -> bytes:
    """The whole report. Without the system's fonts it is the same on every machine.

    ReconError when typst refuses it, which is a fault of ours.
    """
    make = partial(_compile, moment=_moment(facts), system_fonts=system_fonts)
    text = as_json(layout(facts))
    missing: frozenset[str] = frozenset()
    for _ in range(_TRIES):
        try:
            return make(_spelled(text, missing), spelled=bool(missing))
        except typst.TypstError as error:
            found = _NO_GLYPH.search(error.message)
            more = _kin(text, _unescaped(found.group(1))) - missing if found else frozenset()
            if not more:
                raise ReconError(
                    f"the PDF could not be made: {error.message}", hint="Export JSON or CSV."
                ) from error
            missing |= more
    everything = frozenset(char for char in text if ord(char) > _LATIN)
    return make(_spelled(text, everything), spelled=True)


def _moment(facts: Facts) -> int:
    """When the run ended, in seconds since 1970: the document's date."""
    return int((facts.run.finished_at or facts.run.asked_at).timestamp())


def _compile(data: str, *, moment: int, system_fonts: bool, spelled: bool) -> bytes:
    made, warnings = typst.compile_with_warnings(
        _HERE / "report.typ",
        font_paths=[_HERE / "fonts"],
        ignore_system_fonts=not system_fonts,
        sys_inputs={"data": data, "spelled": "yes" if spelled else ""},
        pdf_standards=["ua-1"],
        timestamp=moment,
    )
    for warning in warnings:
        _log.info("typst: %s", warning.message)
    return made


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text)


def _kin(text: str, unprintable: str) -> frozenset[str]:
    """All characters of the text in the scripts of those that failed, so that few tries are needed.

    Latin letters, which our own fonts have, are never among them.
    """
    scripts = {_script(char) for char in unprintable if ord(char) > _LATIN}
    return frozenset(char for char in text if ord(char) > _LATIN and _script(char) in scripts)


def _script(char: str) -> str:
    return unicodedata.name(char, f"U+{ord(char):04X}").split(" ")[0]


def _spelled(text: str, missing: frozenset[str]) -> str:
    joined = missing | {_JOINER} if missing else missing
    return text.translate({ord(char): f"U+{ord(char):04X}" for char in joined if char != BREAK})
