"""Moderation: the one place that hides videos and shows them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.audit import Action
from app.domain.errors import NotFoundError
from app.domain.moderation import parse_note
from app.domain.videos import is_video_id

if TYPE_CHECKING:
    from app.domain.audit import Actor
    from app.domain.clock import Clock
    from app.domain.intake import Recorded
    from app.domain.moderation import HiddenVideo
    from app.domain.videos import StoredVideo
    from app.feed.publisher import FeedPublisher
    from app.store.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class Moderated:
    """A video as a moderator sees it.

    Args:
        video_id: which.
        hidden: that it is hidden, and why; None: it is not.
        stored: the video; None if it is not stored at present.
    """

    video_id: str
    hidden: HiddenVideo | None
    stored: StoredVideo | None


class Moderation:
    """Hides videos; all methods may raise StoreUnavailableError.

    Args:
        store: holds them.
        publisher: replaces the pages they were on.
        clock: the present.
    """

    def __init__(self, store: Store, publisher: FeedPublisher, clock: Clock) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock

    def by(self, actor: Actor) -> Moderation:
        """Return the same as somebody else uses it, who is named in the audit log."""
        return Moderation(self._store.by(actor), self._publisher, self._clock)

    def set_hidden(self, video_id: str, *, hidden: bool, note: str | None = None) -> Moderated:
        """Take a video out of every feed, or put it back where its watches want it.

        It stays hidden when it is removed and comes again. To ask for what is so already changes
        nothing but the note.

        Args:
            video_id: which.
            hidden: whether nobody is to see it.
            note: why; None leaves what was said.

        Raises:
            NotFoundError: there is no such video here.
            InvalidValueError: the note is none.
        """
        if not is_video_id(video_id):
            raise NotFoundError("There is no such video.")
        said = None if note is None else parse_note(note)
        now = self._clock()

        def work(transaction: Transaction) -> tuple[Moderated, Recorded]:
            transaction.stand_in_line()
            before = transaction.hidden.find(video_id)
            kept = before.note if before is not None else ""
            recorded = transaction.set_hidden(
                video_id, hidden=hidden, now=now, note=kept if said is None else said
            )
            after = transaction.hidden.find(video_id)
            if after != before:
                action = Action.VIDEO_HIDDEN if hidden else Action.VIDEO_SHOWN
                about = {} if said is None else {"note": said}
                transaction.note(action, f"video:{video_id}", now, **about)
            stored = transaction.videos.find_stored(video_id)
            return Moderated(video_id, after, stored), recorded

        moderated, recorded = self._store.write(work)
        if recorded.updated:
            self._publisher.publish(recorded.watches)
        return moderated

    def list_hidden(self) -> list[HiddenVideo]:
        """Return every hidden video, the newest mark first."""
        return self._store.read(lambda transaction: transaction.hidden.list_all())
