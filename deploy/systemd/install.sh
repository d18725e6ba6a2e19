#!/bin/sh
# Installs the units of this folder and the command `newsreel`, as root; starts nothing. Run it
# again after an upgrade.
set -eu
cd "$(dirname "$0")"
install -D --mode=0644 newsreel.sysusers.conf /etc/sysusers.d/newsreel.conf
install -D --mode=0644 newsreel.tmpfiles.conf /etc/tmpfiles.d/newsreel.conf
install -D --mode=0755 newsreel.sh /usr/local/bin/newsreel
install --mode=0644 newsreel*.service newsreel.target /etc/systemd/system/
install -D --mode=0644 newsreel-.service.d/common.conf /etc/systemd/system/newsreel-.service.d/common.conf
install -D --mode=0644 newsreel-command-.service.d/secrets.conf /etc/systemd/system/newsreel-command-.service.d/secrets.conf
systemd-sysusers newsreel.conf
systemd-tmpfiles --create newsreel.conf
systemctl daemon-reload
