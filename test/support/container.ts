import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readStages, type Stage, valuesOf, wordsOf } from './containerfile.ts';
import { root } from './programs.ts';

/** How a command in a container ended. */
export interface Ended {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A container of what the Containerfile says, without a registry or a runtime: on this machine's own `/usr`, read-only. */
export interface Container {
  /** Runs the entry point, or with `shell` a line of `sh`, as the image's user; state is on a volume as a kubelet makes them. */
  readonly run: (
    args: readonly string[] | { readonly shell: string },
    options?: RunOptions,
  ) => Promise<Ended>;
  /** Puts a file there. */
  readonly put: (path: string, text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export interface RunOptions {
  readonly env?: { readonly [name: string]: string };
  /** Folders that are writable for all while it runs. */
  readonly temporary?: readonly string[];
}

/** Why no container can be made here, or nothing. */
export async function whyNoContainer(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'mounting and changing users needs root';
  const { exit, stderr } = await script('mount -t tmpfs none /mnt && command -v setpriv chroot');
  return exit === 0 ? undefined : `unshare, mount, setpriv and chroot are needed: ${stderr.trim()}`;
}

/** Carries out the Containerfile: what its build stage runs, and the copies of its last stage. */
export async function makeContainer(): Promise<Container> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-run-container-'));
  const { build, final } = await readStages();
  const [built, image] = [join(folder, 'build'), join(folder, 'image')];
  try {
    await makeRoot(built);
    await mkdir(join(built, 'tmp/tarball'), { recursive: true });
    await pack(join(built, 'tmp/tarball/claw-run-0.0.0.tgz'));
    await mkdir(join(built, 'usr-local-bin'));
    await copyFile(process.execPath, join(built, 'usr-local-bin/node'));
    const made = await script(
      `${mounts(built)}\nexec chroot ${built} /usr/bin/env -i PATH=/usr-local-bin:/usr/bin:/bin sh -c "$1"`,
      [runOf(build)],
    );
    if (made.exit !== 0) throw new Error(`the build stage failed: ${made.stdout}${made.stderr}`);
    await makeRoot(image);
    for (const copy of final.instructions.filter((one) => one.getKeyword() === 'COPY')) {
      const owner = /--chown=(\S+)/.exec(copy.getTextContent())?.[1] ?? '0:0';
      const [from = '', to = ''] = wordsOf(copy);
      const source = join(built, from.replace(/^\/usr\/local\/bin\//, 'usr-local-bin/'));
      await mkdir(to.endsWith('/') ? join(image, to) : dirname(join(image, to)), { recursive: true });
      const entries = from.endsWith('/')
        ? (await readdir(source)).map((name) => join(source, name))
        : [source];
      const copied = await script(
        `for one; do cp -a "$one" "$0"; done; for one in $(basename -a "$@"); do chown -Rh ${owner} "$([ -d "$0" ] && echo "$0/$one" || echo "$0")"; done`,
        entries,
        join(image, to),
      );
      if (copied.exit !== 0) throw new Error(`a copy failed: ${copied.stderr}`);
    }
    await mkdir(join(image, 'runbook'), { recursive: true });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    run: (args, { env = {}, temporary = [] } = {}) => {
      const [user = '', group = ''] =
        final.instructions
          .find((one) => one.getKeyword() === 'USER')
          ?.getArgumentsContent()
          ?.split(':') ?? [];
      const variables = Object.entries({ ...valuesOf(final, 'ENV'), ...env }).map(
        ([name, value]) => `${name}=${value}`,
      );
      const volumes = [
        `mount -t tmpfs -o mode=2777,gid=${group} none ${image}/home/claw-run/state`,
        ...temporary.map((path) => `mount -t tmpfs -o mode=1777 none ${image}${path}`),
      ];
      const drop = `setpriv --reuid=${user} --regid=${group} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all`;
      const words = 'shell' in args ? ['sh', '-c', args.shell] : [entryPoint(final), ...args];
      const line = [
        `mount --bind ${image} ${image}`,
        mounts(image),
        ...volumes,
        `mount -o remount,bind,ro ${image}`,
        `exec chroot ${image} ${drop} /usr/bin/env -i -C /runbook "$@"`,
      ].join('\n');
      return script(line, [...variables, ...words]);
    },
    async put(path, text) {
      await mkdir(dirname(join(image, path)), { recursive: true });
      await writeFile(join(image, path), text);
      await chmod(join(image, path), 0o644);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A root folder on which a system of this machine's kind can be mounted. */
async function makeRoot(at: string): Promise<void> {
  for (const name of ['usr', 'proc', 'dev', 'etc', 'tmp', 'var'])
    await mkdir(join(at, name), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) await symlink(`usr/${name}`, join(at, name));
  for (const name of ['null', 'urandom', 'random', 'zero']) await writeFile(join(at, 'dev', name), '');
}

/** Shell lines that give a root folder its system. */
function mounts(at: string): string {
  const devices = ['null', 'urandom', 'random', 'zero'].map(
    (name) => `mount --bind /dev/${name} ${at}/dev/${name}`,
  );
  return [
    'set -e',
    `mount --bind /usr ${at}/usr`,
    `mount -o remount,bind,ro ${at}/usr`,
    `mount -t proc none ${at}/proc`,
    ...devices,
  ].join('\n');
}

function runOf({ instructions }: Stage): string {
  const [run, ...more] = instructions.filter((one) => one.getKeyword() === 'RUN');
  if (run === undefined || more.length > 0) throw new Error('one RUN was expected');
  return run.getTextContent().replace(/^RUN /, '');
}

function entryPoint({ instructions }: Stage): string {
  const text = instructions.find((one) => one.getKeyword() === 'ENTRYPOINT')?.getArgumentsContent() ?? '[]';
  return (JSON.parse(text) as string[])[0] ?? '';
}

/** The package as `npm pack` packs it. */
export async function pack(to: string): Promise<void> {
  const from = join(root, 'packages/claw-run');
  const { exit, stderr } = await script(
    `tar -czf "$0" --transform 's,^,package/,' -C "$@"`,
    [from, 'package.json', 'bin', 'dist'],
    to,
  );
  if (exit !== 0) throw new Error(`the package cannot be packed: ${stderr}`);
}

/** Runs shell lines where mounts and processes are their own, and end with them. */
function script(lines: string, args: readonly string[] = [], name = 'sh'): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const flags = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
    const child = spawn('unshare', [...flags, 'sh', '-c', lines, name, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
      });
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, ...said }));
  });
}
