import { quote, type ShimOptions } from './shims.ts';

/** `systemctl` for the one unit of a practice head node, with the properties and the words of systemd. */
export function serviceShim({ root, schedulerd, owner }: ShimOptions): string {
  const files = [
    '--config',
    `${root}/etc/claw-scheduler/config.yaml`,
    '--log',
    `${root}/var/log/claw-scheduler.log`,
  ];
  const spool = ['--spool', `${root}/var/spool/claw-scheduler`];
  const words = [...schedulerd, ...files, ...spool, '--as-oneself', '--until-gone', String(owner)];
  return `
RUN=$ROOT/run
UNIT=$ROOT/etc/systemd/system/claw-scheduler.service
now() { date -u '+%a %F %T.%6N UTC'; }
# one that has ended and was not waited for yet is not alive
alive() {
  kill -0 "$1" 2>/dev/null || return 1
  if read -r line 2>/dev/null < "/proc/$1/stat"; then case \${line##*) } in Z*) return 1;; esac; fi
}
state() { # sets ACTIVE SUB PID RESULT
  ACTIVE=$(cat "$RUN/active" 2>/dev/null || echo inactive); PID=$(cat "$RUN/pid" 2>/dev/null || echo 0); RESULT=success
  if [ "$ACTIVE" = active ] && ! alive "$PID"; then ACTIVE=failed; echo failed > "$RUN/active"; fi
  case $ACTIVE in active) SUB=running;; failed) SUB=failed; RESULT=exit-code; PID=0;; *) SUB=dead; PID=0;; esac
}
say() { printf '%s\\n' "$*" >> "$RUN/journal"; }
stop() {
  state
  if [ "$ACTIVE" = active ]; then
    say 'Stopping claw-scheduler.service...'
    kill "$PID"; i=0
    while alive "$PID"; do
      i=$((i+1)); if [ $i -gt 200 ]; then kill -9 "$PID"; fi
      sleep 0.05
    done
  fi
  echo inactive > "$RUN/active"; rm -f "$RUN/pid"
}
start() {
  state
  if [ "$ACTIVE" = active ]; then return 0; fi
  say 'Starting claw-scheduler.service...'
  : > "$RUN/reload"; stamp=$(now)
  # of a session of its own: it must not end with whoever starts it
  ahead=$(command -v setsid || :)
  $ahead sh -c 'echo $$ > "$0/pid.new"; shift; exec "$@"' "$RUN" "$RUN" ${words.map(quote).join(' ')} </dev/null >/dev/null 2>>"$RUN/journal" &
  i=0
  while [ ! -s "$RUN/pid.new" ] && [ $i -lt 200 ]; do i=$((i+1)); sleep 0.02; done
  mv "$RUN/pid.new" "$RUN/pid" || return 1
  PID=$(cat "$RUN/pid"); printf '%s\\n' "$stamp" > "$RUN/started"; echo active > "$RUN/active"
  say 'Started claw-scheduler.service.'
  marker="(process $PID)"; i=0
  while [ $i -lt 200 ] && alive "$PID"; do
    if grep -qsF "$marker" "$ROOT/var/log/claw-scheduler.log"; then break; fi
    i=$((i+1)); sleep 0.05
  done
}
reload() {
  state
  if [ "$ACTIVE" != active ]; then echo 'claw-scheduler.service is not active, cannot reload.' >&2; exit 1; fi
  from=$(now); kill -HUP "$PID"
  echo "{ path=/bin/kill ; argv[]=/bin/kill -HUP \\$MAINPID ; ignore_errors=no ; start_time=[$from] ; stop_time=[$(now)] ; pid=$$ ; code=exited ; status=0 }" > "$RUN/reload"
}
property() { # NAME, of the unit that is there
  case $1 in
    Id|Names) echo "$1=claw-scheduler.service";;
    LoadState) echo LoadState=loaded;;
    ActiveState) echo "ActiveState=$ACTIVE";;
    SubState) echo "SubState=$SUB";;
    UnitFileState) echo "UnitFileState=$(cat "$RUN/enabled")";;
    Type) echo Type=exec;;
    Result) echo "Result=$RESULT";;
    MainPID) echo "MainPID=$PID";;
    NRestarts) echo NRestarts=0;;
    NeedDaemonReload) echo NeedDaemonReload=no;;
    CanReload) echo CanReload=yes;;
    FragmentPath) echo "FragmentPath=$UNIT";;
    DropInPaths) echo DropInPaths=;;
    EnvironmentFiles) ;;
    ExecMainStartTimestamp) echo "ExecMainStartTimestamp=$(cat "$RUN/started" 2>/dev/null)";;
    ExecReload) printf 'ExecReload='; if [ -s "$RUN/reload" ]; then cat "$RUN/reload"; else echo '{ path=/bin/kill ; argv[]=/bin/kill -HUP $MAINPID ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }'; fi;;
    *) echo "systemctl: the practice head node does not know the property $1" >&2; exit 64;;
  esac
}
all=$*; verb=; quiet=; asked=
while [ $# -gt 0 ]; do
  case $1 in
    --no-block|--no-pager|--no-legend|--timestamp=us+utc|--type=*) ;;
    --quiet|-q) quiet=1;;
    --property=*) asked=\${1#*=};;
    -p) asked=$2; shift;;
    --) shift; break;;
    -*) unknown "$all";;
    *) if [ -n "$verb" ]; then break; fi; verb=$1;;
  esac
  shift
done
unit=$1
[ $# -le 1 ] || unknown "$all"
case $verb:$unit in
  daemon-reload:) exit 0;;
  list-unit-files:) echo "claw-scheduler.service $(cat "$RUN/enabled") enabled"; exit 0;;
  *:claw-scheduler|*:claw-scheduler.service) ;;
  show:*) for p in $(echo "$asked" | tr , ' '); do case $p in
      Id) echo "Id=$unit";; LoadState) echo LoadState=not-found;; ActiveState) echo ActiveState=inactive;; SubState) echo SubState=dead;;
      *) echo "$p=";; esac; done; exit 0;;
  is-active:*) [ -n "$quiet" ] || echo inactive; exit 4;;
  is-enabled:*) [ -n "$quiet" ] || echo "Failed to get unit file state for $unit: No such file or directory" >&2; exit 1;;
  *:?*) echo "Failed to $verb $unit: Unit $unit not found." >&2; exit 5;;
  *) unknown "$all";;
esac
case $verb in
  start) start;;
  stop) stop; say 'Stopped claw-scheduler.service.';;
  restart) stop; start;;
  reload) reload;;
  enable) echo enabled > "$RUN/enabled";;
  disable) echo disabled > "$RUN/enabled";;
  reset-failed) state; [ "$ACTIVE" != failed ] || echo inactive > "$RUN/active";;
  is-active) state; [ -n "$quiet" ] || echo "$ACTIVE"; [ "$ACTIVE" = active ] || exit 3;;
  is-enabled) e=$(cat "$RUN/enabled"); [ -n "$quiet" ] || echo "$e"; [ "$e" = enabled ] || exit 1;;
  cat) echo "# $UNIT"; cat "$UNIT";;
  show) state; for p in $(echo "$asked" | tr , ' '); do property "$p"; done;;
  status) state
    echo "* claw-scheduler.service - OpenClaw's scheduler"
    echo "     Loaded: loaded ($UNIT; $(cat "$RUN/enabled"); preset: enabled)"
    echo "     Active: $ACTIVE ($SUB) since $(cat "$RUN/started" 2>/dev/null)"
    [ "$ACTIVE" = active ] || exit 3;;
  *) unknown "$all";;
esac
`;
}
