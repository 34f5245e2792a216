#!/usr/bin/env bash
# A Postgres cluster of our own, loopback only, a free port, a role `porsche` with a password made for it.
#   postgres.sh start    make the cluster at first use, start, print {"url": "postgresql://porsche:...@127.0.0.1:PORT/porsche"}
#   postgres.sh info     that line again       postgres.sh stop [-9]    end it by its process id
#   postgres.sh wipe     stop, then delete the cluster
cd "$(dirname "$0")"
. ./common.sh
RUN="$PORSCHE_SERVICES/postgres"
USER_OF_SERVER=postgres   # the server refuses to run as root

bin() {
  for folder in /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb || echo /none)")"; do
    [ -x "$folder/postgres" ] && { echo "$folder"; return; }
  done
  return 1
}

as_server() { if [ "$(id -u)" = 0 ]; then runuser -u "$USER_OF_SERVER" -- "$@"; else "$@"; fi; }

create() {
  mkdir -p "$RUN"
  [ "$(id -u)" = 0 ] && chown "$USER_OF_SERVER" "$RUN"
  (umask 077; head -c 24 /dev/urandom | base64 | tr -d '/+=\n' > "$RUN/password")
  [ "$(id -u)" = 0 ] && chown "$USER_OF_SERVER" "$RUN/password"
  as_server "$BIN/initdb" -D "$RUN/data" -U porsche --pwfile "$RUN/password" --auth scram-sha-256 -E UTF8 \
    --locale C.UTF-8 > "$RUN/initdb.log" 2>&1 || { tail -20 "$RUN/initdb.log" >&2; die "initdb failed"; }
}

start() {
  BIN=$(bin) || { apt_get postgresql && BIN=$(bin); } || die "postgres is not installed"
  if alive "$RUN/postgres.pid"; then cat "$RUN/info.json"; return; fi
  [ -f "$RUN/data/PG_VERSION" ] || create
  local port password url; port=$(free_ports 1); password=$(cat "$RUN/password")
  as_server "$BIN/pg_ctl" -D "$RUN/data" -w -t 30 -l "$RUN/data/server.log" start \
    -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c fsync=off" > /dev/null \
    || { as_server tail -20 "$RUN/data/server.log" >&2; die "Postgres did not start"; }
  as_server head -1 "$RUN/data/postmaster.pid" > "$RUN/postgres.pid"
  url="postgresql://porsche:$password@127.0.0.1:$port"
  PGPASSWORD=$password "$BIN/psql" -h 127.0.0.1 -p "$port" -U porsche -d postgres -tAqc \
    "SELECT 1 FROM pg_database WHERE datname = 'porsche'" | grep -q 1 \
    || PGPASSWORD=$password "$BIN/createdb" -h 127.0.0.1 -p "$port" -U porsche porsche
  (umask 077; echo "{\"url\": \"$url/porsche\"}" > "$RUN/info.json")
  cat "$RUN/info.json"
}

stop() { stop_pid "$RUN/postgres.pid" 10 "${1:--INT}"; rm -f "$RUN/info.json"; }

case "${1:-}" in
  start) start ;;
  stop) stop "${2:--INT}" ;;
  info) cat "$RUN/info.json" 2>/dev/null || die "Postgres is not running (postgres.sh start)" ;;
  wipe) stop; rm -rf "$RUN" ;;
  *) sed -n '2,5s/^# //p' "$0"; exit 2 ;;
esac
