import type { Context } from '../context.ts';
import type { FlagName } from './flags.ts';

/** A command as the command line knows it; its code is loaded when it is called. */
export interface Command {
  readonly summary: string;
  /** Its operands, as `[RUN]`, `FILE...` */
  readonly operands: string;
  readonly flags: readonly FlagName[];
  readonly examples: readonly string[];
  readonly hidden?: boolean;
  readonly load: () => Promise<{ readonly call: (context: Context) => Promise<number> }>;
}

const general = ['output', 'verbose', 'quiet', 'stateDir', 'keyFile'] as const satisfies readonly FlagName[];
export const reach = ['context', 'kubeconfig', 'target', 'sandbox'] as const satisfies readonly FlagName[];
export const ssh = [
  'sshConfig',
  'knownHosts',
  'identity',
  'connectTimeout',
  'idleTimeout',
  'sshPasswordFrom',
  'passphraseFrom',
  'sudoPasswordFrom',
  'lockDir',
] as const satisfies readonly FlagName[];
export const many = ['hosts', 'limit', 'forks'] as const satisfies readonly FlagName[];
export const inputs = [
  'param',
  'params',
  'log',
  'library',
  'allowLibraries',
] as const satisfies readonly FlagName[];
export const inCluster = [
  'grants',
  'image',
  'namespace',
  'schedule',
  'claim',
] as const satisfies readonly FlagName[];
export const choice = ['from', 'only'] as const satisfies readonly FlagName[];
const acting = [
  'yes',
  'step',
  'breakLock',
  'timeout',
  'report',
  'diff',
] as const satisfies readonly FlagName[];
const ofPastRuns = [
  'library',
  'allowLibraries',
  'context',
  'kubeconfig',
  'target',
  'forks',
  ...ssh,
  ...general,
] as const satisfies readonly FlagName[];

/** Every command, in the order of the help. */
export const commands: { readonly [name: string]: Command } = {
  run: {
    summary: 'Diagnose, plan, ask, act and verify: the everyday call',
    operands: 'RUNBOOK',
    flags: [
      ...inputs,
      ...reach,
      ...many,
      ...ssh,
      ...choice,
      ...acting,
      'check',
      'dryRun',
      'detailedExitcode',
      ...general,
    ],
    examples: [
      'claw-run runbooks/worker-denied.yaml',
      'claw-run --check runbooks/worker-denied.yaml -e namespace=staging',
      'claw-run --sandbox rbac runbooks/worker-denied.yaml',
      'claw-run runbooks/scheduler-denied.yaml --target head=ops@head-01',
    ],
    load: () => import('../commands/run.ts'),
  },
  plan: {
    summary: 'Diagnose and plan; with -o save the plan for apply, with --grants make manifests',
    operands: 'RUNBOOK',
    flags: [
      ...inputs,
      ...reach,
      ...many,
      ...ssh,
      ...choice,
      'out',
      ...inCluster,
      'diff',
      'detailedExitcode',
      'timeout',
      'report',
      ...general,
    ],
    examples: [
      'claw-run plan runbooks/worker-denied.yaml -o plan.json',
      'claw-run plan runbooks/worker-denied.yaml --grants --image registry.example/claw-run:1 -o claw-run.yaml',
    ],
    load: () => import('../commands/plan.ts'),
  },
  apply: {
    summary: 'Carry out a saved plan, which is to approve it; refuses when its target changed',
    operands: 'PLAN',
    flags: [
      ...acting,
      'param',
      'params',
      'library',
      'allowLibraries',
      'context',
      'kubeconfig',
      'target',
      ...ssh,
      ...general,
    ],
    examples: ['claw-run apply plan.json'],
    load: () => import('../commands/apply.ts'),
  },
  diagnose: {
    summary: 'Tell which causes an incident has; from a log, find the runbook',
    operands: '[RUNBOOK|LOGFILE|-]',
    flags: [
      ...inputs,
      ...reach,
      ...many,
      ...ssh,
      'runbooks',
      'detailedExitcode',
      'timeout',
      'report',
      ...general,
    ],
    examples: ['claw-run diagnose worker.log', 'kubectl logs deploy/openclaw-worker | claw-run diagnose -'],
    load: () => import('../commands/diagnose.ts'),
  },
  rollback: {
    summary: 'Roll back a run, or all runs of a fleet, the last step first; without RUN the latest',
    operands: '[RUN]',
    flags: ['yes', 'force', 'trustedPart', 'breakLock', 'timeout', 'report', ...ofPastRuns],
    examples: ['claw-run rollback'],
    load: () => import('../commands/rollback.ts'),
  },
  resume: {
    summary: 'Resume a run, or the runs of a fleet, that stopped half way; without RUN the latest',
    operands: '[RUN]',
    flags: [...acting, ...ofPastRuns],
    examples: ['claw-run resume'],
    load: () => import('../commands/resume.ts'),
  },
  attach: {
    summary: 'Follow a run that another process has, from its first event to its end; without RUN the latest',
    operands: '[RUN]',
    flags: ['diff', ...general],
    examples: ['claw-run attach', 'claw-run attach r20260102t030405-abcdef'],
    load: () => import('../commands/attach.ts'),
  },
  runs: {
    summary: 'List the runs of this machine, or tell one of them; `prune` removes those of long ago',
    operands: '[RUN|prune]',
    flags: ['diff', 'report', 'olderThan', 'keep', 'yes', 'force', ...general],
    examples: [
      'claw-run runs',
      'claw-run runs r20260102t030405-abcdef',
      'claw-run runs prune --older-than 30d --keep 100',
    ],
    load: () => import('../commands/runs.ts'),
  },
  validate: {
    summary: 'Check runbooks: every mistake at once, with its place',
    operands: 'FILE...',
    flags: ['library', 'allowLibraries', ...general],
    examples: ['claw-run validate runbooks/*.yaml'],
    load: () => import('../commands/validate.ts'),
  },
  list: {
    summary: 'List the runbooks here and the steps of the libraries',
    operands: '',
    flags: ['runbooks', 'library', 'allowLibraries', ...general],
    examples: ['claw-run list'],
    load: () => import('../commands/list.ts'),
  },
  explain: {
    summary: 'Tell what a step does, takes, reads and how it is undone',
    operands: 'STEP',
    flags: ['library', 'allowLibraries', ...general],
    examples: ['claw-run explain kubernetes.service-account'],
    load: () => import('../commands/explain.ts'),
  },
  schema: {
    summary: 'Print the JSON schema of runbooks, for editors',
    operands: '',
    flags: ['out', 'library', 'allowLibraries', ...general],
    examples: ['claw-run schema -o schema/runbook.schema.json'],
    load: () => import('../commands/schema.ts'),
  },
  new: {
    summary: 'Write a commented runbook to start from, and the schema for editors where there is none',
    operands: 'NAME',
    flags: ['out', 'library', ...general],
    examples: ['claw-run new disk-full'],
    load: () => import('../commands/new.ts'),
  },
  'test-library': {
    summary: 'Grade a library of steps and transports: the laws, its cases, the contracts',
    operands: 'PATH',
    flags: [
      'target',
      'kubeconfig',
      ...ssh,
      'yes',
      'lawTimeout',
      'timeout',
      'detailedExitcode',
      'report',
      'output',
      'quiet',
    ],
    examples: [
      'claw-run test-library ./steps.ts',
      'claw-run test-library @acme/steps --target host=root@test-01 --yes --report junit:laws.xml',
      'claw-run test-library ./console.ts --target serial=serial://rack4/7',
    ],
    load: () => import('../commands/test-library.ts'),
  },
  chaos: {
    summary: 'Try a runbook with faults: killed, cut off, disk full; it has to reach its goal or its start',
    operands: 'RUNBOOK',
    flags: [
      'trials',
      'seed',
      'faults',
      'trial',
      'list',
      'jobs',
      'artifacts',
      'sandbox',
      'iCanLoseThisTarget',
      'reset',
      'observe',
      'param',
      'params',
      'library',
      'allowLibraries',
      'context',
      'kubeconfig',
      'target',
      ...ssh,
      'timeout',
      'output',
      'quiet',
    ],
    examples: [
      'claw-run chaos worker-denied --sandbox rbac',
      'claw-run chaos worker-denied --sandbox rbac --trials all --faults kill,cut --seed 7',
      "claw-run chaos ./own.yaml --target box=root@test-01 --i-can-lose-this-target --reset ./reset.sh --observe 'ssh root@test-01 cat /etc/motd'",
    ],
    load: () => import('../commands/chaos.ts'),
  },
  completion: {
    summary: 'Print completions for a shell',
    operands: 'bash|zsh|fish',
    flags: [],
    examples: ['source <(claw-run completion bash)'],
    load: () => import('../commands/completion.ts'),
  },
  sandbox: {
    summary: 'The practice worlds: up [SCENARIO...], up scheduler [SCENARIO...], down',
    operands: 'up|down [scheduler] [SCENARIO...]',
    flags: ['practiceKubeconfig', 'detach', ...general],
    examples: [
      'claw-run sandbox up rbac',
      'claw-run sandbox up scheduler group',
      'claw-run sandbox up rbac --detach',
      'claw-run sandbox down',
    ],
    load: () => import('../commands/sandbox.ts'),
  },
};
