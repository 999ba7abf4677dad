import { commands } from './commands.ts';

/** What `claw-run --help` says. */
export function rootHelp(): string {
  const shown = Object.entries(commands).filter(([name, { hidden }]) => hidden !== true && name !== 'run');
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `claw-run finds which cause an incident really has, mends it, proves the mend and can undo it.

  claw-run RUNBOOK           diagnose, plan, ask, act, verify
  claw-run COMMAND ...

Commands:
${lines.join('\n')}

claw-run COMMAND --help shows the flags of a command; claw-run run --help those of claw-run RUNBOOK.
Every flag can also be given in the environment: --state-dir as CLAW_STATE_DIR.

Exit codes: 0 as it should be, 1 failed and changes left in place, 2 usage or invalid runbook, 3 refused before
the first change, 4 verification failed, 5 failed and rolled back, 6 roll-back incomplete, 7 stale plan,
8 cancelled, 9 timed out, 10 changes pending (--detailed-exitcode), 11 locked, 12 nobody to ask, 13 unresolved causes,
130/143 signals.
`;
}
