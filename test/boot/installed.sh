#!/bin/bash
# Runs in the booted system instead of report.sh. The first boot installs Mayfly. The second one is cleaned by its timer, also in
# /var/tmp, and uninstalls it. Each line of /report.installed is
# something that went wrong; the last one is "end".
exec >>/report.installed 2>&1
state() {
  find /etc /var/lib/mayfly /var/cache/mayfly/index -xdev -name .updated -prune -o -printf '%p %y %m %U %G %l %s\n' 2>/dev/null | sort
}
expect() {
  local wanted=$1 status=0
  shift
  "$@" >/output 2>&1 || status=$?
  [[ $status == "$wanted" ]] || { echo "status $status: $*"; cat /output; }
}
wait_for() {
  for ((i = 0; i < 120; i++)); do
    ! eval "$1" || return 0
    sleep 0.5
  done
  echo "not within a minute: $1"
}
mayfly() { node /usr/lib/mayfly/bin/mayfly.js "$@"; }
property() { systemctl show -P "$2" "$1"; }
log_of() { journalctl -b -o cat -u "$1" --no-pager; }
# Names whatever has failed, and forgets it.
failed() {
  systemctl --failed --no-legend
  systemctl reset-failed
}
reboot() {
  echo "$1" >/stage
  sync
  systemctl poweroff --force --force
  exit
}

first_boot() {
  mkdir -p /srv/aged
  touch /srv/aged/old /srv/kept
  state >/state
  expect 3 mayfly install
  state | diff /state - || echo "install changed something, although systemd's timer is active"
  expect 0 mayfly install --take-over
  expect 3 systemctl is-active --quiet systemd-tmpfiles-clean.timer
  reboot second
}

# A build in /var/tmp as an archive leaves it, one in the directory of with-dir, and what watches both.
lay_builds() {
  mkdir -p /var/tmp/build/proc/modules
  touch -d 2001-09-09 /var/tmp/build/proc/modules /var/tmp/build/proc
  # Enough for the run to last until the watcher has looked at its process: this kernel has no type information for more.
  mkdir -p /var/tmp/build/many /srv/aged/many
  touch /var/tmp/build/many/{1..3000} /srv/aged/many/{1..3000}
  node /usr/lib/mayfly/bin/mayfly.js watch --deletions --json /var/tmp >/watched 2>/watch.errors &
  watcher=$!
  mayfly with-dir --large -- sh -c 'touch "$1/work"; echo "$1" >/build; while [ ! -e /built ]; do sleep 0.2; done; cp "$1/work" /result' sh {} &
  builder=$!
  wait_for '[[ -s /build ]]'
  wait_for 'grep -qi watching /watch.errors || [[ -s /watched ]] || sleep 3'
}

# The whole tree is gone, the watcher says which unit removed it, and with-dir still has its directory.
check_builds() {
  [[ ! -e /var/tmp/build ]] || echo "the old build is still there"
  [[ -e $(cat /build)/work ]] || echo "the directory of with-dir is gone"
  touch /built
  wait $builder || echo "with-dir failed"
  [[ -e /result ]] || echo "the build in with-dir lost its work"
  wait_for 'grep -q "/var/tmp/build/proc/modules\"" /watched'
  kill $watcher
  wait $watcher
  local removal
  removal=$(grep "/var/tmp/build/proc/modules\"" /watched | head -1)
  [[ $removal == *mayfly-clean.service* ]] || {
    echo "watch does not name the unit: $removal"
    cat /watch.errors
  }
}

second_boot() {
  expect 0 systemctl is-active --quiet mayfly-clean.timer
  [[ $(cat /run/early) == /run/* ]] || echo "before /tmp was mounted, a directory was made in '$(cat /run/early)'"
  [[ $(property early.service Result) == success && $(property tmp.mount ActiveState) == active ]] || log_of early.service
  node -e 'require("net").createServer().listen("/srv/aged/live")' &
  server=$!
  wait_for '[[ -S /srv/aged/live ]]'
  lay_builds
  [[ -e /srv/aged/old ]] || echo "the file is gone before its time"
  [[ $(property mayfly-clean.service ExecMainExitTimestampMonotonic) == 0 ]] || echo "it cleaned before its time"
  date -s "+40 days" >/dev/null
  wait_for '[[ $(property mayfly-clean.service ExecMainExitTimestampMonotonic) != 0 ]]'
  [[ $(property mayfly-clean.service Result) == success ]] || log_of mayfly-clean.service
  [[ $(property mayfly-clean.service ExecMainStatus) == 0 ]] || echo "its status is $(property mayfly-clean.service ExecMainStatus)"
  [[ ! -e /srv/aged/old ]] || { echo "the old file is still there"; log_of mayfly-clean.service; }
  [[ -e /srv/kept ]] || echo "it removed what the configuration does not age"
  [[ -S /srv/aged/live ]] || echo "it removed a live socket"
  kill "$server"
  check_builds
  failed
  expect 0 mayfly uninstall
  state | diff /state - || echo "uninstall left something else than there was"
  expect 0 systemctl is-active --quiet systemd-tmpfiles-clean.timer
  echo end
  reboot end
}

case $(cat /stage 2>/dev/null) in
  second) second_boot ;;
  *) first_boot ;;
esac
