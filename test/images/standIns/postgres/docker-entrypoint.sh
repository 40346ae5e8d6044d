#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  chown -R postgres "$PGDATA"
  chmod 700 "$PGDATA"
  umask 077
  cp "$POSTGRES_PASSWORD_FILE" /tmp/password && chown postgres /tmp/password
  # shellcheck disable=SC2086 -- words of options, as in the official image
  setpriv --reuid postgres --regid postgres --clear-groups initdb -D "$PGDATA" -U postgres --pwfile /tmp/password ${POSTGRES_INITDB_ARGS:-}
  rm /tmp/password
fi
mkdir -p /var/run/postgresql && chown postgres /var/run/postgresql
exec setpriv --reuid postgres --regid postgres --clear-groups "$@" -D "$PGDATA" -c "listen_addresses=*"
