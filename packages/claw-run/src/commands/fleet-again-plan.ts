import type { RunEvent } from '@claw-run/engine';
import type { Context } from '../context.ts';
import { problemLines } from '../render/ending.ts';
import { planLines } from '../render/plan.ts';
import { createStyle, plain, plainJson } from '../render/style.ts';
import { type AgainOptions, fleetAgain } from '../run/past-fleet.ts';

type Planned = Extract<RunEvent, { type: 'step.planned' }>;

/** Shows what resuming a fleet, or rolling it back, does on each of its hosts; hosts for which that is the same are shown as one. Reads only. */
export async function showFleetPlan(context: Context, work: Omit<AgainOptions, 'emit'>): Promise<void> {
  const { io, options } = context;
  const { past, how, given } = work;
  const planned = new Map<string, Planned[]>();
  const { hosts } = await fleetAgain({
    ...work,
    past: { ...past, left: [], done: [] },
    given: { ...given, mode: 'plan' },
    emit: (event) => {
      if (event.type !== 'step.planned' || event.host === undefined) return;
      planned.set(event.host, [...(planned.get(event.host) ?? []), plainJson(event)]);
    },
  });
  const say = io.outIsTerminal || !io.canAsk ? io.out : io.err;
  const style = createStyle(io.outIsTerminal ? io.color.out : io.color.err);
  const shown = {
    style,
    width: io.width,
    verbose: options.verbose ?? 0,
    full: options.diff === true,
    proofs: new Set<string>(),
  };
  say(
    `${style.bold(`${how === 'undo' ? 'Rolling back' : 'Resuming'} ${past.fleet}`)} (${plain(past.runbook)})\n`,
  );
  const alike = Map.groupBy(hosts, ({ host, problems }) =>
    [
      ...planLines(planned.get(host) ?? [], shown),
      ...problems.flatMap((problem) => problemLines(plainJson(problem), shown)),
    ].join('\n'),
  );
  for (const [told, same] of alike)
    say(`\n${style.bold(plain(same.map(({ host }) => host).join(', ')))}${told}\n`);
  for (const { host } of how === 'resume' ? past.left : [])
    say(`\n${style.bold(plain(host))}\n  not begun: as it was agreed to\n`);
}
