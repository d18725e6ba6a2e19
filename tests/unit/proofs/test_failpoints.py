"""The proof of kills stops where a step of the ingest is no more."""

import pytest

from tests.proofs.failpoints import NoSuchStepError, Step, wrap


def test_a_step_that_is_gone_stops_the_proof() -> None:
    gone = Step("app.ingest.claims", "Claims.of_yesterday", after=True)
    with pytest.raises(NoSuchStepError, match="of_yesterday"):
        wrap({"gone": gone})
