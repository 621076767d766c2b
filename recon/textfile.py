"""Bytes of a text file to its text: UTF-8, and the UTF-16 that SQL Server Management Studio writes."""

from __future__ import annotations

import codecs

from recon.errors import SpecError

_HINT = "Save the file as UTF-8 (in SSMS: Save As > Save with Encoding > Unicode UTF-8) and try again."

# The longest mark first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class NotText(SpecError):  # noqa: N818 (a SpecError with a place)
    """A file that is not text in UTF-8 or UTF-16. `line` is 1-based, where the trouble starts."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message, hint=_HINT)
        self.line = line


def decode(data: bytes) -> str:
    """The text of a file's bytes, without its byte order mark and otherwise unchanged (line ends included).

    The mark decides; without one the text is UTF-8, or UTF-16 when its zero bytes say so. Nothing is
    replaced and no code page is guessed: a guess turns one customer's name into another's. Raises NotText
    (a SpecError) for bytes that are none of these.
    """
    encoding, mark = _encoding(data)
    body = data[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = _line(body[: error.start].decode(encoding))
        byte = body[error.start]
        raise NotText(f"not {encoding.upper()} text: byte 0x{byte:02X} in line {line}", line) from error
    if "\0" in text:
        line = _line(text.partition("\0")[0])
        raise NotText(f"not text: a zero byte in line {line}", line)
    return text


def encoding_of(data: bytes) -> str:
    """The encoding in which text may be added to the end of a file: the file's own, without another mark."""
    return _encoding(data)[0]


def _encoding(data: bytes) -> tuple[str, bytes]:
    """The encoding and the byte order mark (empty when there is none)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, mark
    # Scripts are mostly ASCII, so in UTF-16 most second bytes are zero, and UTF-8 text has no zero byte.
    head = data[:256]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > max(len(head) / 4, even):
        return "utf-16-le", b""
    if even > max(len(head) / 4, odd):
        return "utf-16-be", b""
    return "utf-8", b""


def _line(before: str) -> int:
    """The 1-based line of the character that follows `before`, the last of which may be cut off."""
    return before.count("\n") + 1
