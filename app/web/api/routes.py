"""Every blueprint of the JSON API; a new noun adds its file and one line here."""

from __future__ import annotations

from app.web.api.audit import audit
from app.web.api.changes import changes
from app.web.api.channels import channels
from app.web.api.coverage import coverage
from app.web.api.feeds import feeds
from app.web.api.fetches import fetches
from app.web.api.moderation import moderation
from app.web.api.oauth import oauth
from app.web.api.operations import operations
from app.web.api.plan import plan
from app.web.api.quota import quota
from app.web.api.stats import stats
from app.web.api.videos import videos
from app.web.api.watches import watches
from app.web.api.webhooks import webhooks
from app.web.api.websub import websub

BLUEPRINTS = (
    *(videos, moderation, channels, feeds, changes, watches, stats, coverage, plan),
    *(fetches, audit, quota, operations, websub, webhooks, oauth),
)
