import { ClawError, type FileState } from '@claw-run/core';
import type { Result } from './wire.ts';

/** A file of one look: type, rights and owners, and the content; `null` where there is none. */
export function fileStateOf(
  path: string,
  host: string,
  { exit, note, stdout, stderr }: Result,
): FileState | null {
  const [is = '', ...entry] = note.split(' ');
  if (is === 'missing') return null;
  if (is === 'denied') throw deniedFile(path, host, 'Permission denied');
  if (is !== 'file' && is !== 'other')
    throw new ClawError('fact-unreadable', `${path} was replaced while it was read`, { retryable: true });
  const said = lastOf(stderr);
  if (exit !== 0 && /No such file|Not a directory/.test(said)) return null;
  return stateOf(path, Buffer.from(entry.join(' '), 'latin1').toString('utf8'), () => {
    if (exit !== 0) throw deniedFile(path, host, said.replace(/^cat: .*: /, ''));
    return stdout;
  });
}

/** The same of a look with the rights of the owner of its folder: the first line says what it is. */
export function ownedFileStateOf(
  path: string,
  { exit, stdout, stderr }: Result,
  refused: (said: string) => ClawError,
): FileState | null {
  const end = stdout.indexOf(10);
  if (end < 0 || exit !== 0) {
    const said = lastOf(stderr);
    if (exit === 1 && /^stat: .*(No such file or directory|Not a directory)$/.test(said)) return null;
    throw refused(said.replace(/^(stat|cat): .*: /, ''));
  }
  return stateOf(path, stdout.toString('utf8', 0, end), () => stdout.subarray(end + 1));
}

/** What is no regular file, by the type bits of its mode. */
const types: { readonly [bits: number]: string } = {
  1: 'fifo',
  2: 'character special file',
  4: 'directory',
  6: 'block special file',
  10: 'link',
  12: 'socket',
};

/** `MODE/UID/GID/OWNER/GROUP`, the mode in hexadecimal. */
function stateOf(path: string, entry: string, content: () => Buffer): FileState {
  const [, bits = '', uid = '', gid = '', user = '', group = ''] =
    /^([0-9a-f]+)[ /](\d+)[ /](\d+)[ /]([^/]*)\/(.*)$/.exec(entry) ?? [];
  const mode = Number.parseInt(bits, 16);
  const type = types[mode >> 12];
  if (type !== undefined) throw new ClawError('fact-unreadable', `${path} is a ${type}, not a file`);
  return {
    content: content().toString('utf8'),
    mode: mode & 0o7777,
    owner: known(user, uid),
    group: known(group, gid),
  };
}

/** `stat` says UNKNOWN for a number that has no name. */
function known(name: string, id: string): string {
  return name === 'UNKNOWN' || name === '' ? id : name;
}

function lastOf(stderr: Buffer): string {
  return stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
}

/** Who is logged in may not read it. */
export function deniedFile(path: string, host: string, said: string): ClawError {
  return new ClawError('forbidden', `cannot read ${path} on ${host}: ${said}`, {
    hint: 'read it with sudo, or log in as somebody who may',
  });
}
