"""A ledger and a ring over a SQLite file, under a clock that a test sets."""

from dataclasses import dataclass, field
from pathlib import Path

from app.cache.base import KeyIndex
from app.cache.memory import MemoryKeyIndex
from app.domain.errors import SourceError
from app.domain.quota import ApiKey, Bucket, KeyStatus, parse_keys
from app.quota.ledger import Ledger
from app.quota.ring import KeyRing
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from tests.unit.ingest.rig import new_database
from tests.unit.simulator.worlds import SettableClock

LIMIT = 5


@dataclass
class Bench:
    """A ring whose requests are answered by `errors`: what each key meets, None for success."""

    store: Store
    clock: SettableClock
    ledger: Ledger
    ring: KeyRing
    errors: dict[str, SourceError] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)

    def call(self, bucket: Bucket = Bucket.SEARCH) -> str:
        return self.ring.call(bucket, self._request)

    def status(self, secret: str) -> KeyStatus | None:
        fingerprint = ApiKey(secret, "").fingerprint
        return next((s for s in self.ring.statuses() if s.fingerprint == fingerprint), None)

    def _request(self, key: ApiKey) -> str:
        self.used.append(key.secret)
        if error := self.errors.get(key.secret):
            raise error
        return key.secret


def make_bench(
    folder: Path, keys: str, *, index: KeyIndex | None = None, limit: int = LIMIT
) -> Bench:
    store = Store(Database(new_database(folder)))
    clock = SettableClock()
    ledger = Ledger(store, clock, {Bucket.SEARCH: limit, Bucket.UNITS: 10 * limit})
    ring = KeyRing(
        parse_keys(keys),
        index=index or MemoryKeyIndex(),
        ledger=ledger,
        store=store,
        clock=clock,
        incidents=Incidents(get_logger("test")),
    )
    return Bench(store, clock, ledger, ring)
