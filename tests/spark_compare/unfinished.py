"""Why the comparison on Spark is not tested by default."""

import os

import pytest

UNFINISHED = pytest.mark.skipif(
    not os.environ.get("RECON_SPARK_COMPARE"),
    reason="the comparison on Spark is not finished: long queries outgrow its planner (decision 8)",
)
