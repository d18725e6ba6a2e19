"""The proofs, in the order of their sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.proofs import (
    prove_chaos,
    prove_compose,
    prove_crashes,
    prove_endurance,
    prove_full_disk,
    prove_kills,
    prove_machine,
    prove_outages,
    prove_promises,
    prove_replay,
    prove_replicas,
    prove_schemathesis,
    prove_stops,
)

if TYPE_CHECKING:
    from tests.proofs.report import Proof

PROOFS: tuple[Proof, ...] = (
    prove_replay.PROOF,
    prove_machine.PROOF,
    prove_kills.PROOF,
    prove_stops.PROOF,
    prove_endurance.PROOF,
    prove_crashes.PROOF,
    prove_outages.PROOF,
    prove_full_disk.PROOF,
    prove_chaos.PROOF,
    prove_replicas.PROOF,
    prove_compose.PROOF,
    prove_schemathesis.PROOF,
    prove_promises.PROOF,
)
