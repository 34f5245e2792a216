#!/usr/bin/env bash
# nginx with a configuration of the project, in the foreground of whoever calls: loopback only, by the ports in the file.
#   nginx.sh run FOLDER    FOLDER holds site.conf (a `server` block) and takes logs, process id and temporary files
cd "$(dirname "$0")"
. ./common.sh

run() {
  local folder=$1
  need nginx nginx-light
  cat > "$folder/nginx.conf" <<END
daemon off;
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    include $folder/site.conf;
}
END
  exec "$(command -v nginx || echo /usr/sbin/nginx)" -e "$folder/error.log" -p "$folder" -c "$folder/nginx.conf"
}

case "${1:-}" in
  run) run "$2" ;;
  *) sed -n '2,3s/^# //p' "$0"; exit 2 ;;
esac
