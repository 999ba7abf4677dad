import { dirname } from 'node:path/posix';
import type { HostAction, HostRead } from '@claw-run/core';

/** The paths that must not lead elsewhere: of what is removed the folder alone, since no link is followed there. None for a session of somebody else. */
export function followedPaths(wanted: HostRead | HostAction): readonly string[] {
  if ('read' in wanted && wanted.read === 'file') return [wanted.path];
  if ('do' in wanted && wanted.do === 'write') return [wanted.path];
  if ('do' in wanted && wanted.do === 'remove') return [dirname(wanted.path)];
  return wanted.as === undefined ? (wanted.paths ?? []) : [];
}
