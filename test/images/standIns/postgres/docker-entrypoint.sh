#!/bin/sh
# As the official image's: as root it becomes postgres, as anybody else it stays who it is.
set -eu
as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --clear-groups "$@"; else "$@"; fi; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  [ "$(id -u)" != 0 ] || chown -R postgres "$PGDATA"
  chmod 700 "$PGDATA"
  umask 077
  cp "$POSTGRES_PASSWORD_FILE" /tmp/password
  [ "$(id -u)" != 0 ] || chown postgres /tmp/password
  # shellcheck disable=SC2086 -- words of options, as in the official image
  as_postgres initdb -D "$PGDATA" -U postgres --pwfile /tmp/password ${POSTGRES_INITDB_ARGS:-}
  rm /tmp/password
fi
if [ "$(id -u)" = 0 ]; then
  mkdir -p /var/run/postgresql && chown postgres /var/run/postgresql
  exec setpriv --reuid postgres --regid postgres --clear-groups "$@" -D "$PGDATA" -c "listen_addresses=*"
fi
exec "$@" -D "$PGDATA" -c "listen_addresses=*"
