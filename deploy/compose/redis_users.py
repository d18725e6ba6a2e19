"""Who may do what in Redis: one user for the service, one for people, and nobody else.

Redis' scripts run Lua, which has had holes, but the service and its queue have scripts of their
own; so whoever takes over a process of ours gets these commands on these keys, and neither the
configuration, nor other users' sessions, nor a way to empty the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVICE = "newsreel"
OPERATOR = "operator"

KEYS = (
    "newsreel:*",  # heads, the key index, buckets
    *("tick*", "fetch*"),  # the queues, with one more list for each priority
    *("_kombu.*", "unacked*"),  # which queue is bound to what, and what a worker has in hand
    *("celeryev*", "*.celery.pidbox*"),  # events, remote control and its replies
)
CHANNELS = ("celery.pidbox", "celeryev/*", "celeryev/worker.*")
"""Remote control and events, as they are subscribed to: Redis compares patterns by the letter."""

COMMANDS = (
    *("+@connection", "-@admin", "-@dangerous"),  # without CLIENT KILL and its like
    *("+info", "+time", "+type", "+exists", "+del", "+expire", "+pexpire"),
    *("+get", "+set", "+incr", "+incrby", "+hget", "+hset", "+hdel"),
    *("+lpush", "+rpush", "+rpop", "+brpop", "+llen"),
    *("+sadd", "+srem", "+smembers"),
    *("+zadd", "+zrem", "+zrange", "+zrangebyscore"),
    *("+multi", "+exec", "+discard", "+watch", "+unwatch"),
    *("+publish", "+psubscribe", "+punsubscribe", "+subscribe", "+unsubscribe"),
    *("+eval", "+evalsha", "+script|load", "+script|exists"),
)


def configuration(passwords: Mapping[str, str], databases: Iterable[int]) -> str:
    """Return the lines of redis.conf that say so.

    Args:
        passwords: of both users, by name.
        databases: in which queues are; channels have their numbers.
    """
    keys = " ".join(f"~{pattern}" for pattern in KEYS)
    channels = " ".join(f"&/{number}.{name}" for number in databases for name in CHANNELS)
    commands = " ".join(COMMANDS)
    return (
        "user default reset off\n"
        f"user {SERVICE} reset on >{passwords[SERVICE]} {keys} {channels} -@all {commands}\n"
        f"user {OPERATOR} reset on >{passwords[OPERATOR]} ~* &* +@all\n"
    )
