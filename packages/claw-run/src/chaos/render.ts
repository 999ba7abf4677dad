import type { Context } from '../context.ts';
import { count, createStyle, plain, seconds, wrap } from '../render/style.ts';
import { describeTrial } from './fault.ts';
import type { Verdict } from './trial.ts';

/** So many differences of one trial are shown; the others are in its script. */
const shownDifferences = 5;

/** A trial that did not hold, in full. */
export function tellVerdict(
  { trial, problems, differences }: Verdict,
  { io }: Context,
  script: string,
): void {
  const style = createStyle(io.color.out);
  io.out(`${style.red('✗')} ${wrap(describeTrial(trial), io.width, 2)}\n`);
  for (const problem of problems) io.out(`    ${wrap(plain(problem), io.width, 6)}\n`);
  for (const each of differences.slice(0, shownDifferences))
    io.out(`      ${wrap(plain(each), io.width, 8)}\n`);
  const more = differences.length - shownDifferences;
  if (more > 0) io.out(`      and ${count(more, 'difference')} more\n`);
  io.out(`    ${style.dim(`try it again: sh ${plain(script)}`)}\n`);
}

/** What all trials came to. */
export function tellSum(verdicts: readonly Verdict[], { io }: Context, ms: number): void {
  const style = createStyle(io.color.out);
  const held = verdicts.filter((each) => each.held);
  const ends = { goal: 'reached the goal', start: 'went back to the start', told: 'said what is left' };
  const parts = Object.entries(ends).flatMap(([end, words]) => {
    const number = held.filter((each) => each.end === end).length;
    return number === 0 ? [] : [`${number} ${words}`];
  });
  const all = held.length === verdicts.length;
  const mark = all ? style.green('✓') : style.red('✗');
  const sum = `held ${held.length} of ${verdicts.length} in ${seconds(ms)}`;
  io.out(`${mark} ${style.bold(sum)}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}\n`);
  const unmet = verdicts.filter(({ met }) => !met).length;
  if (unmet > 0)
    io.out(`  in ${count(unmet, 'trial')} the fault did not take place: the command had ended before\n`);
}

export function jsonOfVerdict({ trial, commands, ...verdict }: Verdict, script: string | undefined) {
  return {
    trial: trial.id,
    ...verdict,
    ...(script === undefined ? {} : { script }),
    commands: commands.map(({ args, exit, signal, seconds }) => ({
      args,
      exit: exit ?? null,
      signal: signal ?? null,
      seconds,
    })),
  };
}
