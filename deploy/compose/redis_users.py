"""Who may do what in Redis: web and worker, Beat, Flower, people, and nobody else.

Redis' scripts run Lua, which has had holes, but the service and its queue have scripts of their
own; so whoever takes over a process of ours gets these commands on these keys, and neither the
configuration, nor other users' sessions, nor a way to empty the server. Beat and Flower see nothing
of what the service keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVICE = "newsreel"
BEAT = "beat"
FLOWER = "flower"
OPERATOR = "operator"


@dataclass(frozen=True)
class Role:
    """What a user may do: these commands, on these keys and channels."""

    keys: tuple[str, ...]
    channels: tuple[str, ...]
    commands: tuple[str, ...]


_HELLO = ("+@connection", "-@admin", "-@dangerous")  # without CLIENT KILL and its like
_TALK = ("celeryev*", "*.celery.pidbox*")  # events, remote control and its replies
_HEARD = ("celery.pidbox", "celeryev/*", "celeryev/worker.*")
"""Remote control and events, as they are subscribed to: Redis compares patterns by the letter."""

ROLES = {
    SERVICE: Role(
        keys=(
            "~newsreel:*",  # heads, the key index, buckets
            *("~tick*", "~fetch*"),  # the queues, with one more list for each priority
            *("~_kombu.*", "~unacked*"),  # which queue is bound to what, what a worker has in hand
            *(f"~{name}" for name in _TALK),
        ),
        channels=_HEARD,
        commands=(
            *_HELLO,
            *("+info", "+time", "+type", "+exists", "+del", "+expire", "+pexpire"),
            *("+get", "+set", "+incr", "+incrby", "+hget", "+hset", "+hdel"),
            *("+lpush", "+rpush", "+rpop", "+brpop", "+llen"),
            *("+sadd", "+srem", "+smembers"),
            *("+zadd", "+zrem", "+zrange", "+zrangebyscore"),
            *("+multi", "+exec", "+discard", "+watch", "+unwatch"),
            *("+publish", "+psubscribe", "+punsubscribe", "+subscribe", "+unsubscribe"),
            *("+eval", "+evalsha", "+script|load", "+script|exists"),
        ),
    ),
    # Puts ticks into their queue unless one waits there, and says so.
    BEAT: Role(
        keys=("~tick*", "~_kombu.binding.fetch", "~_kombu.binding_permanent.fetch"),
        channels=("celeryev/task.sent",),
        commands=(
            *_HELLO,
            *("+exists", "+llen", "+lpush", "+sadd", "+smembers"),
            *("+multi", "+exec", "+discard", "+publish"),
        ),
    ),
    # Counts the queues, hears events and asks workers. As all who listen it puts back what a worker
    # had in hand when it died, so it may write to the queues; it may take nothing out of them.
    FLOWER: Role(
        keys=(
            *("%W~tick*", "%W~fetch*", "~_kombu.*", "~unacked*"),
            *(f"~{name}" for name in _TALK),
        ),
        channels=_HEARD,
        commands=(
            *_HELLO,
            *("+time", "+exists", "+del", "+expire", "+pexpire"),
            *("+get", "+set", "+hget", "+hdel", "+lpush", "+rpush", "+brpop", "+llen"),
            *("+sadd", "+srem", "+smembers", "+zadd", "+zrem", "+zrange", "+zrangebyscore"),
            *("+multi", "+exec", "+discard", "+watch", "+unwatch"),
            *("+publish", "+psubscribe", "+punsubscribe", "+subscribe", "+unsubscribe"),
            *("+evalsha", "+script|load", "+script|exists"),
        ),
    ),
}


def configuration(passwords: Mapping[str, str], databases: Iterable[int]) -> str:
    """Return the lines of redis.conf that say so.

    Args:
        passwords: of every role and of the operator, by name.
        databases: in which queues are; channels have their numbers.
    """
    numbers = tuple(databases)
    users = [_user(name, passwords[name], role, numbers) for name, role in ROLES.items()]
    operator = f"user {OPERATOR} reset on >{passwords[OPERATOR]} ~* &* +@all\n"
    return "".join(["user default reset off\n", *users, operator])


def _user(name: str, password: str, role: Role, databases: Iterable[int]) -> str:
    keys, commands = " ".join(role.keys), " ".join(role.commands)
    channels = " ".join(f"&/{number}.{it}" for number in databases for it in role.channels)
    return f"user {name} reset on >{password} {keys} {channels} -@all {commands}\n"
