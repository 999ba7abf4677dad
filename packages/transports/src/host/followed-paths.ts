import type { HostAction, HostRead } from '@claw-run/core';

/** The paths that must not lead elsewhere. None for a session of somebody else. */
export function followedPaths(wanted: HostRead | HostAction): readonly string[] {
  if ('read' in wanted && wanted.read === 'file') return [wanted.path];
  if ('do' in wanted && wanted.do !== 'run') return [wanted.path];
  return wanted.as === undefined ? (wanted.paths ?? []) : [];
}
