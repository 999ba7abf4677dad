import { createHash } from 'node:crypto';
import { isPrintable, type JsonObject, type Runbook } from '@claw-run/core';
import type { Grant, NeededRights } from '@claw-run/engine';
import type { Options } from '../cli/flags.ts';
import { UsageError } from '../cli/usage-error.ts';
import { rulesOf, sudoersText } from '../render/grants.ts';
import type { Params } from '../run/params.ts';
import { parseWhere } from '../run/where.ts';
import { version } from '../version.ts';
import { podParams } from './arguments.ts';
import type { Explained } from './manifest.ts';
import { cronJobManifest, jobManifest, rollbackManifest } from './pods.ts';
import { type Account, accountManifest, labels, rightsManifests, unwordedNotes } from './rbac.ts';
import { runbookFiles } from './runbook-files.ts';

export const defaultNamespace = 'claw-run';
/** Each night, off the hour, when others start as well. */
const defaultSchedule = '17 3 * * *';
const defaultTimeout = '1h';

/** What manifests are made of. */
export interface ToGrant {
  readonly file: string;
  readonly runbook: Runbook;
  readonly params: Params;
  readonly rights: NeededRights;
  /** Where targets are, as journals keep it. */
  readonly bindings: JsonObject;
  readonly options: Options;
}

/** Manifests, and what is to be said before them. */
export interface GrantManifests {
  readonly manifests: readonly Explained[];
  readonly notes: readonly string[];
}

/** All that a cluster needs to run a runbook by itself: accounts, their rights and, with an image, what runs. @throws UsageError */
export function grantManifests(given: ToGrant): GrantManifests {
  const { runbook, rights, options } = given;
  const places = placesOf(given.bindings);
  const clusters = [...new Set(places.flatMap((place) => (place.kind === 'cluster' ? [place.where] : [])))];
  if (clusters.length > 1)
    throw new UsageError(
      `the runbook works on ${clusters.length} clusters (${clusters.join(', ')}), and a pod has the rights of its own alone`,
      'run it where all of them can be reached',
    );
  const outside = places.filter(({ kind }) => kind === 'remote');
  const heading = [
    `What ${given.file} needs to run inside a cluster${clusters.length === 0 ? '' : `, as things are in ${clusters[0]}`}. Made by claw-run ${version}.`,
    'Review it, then: kubectl apply -f FILE. Make it anew when the runbook, its parameters or names in the cluster change.',
  ];
  const notes = [
    ...openNotes(rights),
    ...listNote(
      'No rule of RBAC grants just these; the run asks for them and refuses before it changes anything',
      unwordedNotes(rights.run),
    ),
    ...hostNotes(given, places),
  ];
  const hasPods = places.some(({ kind }) => kind === 'pod');
  if (clusters.length === 0 && !hasPods) {
    return {
      manifests: [],
      notes: [
        ...heading,
        ...spaced(notes),
        '',
        'It has no target in a cluster: there is nothing to grant there, and no manifest.',
      ],
    };
  }
  const account = accountOf(runbook, options.namespace ?? defaultNamespace, '');
  const checker = accountOf(runbook, account.namespace, '-check');
  const exec = places.flatMap(execGrants);
  const rbac = [
    accountManifest(account, ['May run the runbook: find causes, make the changes, roll back and verify.']),
    ...rightsManifests(account, [...rights.run, ...exec]),
    accountManifest(checker, ['May find causes, and change nothing.']),
    ...rightsManifests(checker, [...rights.diagnosis, ...exec]),
  ];
  const pods = outside.length > 0 ? [] : podManifests(given, { account, checker, places });
  return {
    manifests: [...namespaceManifest(options), ...rbac, ...pods],
    notes: [...heading, ...spaced([...notes, ...podNotes(options, pods, outside)])],
  };
}

type Place =
  | { readonly kind: 'cluster' | 'local' | 'remote'; readonly target: string; readonly where: string }
  | {
      readonly kind: 'pod';
      readonly target: string;
      readonly where: string;
      readonly namespace: string;
      readonly pod: string;
    };

function placesOf(bindings: JsonObject): readonly Place[] {
  return Object.entries(bindings).map(([target, binding]): Place => {
    const { kind, context = '', where = '' } = binding as { kind: string; context?: string; where?: string };
    if (kind === 'cluster') return { kind, target, where: context };
    const parsed = parseWhere(where);
    if (parsed.by === 'local') return { kind: 'local', target, where };
    if (parsed.by !== 'pod') return { kind: 'remote', target, where };
    const { namespace, pod, container } = parsed;
    const path = [namespace, pod, ...(container === undefined ? [] : [container])].map(encodeURIComponent);
    return { kind: 'pod', target, where: `pod://${path.join('/')}`, namespace, pod };
  });
}

/** A host that is a container is reached by `exec`. */
function execGrants(place: Place): readonly Grant[] {
  if (place.kind !== 'pod') return [];
  const { target, namespace, pod: name } = place;
  const grant = (verb: string, resource: string) => ({ target, group: '', resource, verb, namespace, name });
  return [grant('get', 'pods'), grant('get', 'pods/exec'), grant('create', 'pods/exec')];
}

/** A name that a CronJob can bear, which makes Jobs of longer names. */
function accountOf({ name }: Runbook, namespace: string, suffix: string): Account {
  const most = 52 - 'claw-run-'.length - '-rollback'.length;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const short = name.length <= most ? name : `${name.slice(0, most - 9).replace(/-+$/, '')}-${hash}`;
  return { name: `claw-run-${short}${suffix}`, namespace };
}

/** The usual namespace is made; one that was named is there already, and not ours to label. */
function namespaceManifest({ namespace }: Options): readonly Explained[] {
  if (namespace !== undefined) return [];
  const metadata = {
    name: defaultNamespace,
    labels: { ...labels, 'pod-security.kubernetes.io/enforce': 'restricted' },
  };
  return [{ manifest: { apiVersion: 'v1', kind: 'Namespace', metadata }, notes: [] }];
}

function podManifests(
  { runbook, params, options }: ToGrant,
  { account, checker, places }: { account: Account; checker: Account; places: readonly Place[] },
): readonly Explained[] {
  const { image } = options;
  if (image === undefined) return [];
  const files = runbookFiles(runbook.sources, account);
  const { args, variables } = podParams(runbook.params, params);
  const reach = places.flatMap(({ kind, target, where }) =>
    kind === 'pod' ? ['--target', `${target}=${where}`] : [],
  );
  const select = [
    ...(options.from === undefined ? [] : ['--from', options.from]),
    ...(options.only ?? []).flatMap((id) => ['--only', id]),
  ];
  const secret = { name: account.name, variables };
  const common = { image, files, secret };
  const { claim, timeout = defaultTimeout, schedule = defaultSchedule } = options;
  const needed =
    variables.length === 0
      ? []
      : [
          `Its secrets come from the Secret ${account.name} in ${account.namespace}, which you make: keys ${variables.join(', ')}`,
        ];
  const job = jobManifest(account, { ...common, claim, timeout, args: [...reach, ...select, ...args] });
  return [
    { manifest: files.manifest, notes: ['The runbook and what it includes.'] },
    { ...job, notes: [...job.notes, ...needed] },
    cronJobManifest(checker, { ...common, schedule, args: [...reach, ...args] }),
    ...(claim === undefined ? [] : [rollbackManifest(account, { ...common, claim, args: [] })]),
  ];
}

function openNotes({ open, handedOn }: NeededRights): readonly string[] {
  const whole = listNote(
    'Rights of these parts are not among them. Where one is reached all the same, the run is refused before its first change and prints what is missing',
    open.map(({ part, id, because }) => `${part} ${id}: ${because}`),
  );
  const held = rulesOf(handedOn).map(
    ({ verbs, resources, group, names }) =>
      `${verbs.join(', ')} ${resources.join(', ')}${group === '' ? '' : `.${group}`}${names.length === 0 ? '' : ` ${names.join(', ')}`}`,
  );
  return [
    ...whole,
    ...listNote(
      'Who writes a role has to hold what the role gives (the verb escalate would be far more), so these are among them',
      held,
    ),
  ];
}

/** What every image for `local` targets has. */
const everywhere: ReadonlySet<string> = new Set(['sh', 'env']);

function hostNotes({ rights }: ToGrant, places: readonly Place[]): readonly string[] {
  const local = places.flatMap(({ kind, target }) => {
    const programs = (rights.programs[target] ?? []).filter((program) => !everywhere.has(program));
    return kind === 'local' && programs.length > 0
      ? [
          `${target} is the container itself. The image has to hold: ${programs.join(', ')}. What these ask of a cluster takes rights that claw-run cannot know.`,
        ]
      : [];
  });
  const remote = places.flatMap(({ kind, target, where }) =>
    kind === 'remote' ? [`${target} (${where}) is a host: its grants are lines of sudoers, not RBAC.`] : [],
  );
  const lines = sudoersText(rights.sudo)
    .split('\n')
    .filter((line) => line !== '');
  const unworded = rights.sudo.flatMap(({ host, command, unworded: why }) =>
    why === undefined ? [] : [`${command} on ${host}: ${why}`],
  );
  return [
    ...local,
    ...remote,
    ...listNote('Lines of sudoers that are missing', lines),
    ...listNote('Missing on hosts, and no line of sudoers grants just it', unworded),
  ];
}

function podNotes(
  options: Options,
  pods: readonly Explained[],
  outside: readonly Place[],
): readonly string[] {
  if (pods.length > 0) return [];
  if (outside.length > 0)
    return [
      `No Job and no CronJob: ${outside.map(({ target }) => target).join(', ')} cannot be reached from a pod without keys that it would have to hold. Run claw-run where SSH works.`,
    ];
  return options.image === undefined
    ? [
        'No Job and no CronJob: they need an image, and none is published. docs/in-a-cluster.md says how to build one; then give --image NAME.',
      ]
    : [];
}

function listNote(title: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`${title}:`, ...items.map((item) => `  ${item}`)];
}

/** An empty line before each note that is not part of a list. */
function spaced(notes: readonly string[]): readonly string[] {
  return notes.flatMap((note) => (note.startsWith('  ') ? [note] : ['', note]));
}

/** Refuses flags that manifests cannot carry into a pod. @throws UsageError */
export function checkGrantFlags(options: Options): void {
  const { grants, image, namespace, schedule, claim, library, log, hosts } = options;
  if (grants !== true) {
    const [alone] = Object.entries({ image, namespace, schedule, claim }).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    );
    if (alone !== undefined) throw new UsageError(`--${alone} is for --grants`, 'give --grants as well');
    return;
  }
  if (log !== undefined)
    throw new UsageError('--log tells of one incident, and manifests are for any', 'leave it out');
  if (hosts !== undefined)
    throw new UsageError('--grants is for one host, not for many', 'bind the target with --target NAME=HOST');
  if (library !== undefined && image !== undefined)
    throw new UsageError(
      'steps of your own (--library) cannot be carried into a pod by a manifest',
      'leave --image out for the rights alone, and write pods for an image that holds them',
    );
  for (const [name, value] of Object.entries({ namespace, claim }))
    if (value !== undefined && !/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(value))
      throw new UsageError(
        `--${name} ${JSON.stringify(value)} is not the name of an object`,
        'small letters, digits and dashes',
      );
  if (image !== undefined && (!isPrintable(image) || !/^\S+$/.test(image) || image.startsWith('-')))
    throw new UsageError(
      `--image ${JSON.stringify(image)} is not the name of an image`,
      'such as registry.example/claw-run:1',
    );
  if (schedule !== undefined && !/^(@\w+|\S+( \S+){4})$/.test(schedule))
    throw new UsageError(
      `--schedule ${JSON.stringify(schedule)} is not a schedule`,
      `five fields, such as '${defaultSchedule}'`,
    );
}
