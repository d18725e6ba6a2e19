"""What servers that took turns did: figures of the reading benchmark, and how they are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 9
    requests: int = 3000
    different_requests: int = 100_000
    endurance_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """One server in one round: seconds of its CPU per request, requests a second, latencies."""

    cpu: float
    rate: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Samples by server, for each round."""

    rounds: list[dict[str, Sample]] = field(default_factory=list)

    def ratio(self, over: str, under: str) -> float:
        """Return the median over the rounds of how many times `under` the server `over` costs."""
        return median(samples[over].cpu / samples[under].cpu for samples in self.rounds)
