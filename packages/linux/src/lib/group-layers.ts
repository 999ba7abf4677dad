import type { Fact, Refused } from '@claw-run/core';
import { refused } from '@claw-run/core';
import * as z from 'zod';
import { type Account, account } from '../facts/account.ts';
import { type DirectoryView, directoryOf, directoryView } from '../facts/directory.ts';
import { type Group, knownGroup, localGroup } from '../facts/group.ts';
import {
  loginGids,
  type Nscd,
  nscd,
  type SchedulerGroups,
  schedulerGroups,
  sssdGids,
} from '../facts/membership.ts';
import { type Processes, processes } from '../facts/processes.ts';
import { type SssdConfig, sssdConfig } from '../facts/sssd-config.ts';
import { argv, directory, groupName, userName } from '../inputs.ts';
import { innerGroups, lists } from './dn.ts';
import { withoutRead } from './same-read.ts';

/** A scheduler that remembers groups itself. */
const scheduler = z
  .strictObject({
    name: z.string().min(1).default('the scheduler').describe('How it is called in messages'),
    groups: argv.describe(
      'Command that prints the groups of the user as the scheduler sees them: names or numbers, in any notation',
    ),
    as: userName.optional().describe('Who runs it, in a fresh login session; who is logged in where absent'),
    sudo: z.boolean().default(false).describe('Run both commands as root'),
    flush: argv.optional().describe('Command that makes it forget'),
    keepsSeconds: z.number().positive().optional().describe('How long it remembers'),
  })
  .describe('A scheduler that remembers groups itself');

export const layerInput = z.strictObject({
  user: userName,
  group: groupName,
  directory: directory.describe('Where the directory is; taken from sssd.conf where absent'),
  scheduler: scheduler.optional(),
});

export type LayerInput = z.output<typeof layerInput>;

export function layerFacts({ user, group }: LayerInput) {
  return { account: account(user), local: localGroup(group), known: knownGroup(group), sssd: sssdConfig() };
}

interface SeenFirst {
  readonly account: Account | null;
  readonly local: Group | null;
  readonly known: Group | null;
  readonly sssd: SssdConfig | null;
}

export interface SeenLayers extends SeenFirst {
  readonly directory: DirectoryView | null;
  readonly bySssd: readonly number[] | null;
  readonly atLogin: readonly number[] | null;
  readonly nscd: Nscd | null;
  readonly byScheduler: SchedulerGroups | null;
  readonly processes: Processes;
}

/** What a local group does not take is not read: it is in no directory, and not kept by sssd. */
export function moreLayerFacts(input: LayerInput, seen: SeenFirst) {
  const { user, group, scheduler } = input;
  const like = localGroup(group);
  const from = directoryOf(input.directory, seen.sssd);
  const inDirectory = seen.local === null && seen.account !== null;
  const none = <V>(key: string): Fact<'host', V | null> => withoutRead<V | null>(like, key, null);
  return {
    directory:
      inDirectory && !('missing' in from)
        ? directoryView(from, group, user)
        : none<DirectoryView>('no directory'),
    bySssd: inDirectory ? sssdGids(user, group) : none<readonly number[]>('no groups by sssd'),
    atLogin: loginGids(user, group),
    nscd: nscd(),
    byScheduler:
      scheduler === undefined ? none<SchedulerGroups>('no scheduler') : schedulerGroups(scheduler, group),
    processes:
      seen.account === null
        ? withoutRead<Processes>(like, 'no processes', { visible: true, list: [] })
        : processes(seen.account),
  };
}

/** One place that answers whether a user is in a group. */
export type Layer = {
  readonly layer: 'local' | 'directory' | 'sssd' | 'nscd' | 'name service' | 'scheduler';
  /** How it is called in messages. */
  readonly name: string;
  readonly has: boolean | null;
  /** How long it may keep an answer that is out of date, in words. */
  readonly keeps?: string;
  readonly because?: string;
};

/** Who answers, from the source to what asks last; or why there is nothing to answer. */
export function layersOf(input: LayerInput, seen: SeenLayers): readonly Layer[] | Refused {
  const { account, local, known, directory } = seen;
  if (account === null)
    return refused(`there is no user ${input.user}`, 'make the account first, or correct `user`');
  const gid = local?.gid ?? (directory?.ok ? directory.group?.gid : undefined) ?? known?.gid;
  if (gid === undefined)
    return refused(`there is no group ${input.group}`, 'correct `group`, or make it first: linux.group');
  const primary = account.gid === gid;
  return [sourceOf(input, seen, primary), ...cachesOf(seen, gid), ...schedulerOf(input, seen, gid)];
}

function sourceOf({ user, group }: LayerInput, { local, directory }: SeenLayers, primary: boolean): Layer {
  if (local !== null)
    return { layer: 'local', name: '/etc/group', has: primary || local.members.includes(user) };
  const name = 'the directory';
  if (directory === null)
    return {
      layer: 'directory',
      name,
      has: null,
      because: 'it is not known where it is: give `directory.uri`',
    };
  if (!directory.ok) return { layer: 'directory', name, has: null, because: directory.because };
  if (directory.group === null)
    return { layer: 'directory', name, has: false, because: `it has no group ${group}` };
  const has = lists(directory.group, user, directory.user?.dn);
  const [inner] = innerGroups(directory.group);
  if (!has && !primary && inner !== undefined)
    return {
      layer: 'directory',
      name,
      has: null,
      because: `${inner} may have ${user}, and groups in groups are not looked into`,
    };
  return { layer: 'directory', name, has: primary || has };
}

function cachesOf(
  { local, sssd, bySssd, atLogin, nscd, account }: SeenLayers,
  gid: number,
): readonly Layer[] {
  const inSssd = (bySssd?.includes(gid) ?? false) || account?.gid === gid;
  const keeps =
    sssd === null
      ? {}
      : {
          keeps: `${sssd.entrySeconds} s (entry_cache_timeout), and ${sssd.memorySeconds} s in memory (memcache_timeout)`,
        };
  const has = atLogin?.includes(gid) ?? false;
  return [
    ...(local === null ? [{ layer: 'sssd', name: 'the cache of sssd', has: inSssd, ...keeps } as const] : []),
    nscd === null
      ? { layer: 'name service', name: 'the name service (nsswitch.conf)', has }
      : {
          layer: 'nscd',
          name: 'the cache of nscd',
          has,
          keeps: `${nscd.keepsSeconds} s (positive-time-to-live)`,
        },
  ];
}

function schedulerOf(
  { group, scheduler }: LayerInput,
  { byScheduler }: SeenLayers,
  gid: number,
): readonly Layer[] {
  if (scheduler === undefined || byScheduler === null) return [];
  const { name, keepsSeconds } = scheduler;
  if (!byScheduler.ok) return [{ layer: 'scheduler', name, has: null, because: byScheduler.because }];
  const has = byScheduler.words.includes(group) || byScheduler.words.includes(`${gid}`);
  return [
    { layer: 'scheduler', name, has, ...(keepsSeconds === undefined ? {} : { keeps: `${keepsSeconds} s` }) },
  ];
}

/** The layers after the source that do not say what it says; what cannot be asked counts. Without a word of the source: who lack the group. */
export function staleLayers([source, ...rest]: readonly Layer[]): readonly Layer[] {
  const truth = source?.has ?? true;
  return rest.filter(({ has }) => has !== truth);
}

/** The first layer that is stale, in a sentence. */
export function staleText({ user, group }: LayerInput, layers: readonly Layer[]): string | undefined {
  const [first] = staleLayers(layers);
  const [source] = layers;
  if (first === undefined || source === undefined) return undefined;
  if (first.has === null) return `${first.name} cannot be asked: ${first.because ?? 'it does not say why'}`;
  const says = (has: boolean) => (has ? `has ${user} in ${group}` : `lacks ${user} in ${group}`);
  const kept = first.keeps === undefined ? '' : `; it keeps answers for ${first.keeps}`;
  return source.has === null
    ? `${first.name} ${says(first.has)}, and ${source.name} cannot be asked (${source.because ?? 'no answer'})${kept}`
    : `${first.name} still ${says(first.has)}, while ${source.name} ${says(source.has)}${kept}`;
}

/** The user's processes that run without the group: they keep the groups that they were started with. */
export function processesWithout(seen: SeenLayers) {
  const gid =
    seen.local?.gid ?? (seen.directory?.ok ? seen.directory.group?.gid : undefined) ?? seen.known?.gid;
  if (!seen.processes.visible || gid === undefined) return [];
  return seen.processes.list
    .filter(({ gids }) => !gids.includes(gid))
    .map(({ pid, command, session }) => ({ pid, command, session }));
}

/** `3 processes still run without the group: bash (pid 12, session 4), …` */
export function sessionsText(without: ReturnType<typeof processesWithout>): string {
  const told = without
    .slice(0, 5)
    .map(
      ({ pid, command, session }) =>
        `${command} (pid ${pid}${session === null ? '' : `, session ${session}`})`,
    );
  const more = without.length > told.length ? `, and ${without.length - told.length} more` : '';
  const [count, run] = without.length === 1 ? ['1 process', 'runs'] : [`${without.length} processes`, 'run'];
  return `${count} of the user still ${run} without the group: ${told.join(', ')}${more}; log in again, or use newgrp there`;
}
