import { execFile } from 'node:child_process';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { request } from 'node:https';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { PracticeHeadNode } from '@claw-run/sandbox';
import { partsOf, type Snapshot, withoutChance } from './snapshot.ts';

const run = promisify(execFile);

/** The files of a practice head node, and with which configuration its scheduler runs. */
export async function snapshotHeadNode(node: PracticeHeadNode): Promise<Snapshot> {
  const found = new Map<string, string>();
  for (const folder of ['etc', 'home']) await addFiles(found, node.dir, join(node.dir, folder));
  const { stdout } = await run(join(node.bin, 'systemctl'), [
    'show',
    '--property=ActiveState,UnitFileState',
    node.params.service,
  ]);
  for (const [part, value] of partsOf(`service ${node.params.service}`, {
    state: stdout.trim(),
    configuration: await running(node),
  }))
    found.set(part, value);
  return found;
}

async function addFiles(found: Map<string, string>, root: string, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // a log says what happened, and nothing that happened is taken back
    if (name.endsWith('.log')) continue;
    const path = join(folder, name);
    const info = await lstat(path);
    const thing = `/${relative(root, path)}`;
    const owner = `${info.uid}:${info.gid} ${(info.mode & 0o7777).toString(8)}`;
    const content = info.isDirectory()
      ? {}
      : info.isSymbolicLink()
        ? { leadsTo: await readlink(path) }
        : { line: (await readFile(path, 'utf8')).replaceAll(root, '<root>').split('\n') };
    for (const [part, value] of partsOf(withoutChance(thing), { owner, ...content })) found.set(part, value);
    if (info.isDirectory()) await addFiles(found, root, path);
  }
}

/** What the scheduler says of itself: a process keeps the configuration that it was started with. */
async function running({ dir, params }: PracticeHeadNode): Promise<string> {
  const [ca, token] = await Promise.all([
    readFile(join(dir, 'etc/claw-scheduler/tls/ca.crt'), 'utf8'),
    readFile(join(dir, 'etc/claw-scheduler/admin.token'), 'utf8'),
  ]);
  return new Promise((resolve) => {
    const outgoing = request(
      new URL('/api/v1/info', params.server),
      { ca, headers: { authorization: `Bearer ${token.trim()}` }, timeout: 10_000 },
      (response) => {
        response.toArray().then(
          (chunks) => {
            const { mode, authorizedGroups } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
            resolve(JSON.stringify({ mode, authorizedGroups }));
          },
          (error: Error) => resolve(error.message),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', () => resolve('does not answer'));
    outgoing.end();
  });
}
