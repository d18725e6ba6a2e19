#!/bin/sh
# As much of the official image's entrypoint as the stack uses: a root password from a file and
# the scripts of /docker-entrypoint-initdb.d for a new volume.
set -eu
if [ ! -d /var/lib/mysql/mysql ]; then
  MYSQL_ROOT_PASSWORD=$(cat "$MYSQL_ROOT_PASSWORD_FILE")
  export MYSQL_ROOT_PASSWORD
  "$@" --initialize-insecure
  "$@" --skip-networking &
  until mysqladmin --user=root --silent ping; do sleep 0.2; done
  mysql --user=root --execute="ALTER USER root@localhost IDENTIFIED BY '$MYSQL_ROOT_PASSWORD'"
  for script in /docker-entrypoint-initdb.d/*.sh; do "$script"; done
  MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysqladmin --user=root shutdown
  wait
fi
exec "$@"
