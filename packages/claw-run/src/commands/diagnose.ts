import { commandLine, runAgain } from '../cli/follow-up.ts';
import { UsageError } from '../cli/usage-error.ts';
import { answerJson, type Context, outputOf } from '../context.ts';
import { createStyle, plain, plainJson } from '../render/style.ts';
import { execute } from '../run/execute.ts';
import { type Found, findRunbooks } from '../run/find-runbooks.ts';
import { type Interrupt, watchInterrupts } from '../run/interrupt.ts';
import { isConfigured } from '../run/kubeconfig.ts';
import { loadLibrary } from '../run/load-library.ts';
import { type Match, matchLog } from '../run/match-log.ts';
import { factsOfLog, openRunbook, readLog } from '../run/open-runbook.ts';
import { collectParams } from '../run/params.ts';
import { openReach } from '../run/reach.ts';
import { withLibrariesOf } from '../run/runbook-libraries.ts';

/** `claw-run diagnose [RUNBOOK|LOGFILE|-]`: the causes of an incident; from a log, first the runbook that mends it. */
export async function call(context: Context): Promise<number> {
  const { options, operands } = context;
  const [subject] = operands;
  if (options.log !== undefined && subject !== undefined && !isRunbook(subject)) {
    throw new UsageError('--log and a log as operand are the same', 'give one of them');
  }
  const interrupt = watchInterrupts(context);
  try {
    if (subject !== undefined && isRunbook(subject)) return await diagnoseFile(subject, context, interrupt);
    const log = subject ?? options.log;
    return log === undefined
      ? await diagnoseAll(context, interrupt)
      : await diagnoseLog(log, context, interrupt);
  } finally {
    interrupt.end();
  }
}

async function diagnoseFile(file: string, call: Context, interrupt: Interrupt): Promise<number> {
  const context = await withLibrariesOf(file, call);
  const library = await loadLibrary(context.options.library, context.io.cwd);
  const runbook = await openRunbook(file, library, context);
  return diagnose({ file, runbook, context }, await factsOfLog(runbook, context), { interrupt });
}

/** Without an operand: every runbook there is. */
async function diagnoseAll(context: Context, interrupt: Interrupt): Promise<number> {
  const found = await runbooksHere(context);
  let worst = 0;
  for (const each of found) {
    if (each !== found[0] && outputOf(context) === 'human') context.io.out('\n');
    worst = Math.max(worst, await diagnose(each, {}, { interrupt }));
  }
  return worst;
}

async function diagnoseLog(log: string, context: Context, interrupt: Interrupt): Promise<number> {
  const { io } = context;
  const text = await readLog(log, context);
  const matches = matchLog(text, await runbooksHere(context));
  tellMatches(matches, log, context);
  const [best] = matches;
  if (best === undefined) return 0;
  if (
    best.runbook.targets.some(({ kind }) => kind === 'cluster') &&
    context.options.sandbox === undefined &&
    !isConfigured({ kubeconfig: context.options.kubeconfig, env: io.env })
  ) {
    if (outputOf(context) === 'human') {
      io.out(
        `\nNo cluster is configured, so its causes were not looked at. With one: ${plain(commandLine(['claw-run', 'diagnose', best.file, '--log', log]))}\n`,
      );
    }
    return 0;
  }
  if (outputOf(context) === 'human') io.out('\n');
  return diagnose(best, best.facts, { interrupt, log });
}

async function diagnose(
  { file, runbook, context }: Found,
  facts: { readonly [name: string]: string },
  { interrupt, log }: { interrupt: Interrupt; log?: string },
): Promise<number> {
  const { reach, params: known, close } = await openReach(context, interrupt, runbook);
  try {
    const params = await collectParams(runbook.params, context, known);
    const next = reach.practice === true ? undefined : runAgain(file, context, log);
    const outcome = await execute(context, {
      runbook,
      params,
      facts,
      reach,
      interrupt,
      manner: { mode: 'diagnose', practice: reach.practice, next },
    });
    const found = outcome.causes.some(({ finding }) => finding === 'found');
    return outcome.status === 'ok' && found && context.options.detailedExitcode === true ? 10 : outcome.exit;
  } finally {
    await close();
  }
}

async function runbooksHere(context: Context): Promise<readonly Found[]> {
  const { io, options } = context;
  const { found, broken } = await findRunbooks(options.runbooks ?? [], context);
  for (const { file } of broken)
    io.err(`warning: ${plain(file)} is invalid and left out; claw-run validate tells why\n`);
  if (found.length > 0) return found;
  throw new UsageError('there are no runbooks in ./runbooks', 'name a runbook, or a folder with --runbooks');
}

function tellMatches(matches: readonly Match[], log: string, context: Context): void {
  const { io } = context;
  if (outputOf(context) === 'json') {
    const told = matches.map(({ file, runbook, codes, symptoms, facts }) => ({
      file,
      runbook: runbook.name,
      title: runbook.title,
      codes,
      symptoms,
      facts,
    }));
    answerJson(context, {
      type: 'runbooks.matched',
      at: new Date().toISOString(),
      run: null,
      log,
      matches: told,
    });
    return;
  }
  const style = createStyle(io.color.out);
  if (matches.length === 0) {
    io.out(`No runbook here knows what ${log === '-' ? 'the log' : plain(log)} shows.\n`);
    return;
  }
  for (const { file, runbook, codes, symptoms, facts } of plainJson([...matches])) {
    io.out(`${style.bold(file)}: ${plain(runbook.title)}\n`);
    const why = [...codes, ...symptoms.map((pattern) => `/${pattern}/`)];
    io.out(`  the log shows ${why.join(', ')}\n`);
    for (const [name, value] of Object.entries(facts)) io.out(`  ${name}: ${value}\n`);
  }
}

function isRunbook(subject: string): boolean {
  return /\.ya?ml$/.test(subject);
}
