import { ClawError, type FileState } from '@claw-run/core';
import type { Result } from './wire.ts';

/** A file of its two looks: type, rights and owners, and the content; `null` where there is none. */
export function fileStateOf(path: string, host: string, stat: Result, content: Result): FileState | null {
  const said = `${stat.stderr}${content.stderr}`.trim().split('\n').at(-1) ?? '';
  const entry = entryOf(path, stat.stdout.toString('utf8'));
  if (content.note === 'missing') return null;
  if (content.exit !== 0 && /No such file|Not a directory/.test(said)) return null;
  if (content.note === 'denied') throw denied(path, host, 'Permission denied');
  const type = entry === undefined ? undefined : types[entry.mode >> 12];
  if (type !== undefined) throw new ClawError('fact-unreadable', `${path} is a ${type}, not a file`);
  if (content.exit !== 0) throw denied(path, host, said.replace(/^cat: .*: /, ''));
  if (entry === undefined || content.note === 'other')
    throw new ClawError('fact-unreadable', `${path} was replaced while it was read`, { retryable: true });
  return {
    content: content.stdout.toString('utf8'),
    mode: entry.mode & 0o7777,
    owner: entry.owner,
    group: entry.group,
  };
}

/** What is no regular file, by the type bits of its mode. */
const types: { readonly [bits: number]: string } = {
  1: 'fifo',
  2: 'character special file',
  4: 'directory',
  6: 'block special file',
  12: 'socket',
};

interface Entry {
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

/** The line of a path in what `stat` printed for several. */
function entryOf(path: string, text: string): Entry | undefined {
  const end = `/${path}\n`;
  for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, at + 1)) {
    const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
    const [mode = '', user = '', uid = '', group = '', gid = '', ...more] = line.split('/');
    if (more.length === 0 && /^[0-9a-f]+$/.test(mode) && /^\d+$/.test(gid))
      return { mode: Number.parseInt(mode, 16), owner: known(user, uid), group: known(group, gid) };
  }
  return undefined;
}

/** `stat` says UNKNOWN for a number that has no name. */
function known(name: string, id: string): string {
  return name === 'UNKNOWN' || name === '' ? id : name;
}

function denied(path: string, host: string, said: string): ClawError {
  return new ClawError('forbidden', `cannot read ${path} on ${host}: ${said}`, {
    hint: 'read it with sudo, or log in as somebody who may',
  });
}
