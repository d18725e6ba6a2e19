"""A walk: one listing read page by page, and what its pages let us say has been read. Pure.

Only an orderly listing that says it ends, and is too short to have been cut, shows all there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import UpstreamError
from app.ingest.coverage import LISTING_CAP, LISTING_PAGES, after_page, is_garbage
from app.sources.base import SearchQuery

if TYPE_CHECKING:
    from app.domain.ranges import Stretch
    from app.ingest.listings import Listing
    from app.sources.base import SearchPage


class Walk:
    """Keeps account of one listing: after each page, what is done, what is left, how to go on."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self._left = listing.stretch
        self._ordered = True
        self._whole = False
        self._listed = 0
        self._token: str | None = None
        self._asked: set[str | None] = set()

    def query(self, term: str) -> SearchQuery:
        """Return the search that shows the next page."""
        return SearchQuery(term, self.listing.stretch, self._token)

    def see(self, page: SearchPage) -> None:
        """Take the next page into account.

        Raises:
            UpstreamError: its items cannot be read.
        """
        if is_garbage(page):
            raise UpstreamError("YouTube listed items that cannot be read")
        self._listed += page.listed
        self._ordered = self._ordered and page.ordered
        if self._ordered:
            self._left = after_page(self._left, page)
        self._asked.add(self._token)
        self._token = page.next_page_token
        self._whole = self._token is None and self._is_short

    @property
    def done(self) -> Stretch | None:
        """The part that has been read; the last second of what is left is not."""
        if self._whole:
            return self.listing.stretch
        return next(iter(self.listing.stretch.without(self._left)), None)

    @property
    def left(self) -> Listing | None:
        """What is left to read; None once all that was wanted has been."""
        return None if self._whole else self.listing.after(self._left)

    @property
    def narrowed(self) -> bool:
        """Whether less is left than at the start."""
        return self._left.ends_at < self.listing.stretch.ends_at

    @property
    def astray(self) -> bool:
        """Whether it is out of order and reaches below what is wanted, which may be in order."""
        return not self._ordered and self.listing.stretch != self.listing.wanted

    @property
    def capped(self) -> bool:
        """Whether its first second fills a listing: no call can show the rest of that second."""
        return not self.narrowed

    def has_next(self) -> bool:
        """Tell whether another page shows more; if not, the rest has to be asked for anew.

        Raises:
            UpstreamError: it has no end, goes round without showing anything, or was cut and out
                of order, so nobody can say what it left out.
        """
        if len(self._asked) >= LISTING_PAGES:
            raise UpstreamError("YouTube's listing has no end")
        goes_round = self._token is not None and self._token in self._asked
        if goes_round and self._is_short and not (self._ordered and self.narrowed):
            raise UpstreamError("YouTube's listing goes round")
        if self._token is not None and not goes_round:
            return True
        if not self._ordered:
            raise UpstreamError("YouTube listed a long range out of order")
        return False

    @property
    def _is_short(self) -> bool:
        return self._listed < LISTING_CAP
