#!/usr/bin/env bash
# Redis, loopback only, a free port, nothing kept.
#   redis.sh start    start, print {"url": "redis://127.0.0.1:PORT/0"}
#   redis.sh info     that line again          redis.sh stop [-9]    end it by its process id
cd "$(dirname "$0")"
. ./common.sh
RUN="$PORSCHE_SERVICES/redis"

start() {
  need redis-server redis-server
  if alive "$RUN/redis.pid"; then cat "$RUN/info.json"; return; fi
  mkdir -p "$RUN"
  local port; port=$(free_ports 1)
  nohup redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$RUN" \
    > "$RUN/redis.log" 2>&1 < /dev/null &
  echo $! > "$RUN/redis.pid"
  for _ in $(seq 100); do
    if listening "$port"; then echo "{\"url\": \"redis://127.0.0.1:$port/0\"}" | tee "$RUN/info.json"; return; fi
    alive "$RUN/redis.pid" || { tail -20 "$RUN/redis.log" >&2; stop; die "Redis ended, see $RUN/redis.log"; }
    sleep .1
  done
  stop; die "Redis was not up after ten seconds, see $RUN/redis.log"
}

stop() { stop_pid "$RUN/redis.pid" 5 "${1:--TERM}"; rm -f "$RUN/info.json"; }

case "${1:-}" in
  start) start ;;
  stop) stop "${2:--TERM}" ;;
  info) cat "$RUN/info.json" 2>/dev/null || die "Redis is not running (redis.sh start)" ;;
  *) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
esac
