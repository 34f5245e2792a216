#!/usr/bin/env bash
# HBase standalone (master, region server and ZooKeeper in one JVM) and its Thrift server, loopback only, free ports.
#   hbase.sh start    fetch the jars at first use, start, print {"zookeeper": "host:port", "thrift": port}
#   hbase.sh info     that line again          hbase.sh stop [-9]    end both by their process ids
#   hbase.sh wipe     stop, then delete the data
cd "$(dirname "$0")"; HERE=$PWD
. ./common.sh
JARS="$PORSCHE_CACHE/hbase-2.6.1"
RUN="$PORSCHE_SERVICES/hbase"

fetch() { $MAVEN:copy-dependencies -f "$HERE/hbase/pom.xml" -DoutputDirectory="$1" -DincludeScope=runtime; }

property() { echo "<property><name>$1</name><value>$2</value></property>"; }

# configure ZOOKEEPER MASTER REGIONSERVER THRIFT: ports
configure() {
  mkdir -p "$RUN/conf" "$RUN/data"
  {
    echo '<configuration>'
    property hbase.cluster.distributed false
    property hbase.rootdir "file://$RUN/data/hbase"
    property hbase.tmp.dir "$RUN/data/tmp"
    property hbase.unsafe.stream.capability.enforce false
    property hbase.wal.provider filesystem
    property hbase.zookeeper.property.dataDir "$RUN/data/zk"
    property hbase.zookeeper.property.clientPort "$1"
    property hbase.zookeeper.quorum 127.0.0.1
    property hbase.master.port "$2"
    property hbase.regionserver.port "$3"
    property hbase.master.hostname localhost
    property hbase.regionserver.hostname localhost
    property hbase.master.ipc.address 127.0.0.1
    property hbase.regionserver.ipc.address 127.0.0.1
    property hbase.localcluster.assign.random.ports false
    property hbase.master.info.port -1
    property hbase.regionserver.info.port -1
    property hbase.thrift.info.port -1
    property hbase.regionserver.thrift.ipaddress 127.0.0.1
    property hbase.regionserver.thrift.port "$4"
    property hbase.regionserver.handler.count 6
    property hbase.master.handler.count 6
    property hbase.master.wait.on.regionservers.timeout 500
    property hbase.master.wait.on.regionservers.interval 250
    property hbase.hregion.memstore.flush.size 16777216
    property zookeeper.session.timeout 60000
    echo '</configuration>'
  } > "$RUN/conf/hbase-site.xml"
  cat > "$RUN/conf/log4j.properties" <<'L'
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{2}: %.600m%n
log4j.logger.org.apache.zookeeper=WARN
L
}

launch() {  # launch NAME HEAP COLLECTOR CLASS ARGUMENTS...
  local name=$1 heap=$2 collector=$3; shift 3
  local open=() package
  for package in java.nio sun.nio.ch java.lang jdk.internal.ref java.lang.reflect java.util java.util.concurrent; do
    open+=(--add-opens "java.base/$package=ALL-UNNAMED")
  done
  nohup java "-Xmx$heap" "$collector" --add-modules jdk.unsupported "${open[@]}" \
    --add-exports java.base/jdk.internal.misc=ALL-UNNAMED --add-exports java.security.jgss/sun.security.krb5=ALL-UNNAMED \
    -Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true -Djava.net.preferIPv4Stack=true \
    -cp "$RUN/conf:$JARS/*" "$@" > "$RUN/$name.log" 2>&1 < /dev/null &
  echo $! > "$RUN/$name.pid"
}

ready() { grep -q 'Master has completed initialization' "$RUN/master.log" && listening "$1" && listening "$2"; }

start() {
  need_java
  if alive "$RUN/master.pid" && alive "$RUN/thrift.pid"; then cat "$RUN/info.json"; return; fi
  once "$JARS" fetch
  mkdir -p "$RUN"
  stop_pid "$RUN/thrift.pid" 2; stop_pid "$RUN/master.pid" 30
  local zookeeper master region thrift
  read -r zookeeper master region thrift < <(free_ports 4)
  configure "$zookeeper" "$master" "$region" "$thrift"
  launch master 768m -XX:+UseG1GC org.apache.hadoop.hbase.master.HMaster start
  launch thrift 256m -XX:+UseSerialGC org.apache.hadoop.hbase.thrift.ThriftServer --bind 127.0.0.1 -p "$thrift" start
  for _ in $(seq 480); do
    if ready "$region" "$thrift"; then
      echo "{\"zookeeper\": \"127.0.0.1:$zookeeper\", \"thrift\": $thrift}" | tee "$RUN/info.json"
      return
    fi
    for name in master thrift; do
      alive "$RUN/$name.pid" || { tail -30 "$RUN/$name.log" >&2; stop; die "HBase's $name ended, see $RUN/$name.log"; }
    done
    sleep .25
  done
  stop; die "HBase was not up after two minutes, see $RUN/master.log"
}

# With -9 nothing is lost either: the write-ahead log is on disk and the next start replays it.
stop() { stop_pid "$RUN/thrift.pid" 5 "${1:--TERM}"; stop_pid "$RUN/master.pid" 40 "${1:--TERM}"; rm -f "$RUN/info.json"; }

case "${1:-}" in
  start) start ;;
  stop) stop "${2:--TERM}" ;;
  info) cat "$RUN/info.json" 2>/dev/null || die "HBase is not running (hbase.sh start)" ;;
  wipe) stop -9; rm -rf "$RUN/data" ;;
  *) sed -n '2,5s/^# //p' "$0"; exit 2 ;;
esac
