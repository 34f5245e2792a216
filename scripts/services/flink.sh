#!/usr/bin/env bash
# Apache Flink 2.3.0 with its SQL Gateway, loopback only, free ports, in a virtual environment of its own.
#   flink.sh start [gateway]    install at first use, start JobManager, TaskManager and gateway (or the gateway alone, enough
#                               for EXPLAIN), print {"gateway": port, "rest": port}
#   flink.sh info               that line again          flink.sh stop    end all by their process ids
#   flink.sh install            only install
# PORSCHE_UDFS: folder of the Python modules that CREATE FUNCTION ... LANGUAGE PYTHON names.
cd "$(dirname "$0")"; HERE=$PWD
. ./common.sh
VERSION=2.3.0
HOME_DIR="$PORSCHE_CACHE/flink-$VERSION"
RUN="$PORSCHE_SERVICES/flink"

environment() {  # environment FOLDER: the wheel holds a whole distribution
  if [ -x "$HERE/../../.venv/bin/uv" ]; then
    "$HERE/../../.venv/bin/uv" venv -q --python 3.11 "$1/venv"
    "$HERE/../../.venv/bin/uv" pip install -q --python "$1/venv/bin/python" --require-hashes -r "$HERE/flink/requirements.txt"
  else
    python3 -m venv "$1/venv"
    "$1/venv/bin/pip" install -q --require-hashes -r "$HERE/flink/requirements.txt"
  fi
}

jar() { $MAVEN:copy -Dartifact="$1" -DoutputDirectory="$2"; }

install() {  # install FOLDER
  environment "$1"
  local wheel coordinates
  wheel=$("$1/venv/bin/python" -c 'import os, pyflink; print(os.path.dirname(pyflink.__file__))')
  mkdir -p "$1/home/lib" "$1/home/opt" "$1/home/plugins"
  ln -s "$wheel/bin" "$1/home/bin"
  ln -s "$wheel"/lib/*.jar "$1/home/lib/"
  ln -s "$wheel/opt/flink-python-$VERSION.jar" "$1/home/lib/"  # for JobManager, TaskManager and gateway alike
  ln -s "$wheel/opt/flink-sql-client-$VERSION.jar" "$1/home/opt/"
  ln -s "$wheel/conf" "$1/home/defaults"
  jar "org.apache.flink:flink-sql-gateway:$VERSION" "$1/home/opt"  # the wheel lacks it
  while read -r coordinates; do jar "$coordinates" "$1/home/lib"; done < "$HERE/flink/jars.txt"
  mkdir -p "$1/shim"
  javac -nowarn -d "$1/shim" -cp "$1/home/lib/*" "$HERE"/flink/shim/*.java
  (cd "$1/shim" && python3 -m zipfile -c "$1/home/lib/sink-shim.jar" org)
}

# configure RPC REST GATEWAY: ports
configure() {
  mkdir -p "$RUN/conf" "$RUN/log" "$RUN/pid" "$RUN/tmp" "$RUN/checkpoints" "$RUN/savepoints"
  cp "$HOME_DIR"/home/defaults/log4j*.properties "$RUN/conf/"
  {
    echo "env.java.opts.all: $(grep -E '^ +all:' "$HOME_DIR/home/defaults/config.yaml" | sed -E 's/^ +all: //')"
    cat <<Y
jobmanager.rpc.address: localhost
jobmanager.rpc.port: $1
jobmanager.bind-host: localhost
jobmanager.memory.process.size: 1024m
taskmanager.bind-host: localhost
taskmanager.host: localhost
taskmanager.numberOfTaskSlots: 4
taskmanager.memory.process.size: 1728m
taskmanager.memory.managed.fraction: 0.3
parallelism.default: 1
rest.address: localhost
rest.bind-address: localhost
rest.port: $2
sql-gateway.endpoint.rest.address: localhost
sql-gateway.endpoint.rest.bind-address: localhost
sql-gateway.endpoint.rest.port: $3
python.executable: $HOME_DIR/venv/bin/python
python.client.executable: $HOME_DIR/venv/bin/python
state.backend.type: rocksdb
execution.checkpointing.dir: file://$RUN/checkpoints
execution.checkpointing.savepoint-dir: file://$RUN/savepoints
io.tmp.dirs: $RUN/tmp
Y
  } > "$RUN/conf/config.yaml"
}

flink() {  # flink SCRIPT WORDS...: one of Flink's own scripts, in our folders
  env FLINK_HOME="$HOME_DIR/home" FLINK_CONF_DIR="$RUN/conf" FLINK_LIB_DIR="$HOME_DIR/home/lib" \
    FLINK_OPT_DIR="$HOME_DIR/home/opt" FLINK_PLUGINS_DIR="$HOME_DIR/home/plugins" FLINK_LOG_DIR="$RUN/log" \
    FLINK_PID_DIR="$RUN/pid" FLINK_IDENT_STRING=porsche PYTHONPATH="${PORSCHE_UDFS:-}" \
    PATH="$HOME_DIR/venv/bin:$PATH" "$HOME_DIR/home/bin/$1" "${@:2}" >> "$RUN/log/start.log" 2>&1
}

answers() { python3 - "$1" <<'P'
import sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1], timeout=2).read()
except OSError:
    sys.exit(1)
P
}

start() {
  need_java; need javac openjdk-17-jdk-headless  # it compiles a small shim
  once "$HOME_DIR" install
  if [ -f "$RUN/info.json" ] && answers "http://localhost:$(cat "$RUN/gateway.port")/info"; then cat "$RUN/info.json"; return; fi
  stop
  local rpc rest gateway
  read -r rpc rest gateway < <(free_ports 3)
  configure "$rpc" "$rest" "$gateway"
  if [ "${1:-all}" != gateway ]; then flink jobmanager.sh start; flink taskmanager.sh start; fi
  flink sql-gateway.sh start
  for _ in $(seq 240); do
    if answers "http://localhost:$gateway/info" && { [ "${1:-all}" = gateway ] || answers "http://localhost:$rest/taskmanagers"; }; then
      echo "$gateway" > "$RUN/gateway.port"
      echo "{\"gateway\": $gateway, \"rest\": $rest}" | tee "$RUN/info.json"
      return
    fi
    sleep .5
  done
  stop; die "Flink was not up after two minutes, see $RUN/log"
}

stop() {
  local file pid
  for file in "$RUN"/pid/*.pid; do
    [ -f "$file" ] || continue
    while read -r pid; do echo "$pid" > "$file.one"; stop_pid "$file.one" 10; done < "$file"
    rm -f "$file"
  done
  rm -f "$RUN/info.json"
}

case "${1:-}" in
  start) start "${2:-all}" ;;
  stop) stop ;;
  info) cat "$RUN/info.json" 2>/dev/null || die "Flink is not running (flink.sh start)" ;;
  install) once "$HOME_DIR" install ;;
  *) sed -n '2,7s/^# //p' "$0"; exit 2 ;;
esac
