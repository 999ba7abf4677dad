import { answerJson, type Context, outputOf } from '../context.ts';
import { createStyle, plain, wrap } from '../render/style.ts';
import { findRunbooks } from '../run/find-runbooks.ts';
import { loadLibrary, loadTransports } from '../run/load-library.ts';

/** `claw-run list`: the runbooks found here, and what the libraries offer. */
export async function call(context: Context): Promise<number> {
  const { io, options } = context;
  const library = await loadLibrary(options.library, io.cwd);
  const transports = (await loadTransports(options.library, io.cwd)).map(({ scheme, summary }) => ({
    scheme,
    summary,
  }));
  const { found, broken } = await findRunbooks(options.runbooks ?? [], context);
  const steps = [...library.values()].map(({ id, type, on, summary, ...rest }) => ({
    id,
    type,
    on,
    risk: 'risk' in rest ? rest.risk : 'read-only',
    summary,
  }));
  const runbooks = found.map(({ file, runbook: { name, title, fixes } }) => ({ file, name, title, fixes }));
  if (outputOf(context) === 'json') {
    answerJson(context, { runbooks, broken, steps, ...(transports.length === 0 ? {} : { transports }) });
    return 0;
  }
  const style = createStyle(io.color.out);
  const width = Math.max(...steps.map(({ id }) => id.length), 0);
  io.out(`${style.bold('Runbooks')}\n`);
  if (runbooks.length === 0) io.out('  none in ./runbooks; --runbooks FOLDER looks elsewhere\n');
  for (const { file, title, fixes } of runbooks) {
    io.out(`  ${plain(file)}\n    ${wrap(plain(title), io.width, 4)}\n`);
    if (fixes.length > 0) io.out(`    ${style.dim(`fixes ${plain(fixes.join(', '))}`)}\n`);
  }
  for (const { file } of broken)
    io.out(`  ${plain(file)} ${style.red('(invalid: claw-run validate tells why)')}\n`);
  for (const [type, title] of Object.entries(titles)) {
    io.out(`\n${style.bold(title)}\n`);
    for (const step of steps.filter((each) => each.type === type)) {
      io.out(`  ${step.id.padEnd(width)}  ${wrap(plain(step.summary), io.width, width + 4)}\n`);
    }
  }
  if (transports.length > 0) io.out(`\n${style.bold('Transports')}\n`);
  for (const { scheme, summary } of transports)
    io.out(`  ${scheme}://  ${wrap(plain(summary), io.width, scheme.length + 7)}\n`);
  return 0;
}

const titles = { state: 'States', event: 'Events', check: 'Checks', lookup: 'Lookups' } as const;
