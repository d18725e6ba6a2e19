#!/bin/sh
# `newsreel watch list`: a command of `python -m app` with the settings, secrets and rights of the
# services, so on the database that they use. As root. Files go by `<` and `>`.
set -eu
exec systemd-run --quiet --collect --wait --pipe --unit="newsreel-command-$$" \
    --description="newsreel ${1-}" -- /opt/newsreel/.venv/bin/python -m app "$@"
