"""Every error raised on purpose, named for the person who can fix it.

ReconError
├── SettingsError   the operator: a setting is missing or wrong
├── SpecError       the analyst: the project folder contradicts itself or the data
├── ProgramError    the author of a script: the procedure or a variant failed (a finding, not a crash)
├── PlatformError   the platform: Synapse, the lake or Databricks failed us
│   ├── SourceError
│   ├── LakeError
│   └── EngineError
└── Cancelled       a person asked us to stop

Anything else that escapes is a bug of ours and keeps its traceback. Messages never carry row values or
secrets; a script's own text (a name, a line) may appear.
"""

from __future__ import annotations


class ReconError(Exception):
    """Base of all of them. `hint` says in one sentence what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SettingsError(ReconError):
    """A setting is missing or malformed."""


class SpecError(ReconError):
    """The project folder says something that cannot be."""


class ProgramError(ReconError):
    """A script failed while it ran, or holds something that is refused before it runs.

    `file` and `line` (1-based, 0 when unknown) point at the statement; `code` is the engine's own error
    class (Spark's `CAST_INVALID_INPUT`, SQL Server's `8134`) where it has one.
    """

    def __init__(
        self, message: str, *, file: str = "", line: int = 0, code: str = "", hint: str = ""
    ) -> None:
        place = f"{file}:{line}" if file and line else f"line {line}" if line else file
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.file = file
        self.line = line
        self.code = code


class PlatformError(ReconError):
    """A platform failed. `retryable` is true when the same call may pass later."""

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class SourceError(PlatformError):
    """Synapse, or its stand-in, failed."""


class LakeError(PlatformError):
    """Blob storage, or its stand-in, failed."""


class EngineError(PlatformError):
    """Databricks, or its stand-in, failed."""


class Cancelled(ReconError):  # noqa: N818 (a request, not a fault)
    """A person cancelled the run."""
