/** One flag: how it is written, what it takes, and the environment variable that stands for it. */
export interface Flag {
  readonly long: string;
  readonly short?: string;
  /** The placeholder of its value; a flag without one is a switch. */
  readonly value?: string;
  readonly repeat?: boolean;
  readonly choices?: readonly string[];
  readonly summary: string;
  /** False where the environment has no say. */
  readonly env?: false;
}

/** Every flag of every command, by the name under which commands find its value. */
export const flags = {
  output: {
    long: 'output',
    value: 'format',
    choices: ['human', 'json'],
    summary: 'what answers look like: text for people, or JSON (a run: one event a line)',
  },
  verbose: {
    long: 'verbose',
    short: 'v',
    repeat: true,
    summary: 'tell more: -v what stays as it is, -vv facts and evidence, -vvv stack traces',
  },
  quiet: { long: 'quiet', short: 'q', summary: 'tell less: no progress' },
  stateDir: { long: 'state-dir', value: 'folder', summary: 'where journals are kept' },
  keyFile: {
    long: 'key-file',
    value: 'file',
    summary: 'the key that signs journals and plans (~/.config/claw-run/state.key)',
  },
  library: {
    long: 'library',
    value: 'file',
    repeat: true,
    summary: 'an ES module that exports steps or transports of your own (repeatable)',
  },
  allowLibraries: {
    long: 'allow-libraries',
    summary: 'load the libraries that a runbook names; their code runs with your rights',
  },
  olderThan: { long: 'older-than', value: 'time', summary: 'runs that began before that: 30d, 12h' },
  keep: { long: 'keep', value: 'n', summary: 'so many of the latest runs stay in any case' },
  yes: {
    long: 'yes',
    short: 'y',
    summary: 'approve the plan; needed where nobody can be asked, except to apply a saved plan',
  },
  check: { long: 'check', short: 'C', summary: 'diagnose and plan, change nothing' },
  dryRun: { long: 'dry-run', summary: 'the same as --check' },
  diff: { long: 'diff', short: 'D', summary: 'show every change in full' },
  param: {
    long: 'param',
    short: 'e',
    value: 'name=value',
    repeat: true,
    summary: 'a parameter of the runbook (repeatable)',
  },
  params: {
    long: 'params',
    value: 'file',
    summary: 'parameters from a YAML or JSON file; - for standard input',
  },
  from: { long: 'from', value: 'step', summary: 'begin with this step' },
  only: { long: 'only', value: 'step', repeat: true, summary: 'take only this step (repeatable)' },
  step: { long: 'step', summary: 'ask before each step' },
  context: { long: 'context', value: 'name', summary: 'the context of the kubeconfig' },
  kubeconfig: { long: 'kubeconfig', value: 'file', summary: 'the kubeconfig, instead of KUBECONFIG' },
  target: {
    long: 'target',
    value: 'name=where',
    repeat: true,
    summary:
      'bind a target: local, USER@HOST, ssh://, openssh://, pod:// or a scheme of --library for a host, a context for a cluster (repeatable)',
  },
  hosts: {
    long: 'hosts',
    value: 'file|list',
    summary: 'the hosts of the target that stands for many: an inventory, or names with commas between them',
  },
  limit: {
    long: 'limit',
    short: 'l',
    value: 'pattern',
    summary:
      'only these of the hosts: names, globs, groups, !not, with commas between them; @failed are those that the last fleet left',
  },
  forks: { long: 'forks', short: 'f', value: 'number', summary: 'how many hosts at a time (10)' },
  sshConfig: {
    long: 'ssh-config',
    value: 'file',
    summary: "the configuration of SSH, instead of ~/.ssh/config and the system's",
  },
  knownHosts: {
    long: 'known-hosts',
    value: 'file',
    repeat: true,
    summary: 'the keys of hosts, instead of ~/.ssh/known_hosts (repeatable)',
  },
  identity: {
    long: 'identity',
    short: 'i',
    value: 'file',
    repeat: true,
    summary: 'a private key to log in with (repeatable)',
  },
  connectTimeout: {
    long: 'connect-timeout',
    value: 'duration',
    summary: 'how long connecting to a host may take (15s)',
  },
  idleTimeout: {
    long: 'idle-timeout',
    value: 'duration',
    summary: 'close a connection to a host that was not used for so long; the next use opens another',
  },
  sshPasswordFrom: {
    long: 'ssh-password-from',
    value: 'source',
    summary: 'where the password for logging in comes from: env:NAME, file:PATH or prompt',
  },
  passphraseFrom: {
    long: 'passphrase-from',
    value: 'source',
    summary: 'where the passphrase of the private key comes from: env:NAME, file:PATH or prompt',
  },
  sudoPasswordFrom: {
    long: 'sudo-password-from',
    value: 'source',
    summary: 'where the password for sudo comes from: env:NAME, file:PATH or prompt',
  },
  log: {
    long: 'log',
    value: 'file',
    summary: 'a log; what its symptoms name becomes facts; - for standard input',
  },
  runbooks: {
    long: 'runbooks',
    value: 'folder',
    repeat: true,
    summary: 'where runbooks are looked for, besides ./runbooks (repeatable)',
  },
  report: {
    long: 'report',
    value: 'kind:file',
    repeat: true,
    summary: 'write a report: html:FILE, junit:FILE or markdown:FILE (repeatable)',
  },
  detailedExitcode: {
    long: 'detailed-exitcode',
    summary: 'exit 10 when there is something to change; 13 when a library was not tried in full',
  },
  timeout: {
    long: 'timeout',
    value: 'duration',
    summary: 'stop when this much time has passed: 90s, 10m, 1h',
  },
  lawTimeout: { long: 'law-timeout', value: 'duration', summary: 'how long one law may take (2m)' },
  lockDir: {
    long: 'lock-dir',
    value: 'folder',
    summary: 'where hosts keep the lock of a run (/run/claw-run)',
  },
  breakLock: { long: 'break-lock', summary: 'take the lock although another run holds it' },
  sandbox: {
    long: 'sandbox',
    value: 'scenario',
    repeat: true,
    summary: 'run against a practice world that is broken like this (comma-separated or repeated)',
  },
  force: { long: 'force', summary: 'undo also what someone else has changed since', env: false },
  trustedPart: {
    long: 'trusted-part',
    summary: 'where its journal is damaged, go by the records before the damage',
    env: false,
  },
  out: { long: 'out', short: 'o', value: 'file', summary: 'write to this file', env: false },
  grants: {
    long: 'grants',
    summary: 'print manifests that let it run inside the cluster, with the rights of every branch of it',
    env: false,
  },
  image: {
    long: 'image',
    value: 'name',
    summary: 'with --grants: the image of claw-run, for a Job and a CronJob',
    env: false,
  },
  namespace: {
    long: 'namespace',
    value: 'name',
    summary: 'with --grants: where its pods are to run (claw-run)',
    env: false,
  },
  schedule: {
    long: 'schedule',
    value: 'cron',
    summary: 'with --grants: when the CronJob looks (17 3 * * *)',
    env: false,
  },
  claim: {
    long: 'claim',
    value: 'name',
    summary:
      'with --grants: the PersistentVolumeClaim that keeps journals, instead of a volume that ends with its pod',
    env: false,
  },
  trials: { long: 'trials', value: 'n|all', summary: 'how many trials, of all there are (50)', env: false },
  seed: {
    long: 'seed',
    value: 'n',
    summary: 'which trials are drawn; the same seed draws the same',
    env: false,
  },
  faults: {
    long: 'faults',
    value: 'kind',
    repeat: true,
    summary: 'only faults of these kinds: kill, cut, disk-full … (comma-separated or repeated)',
    env: false,
  },
  trial: {
    long: 'trial',
    value: 'id',
    repeat: true,
    summary: 'only this trial, as --list names it (repeatable)',
    env: false,
  },
  list: { long: 'list', summary: 'list the trials that would be made', env: false },
  jobs: {
    long: 'jobs',
    short: 'j',
    value: 'n',
    summary: 'how many trials at a time, each on a sandbox of its own',
    env: false,
  },
  artifacts: {
    long: 'artifacts',
    value: 'folder',
    summary: 'where what was printed in trials that did not hold is kept, with a script for each (chaos)',
    env: false,
  },
  reset: {
    long: 'reset',
    value: 'command',
    summary: 'puts your targets back to their start, before each trial (run by sh)',
    env: false,
  },
  observe: {
    long: 'observe',
    value: 'command',
    summary: 'prints the state of your hosts, a thing a line (run by sh)',
    env: false,
  },
  iCanLoseThisTarget: {
    long: 'i-can-lose-this-target',
    summary: 'agree to trials on targets that are no sandbox: what they leave may need to be made anew',
    env: false,
  },
  practiceKubeconfig: {
    long: 'kubeconfig',
    value: 'file',
    summary: 'put the practice world into this existing cluster instead of one of its own',
    env: false,
  },
  detach: { long: 'detach', summary: 'leave it running in the background', env: false },
} as const satisfies { readonly [name: string]: Flag };

export type FlagName = keyof typeof flags;

type ValueOf<F> = F extends { value: string; repeat: true }
  ? readonly string[]
  : F extends { repeat: true }
    ? number
    : F extends { value: string }
      ? string
      : boolean;

/** What was given on the command line or in the environment. */
export type Options = { readonly [N in FlagName]?: ValueOf<(typeof flags)[N]> };

/** What a flag names that may be repeated, or name several with commas between them. */
export function listOf(words: readonly string[] = []): readonly string[] {
  return words.flatMap((each) => each.split(',')).filter((each) => each !== '');
}

/** The environment variable that stands for a flag. */
export function envOf(flag: Flag): string | undefined {
  return flag.env === false ? undefined : `CLAW_${flag.long.toUpperCase().replaceAll('-', '_')}`;
}
