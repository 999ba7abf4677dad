import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Runbook } from '@claw-run/core';
import { ClawError } from '@claw-run/core';
import { createJournalStore, neededRights } from '@claw-run/engine';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { bindTargets, manyTarget, type Reach } from '../run/bind-targets.ts';
import type { Interrupt } from '../run/interrupt.ts';
import type { Params } from '../run/params.ts';
import { whoAmI } from '../run/state-folder.ts';
import { grantManifests } from './grant-manifests.ts';
import { manifestsYaml } from './manifest.ts';

export interface GrantsOf {
  readonly file: string;
  readonly runbook: Runbook;
  readonly params: Params;
  readonly reach: Reach;
  readonly interrupt: Interrupt;
  readonly select: (id: string) => string | undefined;
}

/** `claw-run plan RUNBOOK --grants`: manifests by which a cluster can run it by itself. Gives the exit code. @throws ClawError, UsageError */
export async function printGrants(context: Context, of: GrantsOf): Promise<number> {
  const { io, options } = context;
  const { runbook, params, reach, interrupt } = of;
  const many = manyTarget(runbook, reach);
  if (many !== undefined)
    throw new UsageError(
      `the target ${many.name} stands for many hosts, and --grants is for one`,
      `bind it: --target ${many.name}=HOST`,
    );
  const bound = await bindTargets(runbook, reach);
  try {
    const { outcome, rights } = await neededRights({
      runbook,
      connections: bound.connections,
      bindings: bound.bindings,
      params,
      journals: createJournalStore(reach.stateFolder),
      signal: interrupt.signal,
      who: whoAmI(),
      redactor: io.redactor,
      select: of.select,
    });
    if (rights === undefined) {
      const [first] = outcome.problems;
      throw new ClawError(first?.code ?? 'forbidden', first?.message ?? 'the targets cannot be read', {
        problems: outcome.problems,
        hint: 'whoever makes the manifests has to be able to read all that the runbook reads',
      });
    }
    const { manifests, notes } = grantManifests({ ...of, rights, bindings: bound.bindings, options });
    const objects = manifests.map(({ manifest }) => manifest);
    if (outputOf(context) === 'json' && options.out === undefined)
      answerJson(context, { manifests: objects, notes });
    else await give(context, manifestsYaml(manifests, notes));
    return 0;
  } finally {
    await bound.close();
  }
}

async function give({ io, options }: Context, text: string): Promise<void> {
  if (options.out === undefined) {
    io.out(text);
    return;
  }
  try {
    await writeFile(resolve(io.cwd, options.out), io.redactor.redact(text));
  } catch (error) {
    throw new UsageError(
      `the manifests cannot be written to ${options.out}: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
  if (options.quiet !== true) io.err(`saved in ${options.out}\n`);
}
