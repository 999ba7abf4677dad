import { randomBytes } from 'node:crypto';

/** What stands on a host while a hostile user is at work there. */
export interface HostileUser {
  readonly user: string;
  /** The folder of the user's that is swapped about. */
  readonly folder: string;
  /** In everything that the user's programs and log-in script print. */
  readonly mark: string;
  /** The content of a file that only root may read. */
  readonly secret: string;
  /** A file that is there only where a word was taken for shell text. */
  readonly injected: string;
  /** What nobody but root may change, in lines that stay the same. */
  readonly untouched: () => Promise<string>;
  /** What the user's log-in script was given on its standard input. */
  readonly stolen: () => Promise<string>;
  readonly end: () => Promise<void>;
}

type Sh = (line: string) => Promise<string>;

/** Names below the folder, for paths that are inputs; each is all kinds of things in turn. */
export const hostileNames = ['file.conf', 'way/file.conf', 'deep/way/file.conf'] as const;

/** Programs of which the user has some of the same name. */
const programs =
  'sh bash env id cat stat ls find grep tail head readlink getent printf test rm mv cp dd chown chmod ps systemctl journalctl curl clw openclaw squeue sbatch sinfo scontrol sudo';

/**
 * Makes a user of a host hostile: a log-in script that lies, keeps what it is given and leaves a process that prints for ever into all descriptors it has; a PATH
 * with forged programs; and a process that puts links, fifos and folders in the place of files, and of what is written beside them. Home and log-in scripts are
 * made anew; the user should have no other use.
 */
export async function startHostileUser(sh: Sh, user: string): Promise<HostileUser> {
  const id = randomBytes(6).toString('hex');
  const [mark, secret] = [`forged-${id}`, `of-root-alone-${randomBytes(8).toString('hex')}`];
  const home = (await sh(`getent passwd ${user} | cut -d: -f6`)).trim();
  const [closed, folder, stop] = [`/root/hostile-${id}`, `${home}/hostile-${id}`, `${home}/stop-${id}`];
  const injected = `/tmp/injected-${id}`;
  await sh(`mkdir -m 700 ${closed}; cd ${closed}; umask 077; echo '${secret}' >file.conf; mkdir way; echo '${secret}' >way/file.conf
rm -f ${home}/.bash_profile ${home}/.bash_login
cat >${home}/.profile <<'E'
${loginScript(mark, id)}
E
mkdir -p ${home}/bin; for name in ${programs}; do printf '#!/bin/sh\\necho ${mark}\\necho ${mark} >&2\\n' >${home}/bin/$name; chmod 755 ${home}/bin/$name; done
install -d -o ${user} ${folder}; chown -R ${user}: ${home}/.profile ${home}/bin; chmod -R go+rX ${home}/.profile ${home}/bin`);
  await sh(`cat >${home}/swap-${id} <<'E'
${swapper({ folder, closed, stop })}
E
setsid su -s /bin/sh ${user} -c '/bin/sh ${home}/swap-${id}' </dev/null >/dev/null 2>&1 &`);
  return {
    user,
    folder,
    mark,
    secret,
    injected,
    untouched: () =>
      sh(
        `cd ${closed}; find . -printf '%p %U %G %m %n %s\\n' | sort; cat file.conf way/file.conf; stat -c '%U %G %a %s' /etc/shadow /etc/passwd; ls ${injected} 2>/dev/null; find ${folder} -xdev -user root -printf 'root made %f\\n' 2>/dev/null || true`,
      ),
    stolen: () => sh(`cat ${home}/stolen-${id} 2>/dev/null || true`),
    async end() {
      await sh(
        `touch ${stop}; rm -rf ${closed} ${home}/.profile ${home}/bin ${home}/swap-${id} ${home}/stolen-${id}; sleep 0.2; rm -rf ${folder} ${stop}`,
      );
    },
  };
}

function loginScript(mark: string, id: string): string {
  return `PATH=$HOME/bin:$PATH; export PATH
echo "sudo: a password is required" >&2
echo "${mark} sudo: ${mark} is not allowed to run sudo" >&2
setsid /bin/sh -c 'n=0; while [ $n -lt 60 ]; do n=$((n+1)); for fd in 1 2 3 4 5 6 7 8 9; do { echo ${mark} >&$fd; } 2>/dev/null; done; /bin/sleep 0.05; done' </dev/null &
( umask 077; /usr/bin/head -c 4096 >>$HOME/stolen-${id} ) 2>/dev/null </dev/stdin &`;
}

/** Each name is a file of the user's, a link to root's, a fifo and a folder in turn; and so are folders on the way, and what begins with a dot. */
function swapper({ folder, closed, stop }: { folder: string; closed: string; stop: string }): string {
  return `cd ${folder} || exit 1
mkdir -p real/way deep
turn() { rm -rf "$1" 2>/dev/null; case $(($2 % 7)) in
0|1|2) printf 'a = 1\\njob:\\nname: x\\n' >"$1";;
3) ln -s ${closed}/file.conf "$1";;
4) ln -s /etc/shadow "$1";;
5) /usr/bin/mkfifo "$1";;
6) mkdir "$1";; esac; } 2>/dev/null
n=0
while [ ! -e ${stop} ]; do n=$((n+1))
turn file.conf $n
turn real/way/file.conf $((n+1))
case $((n % 3)) in 0) ln -sfn ${closed} way; ln -sfn ${closed} deep/way;; 1) ln -sfn real/way way; ln -sfn ../real/way deep/way;; 2) rm -rf way; mkdir way; turn way/file.conf $((n+1));; esac
for beside in .*claw-run* real/way/.*claw-run* way/.*claw-run*; do
[ -f "$beside" ] && { rm -f "$beside"; ln -s ${closed}/file.conf "$beside"; }
done
done 2>/dev/null
true`;
}
