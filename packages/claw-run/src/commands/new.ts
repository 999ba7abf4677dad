import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { runbookSchemaText } from '@claw-run/runbook';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { plain } from '../render/style.ts';
import { editorSchemaOf, writeEditorSchema } from '../run/editor-schema.ts';
import { loadLibrary } from '../run/load-library.ts';

/**
 * `claw-run new NAME`: a commented runbook to start from, in ./runbooks where there is such a folder. It names the schema that
 * editors load for it; where there is none yet, one is written beside it.
 */
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
  const text = runbookSchemaText(await loadLibrary(options.library, io.cwd));
  const schema = await editorSchemaOf(dirname(resolve(io.cwd, file)), io.cwd);
  try {
    await writeFile(resolve(io.cwd, file), starter(name, schema.reference), { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === 'EEXIST' ? `${file} is there already` : `${file} cannot be written: ${code}`,
    );
  }
  const schemaFile = shortest(schema.path, io.cwd);
  const fault = schema.text === undefined ? await writeEditorSchema(schema, text) : undefined;
  const made = schema.text === undefined && fault === undefined;
  if (outputOf(context) === 'json') answerJson(context, { file, schema: schemaFile, schemaMade: made });
  else io.out(made ? `${file}\n${schemaFile}\n` : `${file}\n`);
  const renew = `claw-run schema -o ${schemaFile}`;
  if (fault !== undefined)
    io.err(
      `warning: ${plain(schemaFile)} cannot be written: ${fault}. Editors complete nothing without it: ${plain(renew)}\n`,
    );
  else if (schema.text !== undefined && schema.text !== text)
    io.err(
      `warning: ${plain(schemaFile)}, which editors load, is not what this claw-run makes. ` +
        `Renew it: ${plain(renew)} (with --library FILE where it has steps of your own)\n`,
    );
  return 0;
}

function shortest(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.length < path.length ? way : path;
}

function starter(name: string, schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# A runbook names one incident, the causes it can have, the steps that mend each and the checks that prove it.
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
