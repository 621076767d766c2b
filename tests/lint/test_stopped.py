"""What is said of a conversion that stops with an error."""

import pytest

from recon.compare import inconclusive
from recon.errors import PlatformError, ProgramError
from recon.model import Step
from recon.model_result import WHOLE_ROW
from recon.steps.stopped import stopped
from tests.lint.texts import read

TINY = ("SELECT id, CAST(a AS tinyint) AS x FROM stg.T", "SELECT id, CAST(a AS TINYINT) AS x FROM silver.t")
INT = ("SELECT id, CAST(s AS int) AS x FROM stg.T", "SELECT id, CAST(s AS INT) AS x FROM silver.t")
DAY = ("SELECT id, CAST(s AS date) AS x FROM stg.T", "SELECT id, CAST(s AS DATE) AS x FROM silver.t")
MERGE = (
    "UPDATE o SET x = t.a FROM dbo.OUT o JOIN stg.T t ON t.id = o.id",
    "MERGE INTO gold.out o USING silver.t t ON t.id = o.id WHEN MATCHED THEN UPDATE SET x = t.a",
)
OTHER = ("SELECT id, a / b AS x FROM stg.T", "SELECT id, no_such AS x FROM silver.t")
MULTI = (
    "[DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE] Cannot perform Merge as multiple source rows"
)
CASES = [
    (
        TINY,
        '[CAST_OVERFLOW] The value of the type "INT" cannot be cast to "TINYINT"',
        ["TINYINT", "EXECUTION_ERROR"],
    ),
    (INT, '[CAST_INVALID_INPUT] The value cannot be cast to "INT"', ["EXECUTION_ERROR", "EMPTY_STRING_NULL"]),
    (
        DAY,
        '[CAST_INVALID_INPUT] The value cannot be cast to "DATE"',
        ["EXECUTION_ERROR", "IMPLICIT_DATE_TEXT"],
    ),
    (MERGE, MULTI, ["UPDATE_FROM_MULTI", "EXECUTION_ERROR"]),
    (OTHER, "[UNRESOLVED_COLUMN] no_such", ["EXECUTION_ERROR"]),
    (OTHER, "[CAST_OVERFLOW] cannot be cast to TINYINT", ["EXECUTION_ERROR"]),
]
SURE = {"EXECUTION_ERROR": "certain", "TINYINT": "likely", "UPDATE_FROM_MULTI": "likely"}


@pytest.mark.parametrize(("texts", "error", "codes"), CASES)
def test_the_error_and_the_texts_name_the_cause(texts, error, codes):
    lint = read(*texts, target=texts is MERGE)
    ended = stopped(inconclusive("it failed"), ProgramError(error), Step.EXECUTE, lint)
    assert [c.cause for c in ended.found.causes] == codes
    assert [c.confidence for c in ended.found.causes] == [SURE.get(code, "possible") for code in codes]
    [said] = [c.hint for c in ended.found.causes if c.cause == "EXECUTION_ERROR"]
    assert said.endswith(error)
    assert {h.code for h in ended.hits if h.explains == (WHOLE_ROW,)} == {*codes} - {"EXECUTION_ERROR"}
    assert len(ended.hits) == len(lint.hits)


@pytest.mark.parametrize(
    ("error", "step"),
    [(PlatformError("no connection"), Step.EXECUTE), (ProgramError("divide by zero"), Step.EXTRACT)],
)
def test_what_is_not_the_conversions_fault_is_not_laid_on_it(error, step):
    ended = stopped(inconclusive("it failed"), error, step, read(*TINY))
    assert ended.found.causes == ()
    assert "TINYINT" in {h.code for h in ended.hits}
