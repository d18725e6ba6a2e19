"""What the codes of trouble mean, and what to do about them, for people. Pure: it knows no state.

Every code that /ready, the log of fetches, a watch's last error or an alert can carry stands here;
a test looks for those that do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HELP = "help.show"
_QUOTA = "quota_pages.show_quota"
_WATCHES = "watch_pages.show_watches"
_WEBHOOKS = "webhook_pages.show_webhooks"


@dataclass(frozen=True, slots=True)
class Advice:
    """A code in words.

    Args:
        title: the trouble, as a heading.
        meaning: what it is and what goes on all the same.
        action: what to do; that nothing is to be done, where that is so.
        endpoint: the page on which to do it, or that says how; empty if there is none.
        link: what the link to it says.
    """

    title: str
    meaning: str
    action: str
    endpoint: str = ""
    link: str = ""


def advice_on(code: str) -> Advice | None:
    """Return what to say of a code; None for one that no part of this release gives out.

    Alerts put which key or webhook it is after a colon.
    """
    return ADVICE.get(code.partition(":")[0])


ADVICE: Mapping[str, Advice] = MappingProxyType(
    {
        # Keys and quota.
        "no_keys": Advice(
            "No API key",
            "Without a key YouTube cannot be asked, so nothing new comes in. What is stored stays.",
            "Set YOUTUBE_API_KEYS and start the service again.",
            _HELP,
            "How to get a key",
        ),
        "quota_exhausted": Advice(
            "Today's calls are used up",
            "YouTube gives a project 100 searches and 10,000 units a day, and they are spent. "
            "Channels whose feeds are free go on; the rest is read when there are calls again.",
            "Nothing: it goes on at midnight Pacific time. If it happens early every day, pause "
            "watches you need less.",
            _QUOTA,
            "Look at today's quota",
        ),
        "on_demand_spent": Advice(
            "Lookups are used up for today",
            "Channels nobody watches may cost ON_DEMAND_UNITS_PER_DAY units a day, and these are "
            "spent. Their feeds are still read; watches are not affected.",
            "Nothing: it goes on at midnight Pacific time. Raise ON_DEMAND_UNITS_PER_DAY if you "
            "can spare more.",
        ),
        "keys_disabled": Advice(
            "YouTube accepts none of the keys",
            "Every key was refused: it is wrong, expired, restricted to another address, or its "
            "project has not enabled the YouTube Data API v3. Fetching stands still.",
            "Mend the keys in the Google Cloud console, then run: python -m app keys test",
            _HELP,
            "How to set up a key",
        ),
        "key_disabled": Advice(
            "YouTube does not accept a key",
            "One key is left out; the others go on. It is tried again once a day.",
            "Look at the reason, mend the key in the Google Cloud console, then run: "
            "python -m app keys test",
            _HELP,
            "How to set up a key",
        ),
        "key_rejected": Advice(
            "YouTube refused a key",
            "The key is wrong, expired, restricted, or its project has not enabled the YouTube "
            "Data API v3.",
            "Mend the key in the Google Cloud console, then run: python -m app keys test",
            _HELP,
            "How to set up a key",
        ),
        "keys_cooling": Advice(
            "Every key rests",
            "YouTube was asked too often in a short time, so all keys rest for a minute or as long "
            "as YouTube asked for.",
            "Nothing: it goes on by itself. If it happens often, raise FETCH_INTERVAL_SECONDS.",
        ),
        "throttled": Advice(
            "YouTube asked for a pause",
            "Too many calls came in a short time; the key rests for a minute or as long as YouTube "
            "asked for.",
            "Nothing: it goes on by itself. If it happens often, raise FETCH_INTERVAL_SECONDS.",
        ),
        # What sources answer.
        "youtube_unavailable": Advice(
            "YouTube did not answer properly",
            "It failed, could not be reached, or its answer could not be read. What was read "
            "before that is stored, and the rest is still to be read.",
            "Nothing at first: it is tried again after a minute, then up to every 15 minutes. If "
            "it lasts for hours, look at this machine's network, proxy and DNS.",
        ),
        "bad_request": Advice(
            "YouTube refuses the question",
            "It calls the search itself wrong, so asking the same again hardly helps; it is tried "
            "less and less often, down to once a day.",
            "Look at the keyword: take out unusual operators or shorten it. If it is a plain word, "
            "this is a fault of ours: please report it with the detail.",
            _WATCHES,
            "Look at the watches",
        ),
        "gone": Advice(
            "It is gone from YouTube",
            "YouTube says that the channel, playlist or video does not exist; it was closed, or "
            "its address was never right. It is looked for once a day all the same.",
            "Remove the watch if the channel is closed for good.",
            _WATCHES,
            "Remove a watch",
        ),
        "invidious_unavailable": Advice(
            "Invidious gave nothing usable",
            "The instance in INVIDIOUS_URL failed or answered with something else. It only helps "
            "out while searches are used up, so nothing is lost.",
            "See that your instance runs, or leave INVIDIOUS_URL empty.",
        ),
        "source_error": Advice(
            "A source failed",
            "It did not give what was asked for; it is tried again later.",
            "Read the detail. If it lasts, the log of the service tells more.",
        ),
        # Our own parts.
        "database_unavailable": Advice(
            "The database does not answer",
            "First pages that were read lately are still shown, marked as stale. Nothing is "
            "fetched or changed.",
            "Start the database, or look at DATABASE_URL. If its tables are missing, run: "
            "python -m app migrate",
        ),
        "replica_unavailable": Advice(
            "The replica does not answer",
            "Pages are read from the primary database instead, which has more to do.",
            "Start the replica, or look at DATABASE_REPLICA_URL.",
        ),
        "schema_unusable": Advice(
            "The tables are of another release",
            "Some of what this release does may fail.",
            "Run: python -m app migrate",
        ),
        "schema_newer": Advice(
            "The tables are of a later release",
            "This release works with them if it is the one before; what is new it does not know.",
            "Go on with the later release, or stay with this one for as long as you need.",
        ),
        "alert_not_sent": Advice(
            "Alerts do not arrive",
            "No way in ALERT_URLS took them. They are tried again, and the log of the service says "
            "what each way answered.",
            "Mend ALERT_URLS, then run: python -m app alerts test",
        ),
        "database_write_failed": Advice(
            "The database takes no writes",
            "Reading goes on, but new videos cannot be stored; what was fetched is read again.",
            "Most often the disk is full: make room. Else see whether the database is read-only.",
        ),
        "cache_unavailable": Advice(
            "Redis does not answer",
            "Pages come from the database, which is slower, and nobody can sign in or get a token.",
            "Start Redis, or look at REDIS_URL.",
        ),
        "cache_write_failed": Advice(
            "Redis takes no writes",
            "Pages come from the database, which is slower, and nobody can sign in or get a token.",
            "Most often its memory is full: raise maxmemory, or see who else writes into it. Else "
            "REDIS_URL names a replica.",
        ),
        "cache_replica_unavailable": Advice(
            "The replica of Redis is of no use",
            "It does not answer, or does not follow the Redis that is written. First pages come "
            "from that one instead; while it is away, from the database.",
            "Start the replica, look at its REPLICAOF, or at REDIS_READ_URL.",
        ),
        "clock_differs": Advice(
            "A clock is wrong",
            "A process and the database disagree about the time by more than a minute. That "
            "process fetches nothing; others go on.",
            "Have the machines keep time (NTP). What a clock that was ahead wrote is put right by "
            "itself.",
        ),
        "ingest_stalled": Advice(
            "Nobody fetches",
            "Watches are due and nobody takes them: the scheduler or the workers do not run, or "
            "what they do is not stored.",
            "Full stack: look at the containers beat and worker (docker compose ps). Otherwise "
            "start the service again, and read its log.",
        ),
        "internal_error": Advice(
            "A fault of our own",
            "A poll, or a look at the service, ended in a way nobody foresaw. It is tried again "
            "later; a poll keeps no other watch from going on.",
            "Please report it with the traceback, which stands in the log of the service.",
        ),
        "lease_lost": Advice(
            "Another worker took over",
            "The fetch took longer than its lease, or the watch was changed meanwhile. What it had "
            "not stored yet is read by the next one.",
            "Nothing, if it is rare. If it is not, the database or the network is very slow.",
        ),
        "data_stale": Advice(
            "No news for a long time",
            "No poll of any watch has succeeded for ALERT_STALE_MINUTES.",
            "Look at the other problems and at the failed fetches below; they say why.",
        ),
        "refresh_late": Advice(
            "Videos wait too long for a refresh",
            "YouTube's rules want what is stored refreshed within 30 days, or deleted. Some videos "
            "have waited for 25; at 30 they are deleted.",
            "See that fetching works and that units are left, then run: python -m app refresh",
        ),
        # What people decide.
        "no_watches": Advice(
            "Nothing is watched",
            "There is no watch that is not paused, so nothing is fetched.",
            "Add a keyword or a channel.",
            _WATCHES,
            "Add a watch",
        ),
        "webhook_paused": Advice(
            "A webhook was given up",
            "Its deliveries failed for three days, or its receiver wants no more (410). What comes "
            "in meanwhile is sent once it is resumed.",
            "Mend the receiver, then resume the webhook.",
            _WEBHOOKS,
            "Look at the webhooks",
        ),
    }
)
