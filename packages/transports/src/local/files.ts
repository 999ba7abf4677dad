import { randomBytes } from 'node:crypto';
import { ClawError, type FileState, type HostAction, type Secret } from '@claw-run/core';
import { type CommandOptions, runCommand } from './run-command.ts';

type WriteFile = HostAction & { do: 'write' };

/** A regular file with its mode and owners; `null` when there is none. */
export async function readLocalFile(path: string, options: CommandOptions): Promise<FileState | null> {
  const stat = await runCommand(['stat', '-L', '-c', '%F/%a/%U/%G', '--', path], options);
  if (stat.exit !== 0) {
    if (/No such file|Not a directory/.test(stat.stderr)) return null;
    throw new ClawError('forbidden', `cannot look at ${path}: ${stat.stderr.trim()}`);
  }
  const [type = '', mode = '', owner = '', group = ''] = stat.stdout.trim().split('/');
  if (!type.startsWith('regular')) throw new ClawError('fact-unreadable', `${path} is a ${type}, not a file`);
  return { content: await contentOf(path, options), mode: Number.parseInt(mode, 8), owner, group };
}

/** Writes beside the file and renames, so that it is never seen half written; links, mode and owners are kept unless given. */
export async function writeLocalFile(action: WriteFile, options: CommandOptions): Promise<void> {
  const before = await readLocalFile(action.path, options);
  const mode = (action.mode ?? before?.mode ?? 0o644).toString(8);
  const owner = `${action.owner ?? before?.owner ?? ''}:${action.group ?? before?.group ?? ''}`;
  const path = await linkedPath(action.path, options);
  const beside = `${path}.claw-run-${randomBytes(6).toString('hex')}`;
  const must = async (argv: readonly string[], stdin?: string | Secret) => {
    const result = await runCommand(argv, { ...options, ...(stdin === undefined ? {} : { stdin }) });
    if (result.exit !== 0)
      throw new ClawError('action-failed', `cannot write ${action.path}: ${result.stderr.trim()}`);
  };
  try {
    await must(['install', '-m', '600', '/dev/null', beside]);
    await must(['dd', 'conv=fsync', 'status=none', `of=${beside}`], action.content);
    if (owner !== ':') await must(['chown', owner.replace(/:$/, ''), beside]);
    await must(['chmod', mode, beside]);
    await must(['mv', '-fT', beside, path]);
  } finally {
    await runCommand(['rm', '-f', beside], options);
  }
}

/** Where a link leads; the path itself where it is none. */
async function linkedPath(path: string, options: CommandOptions): Promise<string> {
  const { exit, stdout } = await runCommand(['readlink', '-f', '-z', '--', path], options);
  return exit === 0 ? stdout.replace(/\0$/, '') : path;
}

async function contentOf(path: string, options: CommandOptions): Promise<string> {
  const result = await runCommand(['cat', '--', path], options);
  if (result.exit !== 0) throw new ClawError('forbidden', `cannot read ${path}: ${result.stderr.trim()}`);
  return result.stdout;
}
