import { serviceShim } from './service-shim.ts';
import { shadowShims } from './shadow.ts';

/** What the shims are told where their head node is. */
export interface ShimOptions {
  /** The folder that holds everything. */
  readonly root: string;
  /** The first words of the command lines of the programs. */
  readonly schedulerd: readonly string[];
  readonly clw: readonly string[];
  /** The process whose end ends the daemon too. */
  readonly owner: number;
}

/**
 * Commands of a head node for a machine that is none, by name: POSIX shell scripts that keep their state in a folder. They
 * know the uses that runbooks make of them; any other use ends with 64 and says so.
 */
export function shims(options: ShimOptions): Readonly<Record<string, string>> {
  const head = `#!/bin/sh
# part of a practice head node; see the folder above
LC_ALL=C; export LC_ALL
ROOT=${quote(options.root)}
unknown() { echo "\${0##*/}: the practice head node does not know: \${0##*/} $*" >&2; exit 64; }
`;
  const identity = `
# sets UID_ and GIDS (a list with commas, the primary group first) of a user of passwd
whois() {
  line=$(awk -F: -v u="$1" '$1 == u' "$ROOT/etc/passwd"); [ -n "$line" ] || return 1
  UID_=$(printf '%s' "$line" | cut -d: -f3); g=$(printf '%s' "$line" | cut -d: -f4); HOME_=$(printf '%s' "$line" | cut -d: -f6)
  GIDS=$g$(awk -F: -v u="$1" -v g="$g" '{ n = split($4, m, ","); for (i = 1; i <= n; i++) if (m[i] == u && $3 != g) printf ",%s", $3 }' "$ROOT/etc/group")
}
`;
  const shadow = shadowShims(process.execPath);
  const clw = options.clw.map(quote).join(' ');
  const absent = Object.fromEntries(
    notThere.map((name) => [
      name,
      `#!/bin/sh\necho "${name}: not found on the practice head node" >&2\nexit 127\n`,
    ]),
  );
  return {
    ...absent,
    clw: `${head}CLAW_CLIENT_CONFIG=$ROOT/etc/claw/client.yaml; export CLAW_CLIENT_CONFIG\nexec ${clw} "$@"\n`,
    getent: head + getent,
    id: head + identity + id,
    groups: head + groups,
    usermod: `${head}${membership}case $1 in -L|-U) [ $# = 2 ] || unknown "$@"
exists passwd "$2" || { echo "usermod: user '$2' does not exist" >&2; exit 6; }
set -- "$2" "$1"
${shadow.usermodLock}exit;; esac
${usermod}`,
    chage: head + shadow.chage,
    chpasswd: head + shadow.chpasswd,
    unix_chkpwd: head + shadow.chkpwd,
    'claw-schedulerd': `${head}exec ${options.schedulerd.map(quote).join(' ')} "$@"\n`,
    gpasswd: head + membership + gpasswd,
    su: head + identity + session + su,
    runuser: head + identity + session + su,
    sudo: head + identity + session + sudo,
    journalctl: head + journalctl,
    nft: head + nft,
    nscd: head + nscd,
    systemctl: head + serviceShim(options),
  };
}

/** Would change the machine itself, or tell of it: to the practice head node they are not installed. */
const notThere = [
  'useradd',
  'userdel',
  'groupadd',
  'groupdel',
  'groupmod',
  'vigr',
  'firewall-cmd',
  'ufw',
  'iptables',
  'semanage',
  'semodule',
  'setsebool',
  'setenforce',
  'getenforce',
  'chcon',
  'restorecon',
  'ausearch',
  'aa-status',
  'apparmor_parser',
  'sss_cache',
  'sssctl',
  'ldapsearch',
  'ldapmodify',
  'loginctl',
];

// getent [-s files] DATABASE KEY...; 2 where a key is not found
const getent = `
# there is no sssd
if [ "$1" = -s ] && [ "$2" = sss ]; then exit 2; fi
if [ "$1" = -s ]; then [ "$2" = files ] || unknown "$@"; shift 2; fi
# its only name
case $1:$2 in ahosts:localhost|ahostsv4:localhost) echo '127.0.0.1 STREAM localhost'; exit;; ahosts:*|ahostsv?:*) exit 2;; esac
case $1 in passwd|group|gshadow|shadow) ;; *) unknown "$@";; esac
file=$ROOT/etc/$1; shift
[ $# -gt 0 ] || exec cat "$file"
status=0
for key do
  awk -F: -v k="$key" '$1 == k || (k ~ /^[0-9]+$/ && $3 == k) { print; found = 1; exit } END { exit !found }' "$file" || status=2
done
exit $status
`;

const id = `
form=; name=; user=
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break;;
    -u|-g|-G) form=$form\${1#-};;
    -n) name=1;;
    -un|-nu) form=\${form}u; name=1;;
    -gn|-ng) form=\${form}g; name=1;;
    -Gn|-nG) form=\${form}G; name=1;;
    -*) unknown "$@";;
    *) break;;
  esac
  shift
done
[ $# -le 1 ] || unknown "$@"
case $form in ''|u|g|G) ;; *) unknown "$@";; esac
user=\${1:-$CLAW_PRACTICE_USER}
if [ -z "$user" ]; then
  # whoever practises
  exec env PATH="$(command -p getconf PATH)" id \${form:+-$form\${name:+n}}
fi
whois "$user" || { echo "id: '$user': no such user" >&2; exit 1; }
# a session keeps the groups that it was begun with
[ $# -gt 0 ] || GIDS=\${CLAW_PRACTICE_IDENTITY#*:}
nameof() { awk -F: -v g="$1" '$3 == g { print $1; exit }' "$ROOT/etc/group"; }
gids=$(echo "$GIDS" | tr , ' ')
case $form$name in
  u) echo "$UID_";;
  u1) echo "$user";;
  g) echo "\${GIDS%%,*}";;
  g1) nameof "\${GIDS%%,*}";;
  G) echo "$gids";;
  G1) out=; for g in $gids; do out="$out $(nameof "$g")"; done; echo "\${out# }";;
  *)
    out=; for g in $gids; do out="$out,$g($(nameof "$g"))"; done
    first=\${GIDS%%,*}
    echo "uid=$UID_($user) gid=$first($(nameof "$first")) groups=\${out#,}";;
esac
`;

const groups = `
[ $# -le 1 ] || unknown "$@"
case $1 in -*) unknown "$@";; esac
if [ $# = 0 ]; then exec id -Gn; fi
names=$(id -Gn -- "$1") || exit
echo "$1 : $names"
`;

// both files, as the shadow tools keep them
const membership = `
exists() { awk -F: -v k="$2" '$1 == k { found = 1 } END { exit !found }' "$ROOT/etc/$1"; }
change() { # add|remove USER GROUP
  for file in group gshadow; do
    awk -F: -v OFS=: -v how="$1" -v u="$2" -v k="$3" '
      $1 == k {
        n = split($4, m, ","); out = ""; there = 0
        for (i = 1; i <= n; i++) {
          if (m[i] == u) { there = 1; if (how == "remove") continue }
          out = out (out == "" ? "" : ",") m[i]
        }
        if (how == "add" && !there) out = out (out == "" ? "" : ",") u
        $4 = out
      }
      { print }' "$ROOT/etc/$file" > "$ROOT/etc/.$file.$$" && mv "$ROOT/etc/.$file.$$" "$ROOT/etc/$file" || exit 1
  done
}
`;

const usermod = `
[ "$1" = -aG ] && [ $# = 3 ] || unknown "$@"
exists passwd "$3" || { echo "usermod: user '$3' does not exist" >&2; exit 6; }
for group in $(echo "$2" | tr , ' '); do exists group "$group" || { echo "usermod: group '$group' does not exist" >&2; exit 6; }; done
for group in $(echo "$2" | tr , ' '); do change add "$3" "$group"; done
`;

const gpasswd = `
[ $# = 3 ] || unknown "$@"
exists group "$3" || { echo "gpasswd: group '$3' does not exist in /etc/group" >&2; exit 3; }
case $1 in
  -a) exists passwd "$2" || { echo "gpasswd: user '$2' does not exist" >&2; exit 3; }
      change add "$2" "$3"; echo "Adding user $2 to group $3";;
  -d) awk -F: -v u="$2" -v k="$3" '$1 == k { n = split($4, m, ","); for (i = 1; i <= n; i++) if (m[i] == u) found = 1 } END { exit !found }' "$ROOT/etc/group" ||
        { echo "gpasswd: user '$2' is not a member of '$3'" >&2; exit 3; }
      change remove "$2" "$3"; echo "Removing user $2 from group $3";;
  *) unknown "$@";;
esac
`;

// a session has the groups of the moment it begins; a login shell reads the site's scripts and ~/.profile
const session = `
begin() { # USER login|plain WORD...
  who=$1; how=$2; shift 2
  whois "$who" || { echo "\${0##*/}: user $who does not exist or the user entry does not contain all the required fields" >&2; exit 1; }
  set -- env CLAW_PRACTICE_ROOT="$ROOT" CLAW_PRACTICE_USER="$who" CLAW_PRACTICE_IDENTITY="$UID_:$GIDS" HOME="$HOME_" USER="$who" LOGNAME="$who" SHELL=/bin/sh PATH="$PATH" "$@"
  if [ $how = login ]; then
    cd "$HOME_" || exit 1
    shift
    exec env -i TERM="\${TERM:-dumb}" "$@"
  fi
  exec "$@"
}
login='. "$CLAW_PRACTICE_ROOT/etc/profile"; eval "$1"'
`;

const su = `
user=root; how=plain; command=
while [ $# -gt 0 ]; do
  case $1 in
    -|-l|--login) how=login;;
    -c) command=$2; shift;;
    -u) user=$2; shift;;
    --) shift; break;;
    -*) unknown "$@";;
    *) user=$1;;
  esac
  shift
done
if [ $# -gt 0 ] && [ -z "$command" ]; then begin "$user" plain "$@"; fi
[ -n "$command" ] && [ $# = 0 ] || unknown "$@"
[ "$user" != root ] || exec sh -c "$command"
if [ $how = login ]; then begin "$user" login sh -c "$login" sh "$command"; fi
begin "$user" plain sh -c "$command"
`;

// whoever practises may do everything here, without a password
const sudo = `
user=root; list=
while [ $# -gt 0 ]; do
  case $1 in
    -n|-H|-S|-E) ;;
    -p) shift;;
    -u) user=$2; shift;;
    -l) list=1;;
    -v) exit 0;;
    --) shift; break;;
    -*) unknown "$@";;
    *) break;;
  esac
  shift
done
[ $# -gt 0 ] || [ -n "$list" ] || unknown "$@"
[ -z "$list" ] || { [ $# = 0 ] || command -v "$1"; exit; }
[ "$user" != root ] || exec "$@"
if [ "$1" = sh ] && [ "$2" = -l ] && [ "$3" = -c ]; then
  line=$4; shift 4; zero=\${1:-sh}
  if [ $# -gt 0 ]; then shift; fi
  begin "$user" login sh -c '. "$CLAW_PRACTICE_ROOT/etc/profile"; line=$1; shift; eval "$line"' "$zero" "$line" "$@"
fi
begin "$user" plain "$@"
`;

const journalctl = `
lines=1000; unit=
while [ $# -gt 0 ]; do
  case $1 in
    --quiet|-q|--no-pager|--output=cat) ;;
    -o) [ "$2" = cat ] || unknown "$@"; shift;;
    --lines=*) lines=\${1#*=};;
    -n) lines=$2; shift;;
    --unit=*) unit=\${1#*=};;
    -u) unit=$2; shift;;
    *) unknown "$@";;
  esac
  shift
done
case $unit in claw-scheduler|claw-scheduler.service) [ ! -e "$ROOT/run/journal" ] || tail -n "$lines" "$ROOT/run/journal";; esac
`;

// installed, and does not run
const nscd = `
[ "$*" = -g ] || unknown "$@"
echo 'nscd not running!'
exit 1
`;

// nothing is filtered; what the machine itself filters is none of the head node's business
const nft = `
case "$*" in *'list ruleset') ;; *) unknown "$@";; esac
case " $* " in *' -j '*) echo '{"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}]}';; esac
`;

export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
