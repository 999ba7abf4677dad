import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';

/** `claw-run new NAME`: a commented runbook to start from, in ./runbooks where there is such a folder. */
export async function call(context: Context): Promise<number> {
  const { io, options, operands } = context;
  const [name = ''] = operands;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new UsageError(
      `${JSON.stringify(name)} is no name for a runbook`,
      'small letters, digits and dashes: disk-full',
    );
  }
  const folder = existsSync(resolve(io.cwd, 'runbooks')) ? 'runbooks' : '.';
  const file = options.out ?? join(folder, `${name}.yaml`);
  try {
    await writeFile(resolve(io.cwd, file), starter(name), { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === 'EEXIST' ? `${file} is there already` : `${file} cannot be written: ${code}`,
    );
  }
  if (outputOf(context) === 'json') answerJson(context, { file });
  else io.out(`${file}\n`);
  return 0;
}

function starter(name: string): string {
  return `# A runbook names one incident, the causes it can have, the steps that mend each and the checks that prove it.
# claw-run validate ${name}.yaml      checks it        claw-run list           shows what \`uses\` can name
# claw-run --check ${name}.yaml       plans, no change claw-run explain STEP   shows what a step takes
runbook: ${name}
version: 1
title: What is wrong, in the words of whoever is called at night
fixes: [${name}]                      # error codes: \`claw-run diagnose LOGFILE\` finds the runbook by these
symptoms:                             # ... and by these patterns (RE2); named groups become facts
  - "service account '(?<account>[^']+)' is not allowed"

params:
  namespace: { type: string, default: production, summary: Namespace of the workload }
  # token: { type: secret, from: [env:CLAW_TOKEN, prompt] }

targets:
  cluster: { kind: cluster }          # bound by --context, --kubeconfig or KUBECONFIG

causes:                               # found when its check fails, excluded when it passes, unknown when it cannot be told
  rights:
    title: The workload's account may not read config maps
    uses: kubernetes.can-i
    on: cluster
    with:
      as: system:serviceaccount:\${{ params.namespace }}:app
      can: [get configmaps]

steps:                                # done in this order; each is planned, shown and agreed to before, and can be undone
  - id: account
    name: Give the workload an account of its own
    if: causes.rights.found
    uses: kubernetes.service-account
    on: cluster
    with: { name: app, namespace: '\${{ params.namespace }}' }

verify:                               # proof that the incident is over
  - name: The account may read config maps
    if: causes.rights.found
    uses: kubernetes.can-i
    on: cluster
    with:
      as: system:serviceaccount:\${{ params.namespace }}:app
      can: [get configmaps]
    within: 30s

on-failure: roll-back                 # roll-back | stop | continue
`;
}
