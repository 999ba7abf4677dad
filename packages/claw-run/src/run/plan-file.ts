import { randomBytes } from 'node:crypto';
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import {
  ClawError,
  equal,
  isObject,
  type Json,
  type JsonObject,
  type PlannedStep,
  type Problem,
  type Redactor,
  type Runbook,
  stableStringify,
  systemReason,
} from '@claw-run/core';
import {
  assertTrusted,
  decrypt,
  encrypt,
  openValue,
  type RunOutcome,
  readStateKey,
  type Sealed,
  type StateKey,
  sealValue,
} from '@claw-run/engine';
import { UsageError } from '../cli/usage-error.ts';
import { version } from '../version.ts';
import { bindTargets, type Reach } from './bind-targets.ts';
import type { Params } from './params.ts';
import { ownersOf } from './state-folder.ts';

const format = 'claw-run plan 2';
const again = 'make it anew with claw-run plan RUNBOOK -o FILE';

/** A saved plan: what was agreed to, secrets included, and what it takes to plan the same again. */
export interface PlanFile {
  readonly format: typeof format;
  readonly version: string;
  readonly run: string;
  readonly startedAt: string;
  readonly runbook: string;
  readonly sources: { readonly [file: string]: string };
  /** The modules that its own steps are from, by absolute path. */
  readonly libraries?: readonly string[];
  readonly params: Params;
  readonly facts: { readonly [name: string]: string };
  readonly selection: { readonly from?: string; readonly only?: readonly string[] };
  readonly bindings: JsonObject;
  readonly steps: readonly PlannedStep[];
}

export interface ToSave {
  readonly runbook: Runbook;
  readonly params: Params;
  readonly facts: { readonly [name: string]: string };
  readonly selection: PlanFile['selection'];
  readonly bindings: JsonObject;
  readonly outcome: RunOutcome;
  readonly redactor: Redactor;
  readonly keyFile: string;
}

interface ToRead {
  readonly keyFile: string;
  readonly redactor: Redactor;
  readonly env: NodeJS.ProcessEnv;
}

/** Writes a plan, for its owner alone, signed and with its secrets sealed. */
export async function savePlan(path: string, plan: ToSave): Promise<void> {
  const { runbook, outcome } = plan;
  const key = await readStateKey(plan.keyFile, { make: true });
  const body = sealPlan(
    {
      format,
      version,
      run: outcome.run,
      startedAt: outcome.startedAt,
      runbook: runbook.name,
      sources: runbook.sources,
      ...(runbook.libraries === undefined ? {} : { libraries: runbook.libraries }),
      params: plan.params,
      facts: plan.facts,
      selection: plan.selection,
      bindings: plan.bindings,
      steps: outcome.steps as unknown as Json,
    },
    { key, run: outcome.run, redactor: plan.redactor },
  );
  const signed = { ...body, key: key.id, mac: key.sign('plan', [stableStringify(body)]) };
  try {
    await writeForOwner(path, `${JSON.stringify(signed, null, 2)}\n`);
  } catch (error) {
    throw new UsageError(`the plan cannot be written to ${path}: ${systemReason(error)}`);
  }
}

/**
 * Reads a saved plan, secrets and all. @throws UsageError where it is none; ClawError `untrusted` where others can write it, `stale-plan` where it was
 * altered, or signed with another key
 */
export async function readPlan(path: string, name: string, options: ToRead): Promise<PlanFile> {
  await assertTrusted(path, `the plan ${name}`, {
    alone: true,
    owners: ownersOf(options.env),
    instead: again,
  });
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the plan ${name} cannot be read: ${error.code}`);
  });
  const plan = parsed(text);
  if (typeof plan?.format !== 'string' || !plan.format.startsWith('claw-run plan '))
    throw new UsageError(`${name} is not a saved plan`, 'claw-run plan RUNBOOK -o FILE makes one');
  if (plan.format !== format) throw new UsageError(`${name} was saved by another version of claw-run`, again);
  const key = await readStateKey(options.keyFile);
  const { key: id, mac, ...body } = plan;
  if (mac !== key.sign('plan', [stableStringify(body)])) {
    const why =
      id === key.id
        ? 'was altered after it was saved'
        : `was signed with another key than ${options.keyFile}`;
    const hint = id === key.id ? again : `${again}; or give the key that it was made with: --key-file FILE`;
    throw new ClawError('stale-plan', `the plan ${name} ${why}`, { hint });
  }
  return openPlan(body, { key, run: String(body.run), redactor: options.redactor });
}

/** Says what differs between the plan that was agreed to and the one that the world calls for now, or nothing. */
export function compareWith(agreed: readonly PlannedStep[]) {
  const essential = (step: PlannedStep | undefined) => (step === undefined ? null : (essence(step) as Json));
  return (planned: readonly PlannedStep[]): Problem | undefined => {
    const ids = [...new Set([...agreed, ...planned].map(({ id }) => id))];
    const moved = ids.filter((id) => {
      const find = (steps: readonly PlannedStep[]) => steps.find((step) => step.id === id);
      return !equal(essential(find(agreed)), essential(find(planned)));
    });
    if (moved.length === 0) return undefined;
    const names = moved.map((id) => {
      const step = [...planned, ...agreed].find((each) => each.id === id);
      const now = planned.find((each) => each.id === id)?.plan;
      const then = agreed.find((each) => each.id === id)?.plan;
      return `${step?.name} (was ${wordOf(then)}, is ${wordOf(now)}${now === undefined ? '' : `: ${now.because}`})`;
    });
    return {
      code: 'stale-plan',
      message: `the target changed since the plan was made: ${names.join('; ')}`,
      hint: 'plan again, look at it, and apply that',
    };
  };
}

/** What a journal or a plan needs to find the same targets again. */
export async function bindingsOf(runbook: Runbook, reach: Reach): Promise<JsonObject> {
  const bound = await bindTargets(runbook, reach);
  await bound.close();
  return bound.bindings;
}

/** What was agreed to in a step: steps that change nothing count as one, whatever the words. */
function essence({ id, uses, on, with: inputs, plan }: PlannedStep) {
  if (plan.plan !== 'change') return { id, plan: plan.plan === 'refused' ? 'refused' : 'nothing' };
  return { id, uses, on, with: inputs, diff: plan.diff, actions: plan.actions, deferred: plan.deferred };
}

function wordOf(plan: PlannedStep['plan'] | undefined): string {
  return plan === undefined
    ? 'absent'
    : { change: 'a change', settled: 'settled', skipped: 'skipped', refused: 'refused' }[plan.plan];
}

interface Seal {
  readonly key: StateKey;
  readonly run: string;
  readonly redactor: Redactor;
}

function sealPlan(body: JsonObject, { key, run, redactor }: Seal): JsonObject {
  const box = { key: key.cipherKey('plan seal'), name: ['plan', run] };
  const seal = (text: string) => ({ ...encrypt(box, text) });
  const { sources, ...rest } = body;
  return { sources, ...(sealValue(rest, redactor, { apart: seal, inPlace: seal }) as JsonObject) };
}

function openPlan(body: Record<string, unknown>, { key, run, redactor }: Seal): PlanFile {
  const box = { key: key.cipherKey('plan seal'), name: ['plan', run] };
  const open = (mark: unknown) => decrypt(box, mark as Sealed) ?? '';
  return openValue(body, { apart: open, inPlace: open }, redactor) as PlanFile;
}

/** A file that was there is not written to, since others may have it open: it is replaced once all of the new one is there. What is no file (`/dev/stdout`) is written to. */
async function writeForOwner(path: string, text: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile() && !there.isSymbolicLink()) return writeFile(path, text);
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw error;
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
