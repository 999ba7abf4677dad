import {
  type AnyEvent,
  type AnyState,
  type Cause,
  ClawError,
  type ClusterRead,
  type Connection,
  type Definition,
  type HostRead,
  isObject,
  problemOf,
  readKey,
  type Use,
} from '@claw-run/core';
import { createContext, ended } from './context.ts';
import { diagnose } from './diagnose.ts';
import type { Grant } from './grant.ts';
import { newIdentity } from './identity.ts';
import { checkInterrupt } from './interrupt.ts';
import { inputOf, lookAt } from './look.ts';
import { planStep, type Select } from './plan.ts';
import { isClusterAction } from './predict.ts';
import { refuseUnread } from './preflight.ts';
import { readsOf } from './read-grants.ts';
import type { RunOptions, RunOutcome } from './run-options.ts';
import type { Session } from './session.ts';
import type { SudoGrant } from './sudo-grant.ts';
import { type Act, sumRights, type TargetRead } from './sum-rights.ts';
import { type PossibleActions, possibleActions, refsOf, rulesWritten } from './what-if.ts';

/** What a run needs to be allowed, whichever causes it finds. */
export interface NeededRights {
  /** For the lookups and the causes alone: what a diagnosis takes. */
  readonly diagnosis: readonly Grant[];
  /** For all of a run: its diagnosis, changes, roll back, verification and lock. */
  readonly run: readonly Grant[];
  /** Rights that are in `run` because the run writes roles that give them: RBAC wants them of whoever writes such a role. */
  readonly handedOn: readonly Grant[];
  /** What sudo does not grant on hosts. */
  readonly sudo: readonly SudoGrant[];
  /** Programs that are run on hosts, by target. */
  readonly programs: { readonly [target: string]: readonly string[] };
  /** Parts of the runbook whose rights are not among these, or not all. */
  readonly open: readonly OpenPart[];
}

/** A part of a runbook, and why its rights could not all be told. */
export interface OpenPart {
  readonly id: string;
  readonly part: 'lookup' | 'cause' | 'step' | 'verification';
  readonly because: string;
}

/**
 * The rights that a run of the runbook takes, on all its ways: planned with no cause, with each alone and with all causes found, from what is there now.
 * Reads only. Who asks has to be able to read all of it.
 */
export async function neededRights(
  options: RunOptions,
): Promise<{ readonly outcome: RunOutcome; readonly rights?: NeededRights }> {
  const reads = new Map<string, TargetRead>();
  const connections = Object.fromEntries(
    Object.entries(options.connections).map(([target, connection]) => [
      target,
      remembering(connection, (read) => reads.set(`${target} ${readKey(read)}`, { target, read })),
    ]),
  );
  const identity = options.identity ?? (await newIdentity(options.now?.() ?? new Date()));
  const context = createContext({ ...options, connections, mode: 'plan' }, identity);
  let rights: NeededRights | undefined;
  const outcome = await context.conclude(async () => {
    const { session } = context;
    const { causes, blocked } = await diagnose(session);
    context.causes = causes;
    if (blocked.length > 0) return refuseUnread(context, blocked);
    const found = createFindings(session);
    for (const [part, uses] of [
      ['lookup', session.runbook.lookups],
      ['cause', session.runbook.causes],
    ] as const)
      for (const use of uses) await look(found, part, use);
    const diagnosis = [...reads.values(), ...found.guessed];
    for (const causes of waysThrough(session)) await walk(found, causes, options.select ?? (() => undefined));
    const all = [...reads.values(), ...found.guessed];
    const open = [...found.unseen].flatMap(([key, each]) => (found.seen.has(key) ? [] : [each]));
    rights = {
      ...(await sumRights(session, found.acts, { diagnosis, all })),
      open: [...open, ...idle(found.acts), ...found.more.values()],
    };
    return ended('ok');
  });
  return rights === undefined ? { outcome } : { outcome, rights };
}

/** What is gathered on the ways through a runbook. */
interface Findings {
  readonly session: Session;
  readonly guessed: TargetRead[];
  readonly acts: Act[];
  /** Parts that were looked at on one way at least, and those that never were, with the last reason. */
  readonly seen: Set<string>;
  readonly unseen: Map<string, OpenPart>;
  /** What is open although they were looked at. */
  readonly more: Map<string, OpenPart>;
}

function createFindings(session: Session): Findings {
  return { session, guessed: [], acts: [], seen: new Set(), unseen: new Map(), more: new Map() };
}

/** No cause, each alone, all: what is found decides which steps there are, and what they are given. */
function waysThrough({ runbook, scope }: Session): readonly ((cause: Cause) => boolean)[] {
  const now = { ...scope().causes };
  return [
    ({ id }) => now[id]?.found === true,
    ...runbook.causes.map(
      ({ id }) =>
        (cause: Cause) =>
          cause.id === id,
    ),
    () => true,
  ];
}

/** Goes through steps and verification as a run would, with these causes found; whatever it comes by counts as changed. */
async function walk(found: Findings, isFound: (cause: Cause) => boolean, select: Select): Promise<void> {
  const { session } = found;
  const { runbook } = session;
  session.forgetAll();
  for (const cause of runbook.causes) {
    const known = session.scope().causes[cause.id];
    session.setCause(cause.id, {
      ...known,
      found: isFound(cause),
      excluded: !isFound(cause),
      unknown: false,
    });
  }
  for (const { id } of runbook.steps) session.setStep(id, { changed: false, skipped: true });
  const changed: string[] = [];
  for (const step of runbook.steps) {
    const because = select(step.id);
    if (because !== undefined) {
      found.unseen.set(`step ${step.id}`, { id: step.id, part: 'step', because });
      continue;
    }
    if (!(await look(found, 'step', step, changed))) continue;
    await planStep(session, step, { changed });
    const output = session.scope().steps[step.id]?.output;
    session.setStep(step.id, { changed: true, skipped: false, ...(output === undefined ? {} : { output }) });
    changed.push(step.id);
  }
  for (const one of runbook.verify) await look(found, 'verification', one, changed);
}

/** Looks at a part as the run would, and asks what it may do. Gives whether it is on the way. */
async function look(
  found: Findings,
  part: OpenPart['part'],
  use: Use<Definition>,
  changed: readonly string[] = [],
): Promise<boolean> {
  const { session } = found;
  const open = (because: string) => found.unseen.set(`${part} ${use.id}`, { id: use.id, part, because });
  try {
    if (use.if !== undefined && !use.if(session.scope())) {
      open(`its condition is false as things are now, whichever causes are found: ${use.ifText ?? 'if'}`);
      return false;
    }
    found.guessed.push(...readsOf(session, use).map((read) => ({ target: use.on, read })));
    const seen = await lookAt(session.world(use.on), use.uses, inputOf(use, session.scope()), session.signal);
    const looksOnly = use.uses.type === 'check' || use.uses.type === 'lookup';
    // what it reads is known, though not what it will see
    if (seen.look === 'unpredictable' && looksOnly) found.seen.add(`${part} ${use.id}`);
    else if (seen.look === 'unpredictable')
      open(`it is planned once others have run: it needs ${seen.waitsFor}`);
    if (seen.look === 'unreadable') open(seen.problem.message);
    if (seen.look !== 'seen') return true;
    found.seen.add(`${part} ${use.id}`);
    if (looksOnly) return true;
    const occasion = { run: session.run, startedAt: dayAfter(session.startedAt), changed };
    const named = JSON.stringify([seen.input, refsOf(use.uses.facts(seen.input))]);
    const possible = possibleActions(use.uses as AnyState | AnyEvent, seen, occasion);
    const reversible = use.uses.type === 'state' || !('irreversible' in use.uses.undo);
    found.acts.push({ id: use.id, part, target: use.on, named, reversible, ...possible });
    for (const because of limitsOf(possible)) {
      const limit = { id: use.id, part, because };
      found.more.set(JSON.stringify(limit), limit);
    }
    return true;
  } catch (error) {
    checkInterrupt(session.signal);
    if (!(error instanceof ClawError)) throw error;
    open(problemOf(error).message);
    return false;
  }
}

/** The runs that rights are for are still to come. */
function dayAfter(time: string): string {
  return `${new Date(Date.parse(time) + 24 * 3600 * 1000).toISOString().slice(0, 19)}Z`;
}

/** A connection that reads each thing once: all ways through a runbook are asked of the same moment. */
function remembering(connection: Connection, asked: (read: ClusterRead | HostRead) => void): Connection {
  const answers = new Map<string, Promise<unknown>>();
  return {
    ...connection,
    read(read, options) {
      asked(read);
      const key = readKey(read);
      const known = answers.get(key) ?? connection.read(read, options);
      answers.set(key, known);
      return known;
    },
  };
}

/** Parts that would do nothing on any way, whatever their facts were: some world must be for which they are there. */
function idle(acts: readonly Act[]): readonly OpenPart[] {
  const because = 'as things are now it would do nothing, so what it may do is not known';
  return [...Map.groupBy(acts, ({ part, id }) => `${part} ${id}`).values()].flatMap((own) => {
    const [first] = own;
    const acting = own.some(({ sure, madeUp }) => sure.length + madeUp.length > 0);
    return first === undefined || acting ? [] : [{ id: first.id, part: first.part, because }];
  });
}

/** What no role that is given beforehand can hold. */
function limitsOf({ now, sure }: PossibleActions): readonly string[] {
  const urls = sure.filter(isClusterAction).flatMap(rulesWritten).some(isOfUrls);
  const namespaces = now.flatMap((action) =>
    action.do === 'create' && action.object.kind === 'Namespace' ? [action.object.metadata.name] : [],
  );
  return [
    ...(urls ? ['it gives rights to URLs, which whoever gives them has to hold'] : []),
    ...namespaces.map(
      (name) =>
        `it makes the namespace ${name}, and no Role can be put there before: create it, then apply these`,
    ),
  ];
}

function isOfUrls(rule: unknown): boolean {
  return isObject(rule) && Array.isArray(rule.nonResourceURLs) && rule.nonResourceURLs.length > 0;
}
