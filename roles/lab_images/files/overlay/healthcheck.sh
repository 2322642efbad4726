#!/bin/bash
# Stands in for mariadb-docker's healthcheck.sh, which neither Debian nor PyPI carries: kolla calls it with
# --defaults-file FILE --connect --galera_online. Healthy means: the server answers and Galera is synced (state 4).
file=
while [ $# -gt 0 ]; do
  case $1 in
    --defaults-file) file=$2; shift ;;
    --defaults-file=*) file=${1#*=} ;;
  esac
  shift
done
state=$(mariadb --defaults-file="$file" --skip-column-names --vertical --disable-ssl-verify-server-cert \
  --connect-timeout=10 --execute="SHOW STATUS LIKE 'wsrep_local_state'" 2>/dev/null | tail -n 1)
[ "$state" = 4 ]
