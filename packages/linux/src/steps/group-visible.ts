import { defineEvent, type HostAction, isRefused, refused } from '@claw-run/core';
import * as z from 'zod';
import {
  type LayerInput,
  layerFacts,
  layerInput,
  layersOf,
  moreLayerFacts,
  processesWithout,
  type SeenLayers,
  sessionsText,
  staleLayers,
  staleText,
} from '../lib/group-layers.ts';

const input = layerInput.extend({
  flush: z
    .boolean()
    .default(true)
    .describe('Make the layers that are stale forget, and only those; `false` waits for them'),
  sessions: z
    .enum(['listed', 'required'])
    .default('listed')
    .describe(
      'Running sessions cannot be given a group: they are listed, or, where `required`, waited for until none is without it',
    ),
});

export const groupVisible = defineEvent({
  id: 'linux.group-visible',
  on: 'host',
  summary: 'A membership is seen by everything between the directory and a new session of the user',
  description:
    'Looks at the directory (or /etc/group), the cache of sssd, nscd, a scheduler that remembers groups itself, and the running sessions, one ' +
    'by one. The layer that is stale is named with how long it may stay so; `flush` makes just the stale ones forget, in order. Without ' +
    '`flush`, give the step a `timeout` that is longer than what the layers keep. Sources: sss_cache(8), sssd.conf(5), nscd(8), credentials(7).',
  risk: 'routine',
  settlesWithinSeconds: 60,
  input,
  examples: [
    { title: 'After a change in LDAP', with: { user: 'lalice', group: 'claw-ldap' } },
    {
      title: 'With a scheduler that asks rarely',
      with: {
        user: 'alice',
        group: 'claw-users',
        scheduler: { groups: ['clw', 'groups', 'alice', '--format', 'json'], keepsSeconds: 300 },
      },
    },
  ],
  facts: (input) => layerFacts(input),
  moreFacts: (input, seen) => moreLayerFacts(input, seen),
  needed: (input, seen) => {
    const layers = layersOf(input, seen);
    if (isRefused(layers)) return layers;
    const [source] = layers;
    if (source?.has === false)
      return refused(
        `${source.name} does not have ${input.user} in ${input.group}`,
        'add the user first: linux.group-member',
      );
    const without = processesWithout(seen);
    return (
      staleText(input, layers) ??
      (input.sessions === 'required' && without.length > 0 ? sessionsText(without) : undefined)
    );
  },
  actions: (input, seen) => (input.flush ? flushes(input, seen) : []),
  done: (input, seen) => {
    const layers = layersOf(input, seen);
    if (isRefused(layers)) return { progress: 'failed', because: layers.refused };
    const without = processesWithout(seen);
    const evidence = { layers: layers.map(({ name, has }) => ({ name, has })), without };
    const stale = staleText(input, layers);
    if (stale !== undefined) return { progress: 'pending', because: stale, evidence };
    if (!seen.processes.visible && input.sessions === 'required')
      return {
        progress: 'failed',
        because: 'processes of others are hidden (hidepid): log in as root',
        evidence,
      };
    if (without.length > 0 && input.sessions === 'required')
      return { progress: 'pending', because: sessionsText(without), evidence };
    const seenBy = layers.filter(({ has }) => has === true).map(({ name }) => name);
    const told = without.length === 0 ? '' : `. ${sessionsText(without)}`;
    return {
      progress: 'done',
      because: `${input.user} is in ${input.group} for ${seenBy.join(', ')}${told}`,
      evidence,
    };
  },
  undo: { again: 'the caches forget the membership that was taken back' },
  output: (_input, seen) => ({ without: processesWithout(seen) }),
});

/** Each layer asks the one before it, so they forget in that order. */
function flushes(input: LayerInput, seen: SeenLayers): readonly HostAction[] {
  const layers = layersOf(input, seen);
  if (isRefused(layers)) return [];
  return staleLayers(layers).flatMap(({ layer }): readonly HostAction[] => {
    switch (layer) {
      case 'sssd':
        return [sssdFlush(input)];
      case 'nscd':
        return [{ do: 'run', argv: ['nscd', '-i', 'group'], sudo: true, changes: ['cache nscd'] }];
      case 'scheduler': {
        const { flush, sudo } = input.scheduler ?? {};
        return flush === undefined
          ? []
          : [{ do: 'run', argv: flush, ...(sudo ? { sudo } : {}), changes: ['cache scheduler'] }];
      }
      default:
        return [];
    }
  });
}

/** Both are needed: what groups a user has is kept with the user, who is in a group with the group (sss_cache(8)). */
export function sssdFlush({ user, group }: { readonly user: string; readonly group: string }): HostAction {
  return { do: 'run', argv: ['sss_cache', '-u', user, '-g', group], sudo: true, changes: ['cache sssd'] };
}
