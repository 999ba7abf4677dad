import type { AnyLookup, Cause, Library, Problem, Runbook, Step, Use, Verification } from '@claw-run/core';
import { createFrame, type Frame, scopeIn } from './frame.ts';
import { onFailures, readHeader } from './header.ts';
import { compileGiven } from './include.ts';
import { type Item, type UseItem, unfold } from './items.ts';
import { nameFault } from './names.ts';
import { readParams } from './params.ts';
import { parseYaml } from './parse-yaml.ts';
import { createProblems } from './problems.ts';
import { createReader, firstLine, type Reader } from './read.ts';
import { readBytes } from './read-bytes.ts';
import { dyn, shapeOf } from './shape.ts';
import { readSymptoms } from './symptoms.ts';
import { readTargets } from './targets.ts';
import type { MapTree, Tree } from './tree.ts';
import { unusedNames } from './unused.ts';
import { compileUse, type UseContext } from './use.ts';

export type Compiled =
  | { readonly ok: true; readonly runbook: Runbook; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface CompileOptions {
  readonly library: Library;
  /** Gives the bytes of a fragment; `file` is relative to where `entry.file` is relative to. */
  readonly readInclude: (file: string) => Promise<Uint8Array>;
  /** Awaited between parts of the work, of which each takes some milliseconds, by whoever has something else to do in between. */
  readonly turn?: (() => Promise<void>) | undefined;
}

/** Compiles a runbook and its fragments. Bad input gives problems, all of them; it never throws. */
export async function compileRunbook(
  entry: { readonly file: string; readonly bytes: Uint8Array },
  options: CompileOptions,
): Promise<Compiled> {
  const read = readBytes(entry.file, entry.bytes);
  if (!read.ok) return { ok: false, problems: [read.problem] };
  const problems = createProblems(entry.file);
  const reader = createReader(problems);
  const root = reader.map(await parseYaml(read.source, problems, options.turn), 'a runbook');
  if (root === undefined) return { ok: false, problems: problems.list() };
  const runbook = await compileRoot(root, reader, options);
  if (problems.count() > 0) return { ok: false, problems: problems.list() };
  return { ok: true, runbook, warnings: unusedNames(root, runbook) };
}

const order = 'facts are gathered before';

async function compileRoot(
  root: MapTree,
  reader: Reader,
  { library, readInclude, turn }: CompileOptions,
): Promise<Runbook> {
  const part = (name: string) => root.entries.get(name)?.value;
  const { name, title, description, fixes, onFailure } = readHeader(root, reader);
  const params = readParams(part('params'), reader, false);
  const targets = readTargets(part('targets'), reader);
  const { symptoms, groups } = readSymptoms(part('symptoms'), reader);
  const frame = createFrame({ params, targets: new Set(targets.map((target) => target.name)) });
  for (const group of groups) frame.facts.set(group, { kind: 'string' });
  const sources = new Map([[root.source.file, root.source.text]]);
  const itemsContext = { reader, library, targets, readInclude, sources, budget: { includes: 100 } };
  const chain = [root.source.file];
  const stepItems = await unfold(
    part('steps'),
    { frame, section: 'steps', chain, taken: new Map() },
    itemsContext,
  );
  const proofItems = await unfold(
    part('verify'),
    { frame, section: 'verify', chain, taken: new Map() },
    itemsContext,
  );
  const base = { reader, library, targets, turn };
  const lookups = await compileLookups(part('facts'), frame, base);
  const causes = await compileCauses(part('causes'), frame, base);
  const steps = await inOrder(stepItems, base, compileStep);
  for (const id of frame.steps) frame.before.add(id);
  const verify = await inOrder(proofItems, base, compileVerification);
  if (stepItems.length === 0 && part('steps') === undefined) {
    reader.problems.add(
      firstLine(root),
      'the runbook has no `steps`',
      'a runbook that only looks has `steps: []`',
    );
  }
  return {
    name,
    title,
    ...(description === undefined ? {} : { description }),
    fixes,
    symptoms,
    params,
    targets,
    lookups,
    causes,
    steps,
    verify,
    onFailure,
    sources: Object.fromEntries(sources),
  };
}

type Base = Omit<UseContext, 'scope'> & Pick<CompileOptions, 'turn'>;

async function compileLookups(
  tree: Tree | undefined,
  frame: Frame,
  base: Base,
): Promise<readonly Use<AnyLookup>[]> {
  const map = base.reader.map(tree, '`facts`');
  const lookups: Use<AnyLookup>[] = [];
  for (const [id, { key, value }] of map?.entries ?? []) {
    await base.turn?.();
    const entry = namedEntry(id, key, value, 'fact', base.reader);
    if (entry === undefined) continue;
    base.reader.keys(entry, `the fact \`${id}\``, ['name', 'uses', 'on', 'with', 'if']);
    const closed = { causes: `${order} causes are looked for`, steps: `${order} any step runs` };
    const use = compileUse(
      entry,
      { id, name: id, span: key, types: ['lookup'], section: 'facts' },
      { ...base, scope: scopeIn(frame, closed) },
    );
    if (use !== undefined) lookups.push(use);
    // The type of a fact whose lookup is wrong is not known; that it is there is.
    const shape = use === undefined ? dyn : shapeOf(use.uses.output);
    frame.facts.set(id, frame.facts.has(id) ? dyn : shape);
    frame.environment = undefined;
  }
  return lookups;
}

async function compileCauses(tree: Tree | undefined, frame: Frame, base: Base): Promise<readonly Cause[]> {
  const map = base.reader.map(tree, '`causes`');
  const causes: Cause[] = [];
  const closed = {
    steps: 'causes are looked for before any step runs',
    causes: 'causes are looked for together; none can use another',
  };
  for (const [id, { key, value }] of map?.entries ?? []) {
    await base.turn?.();
    const entry = namedEntry(id, key, value, 'cause', base.reader);
    if (entry === undefined) continue;
    base.reader.keys(entry, `the cause \`${id}\``, ['title', 'uses', 'on', 'with', 'if']);
    const title = base.reader.text(entry.entries.get('title')?.value, `\`title\` of \`causes.${id}\``);
    if (!entry.entries.has('title'))
      base.reader.problems.add(
        key,
        `the cause \`${id}\` has no \`title\``,
        'one line: why the incident happens',
      );
    const options = { id, name: title ?? id, span: key, types: ['check'] as const, section: 'causes' };
    const use = compileUse(entry, options, { ...base, scope: scopeIn(frame, closed) });
    if (use !== undefined) causes.push({ ...use, title: title ?? id });
  }
  for (const id of map?.entries.keys() ?? []) frame.causes.add(id);
  return causes;
}

function namedEntry(
  id: string,
  key: Parameters<Reader['problems']['add']>[0],
  value: Tree,
  what: string,
  reader: Reader,
) {
  const fault = nameFault(id);
  if (fault !== undefined) reader.problems.add(key, `\`${id.slice(0, 60)}\` cannot name a ${what}: ${fault}`);
  return reader.map(value, `the ${what} \`${id.slice(0, 60)}\``);
}

async function inOrder<T>(
  items: readonly Item[],
  base: Base,
  compile: (item: UseItem, context: UseContext) => T | undefined,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (const item of items) {
    await base.turn?.();
    const context = { ...base, scope: scopeIn(item.frame, {}) };
    if (item.type === 'include') {
      compileGiven(item, context);
      continue;
    }
    const compiled = compile(item, context);
    passed(item);
    if (compiled !== undefined) all.push(compiled);
  }
  return all;
}

/** From here on the step may be used, by its own file and by those that include it. */
function passed({ frame, id }: UseItem): void {
  const whole = frame.prefix + id;
  for (let owner: Frame | undefined = frame; owner !== undefined; owner = owner.parent) {
    const name = whole.slice(owner.prefix.length);
    if (owner.steps.has(name)) owner.before.add(name);
  }
}

const stepKeys = ['id', 'name', 'if', 'uses', 'on', 'with', 'timeout', 'retry', 'on-failure'];
const stepHints = {
  when: 'did you mean `if`?',
  run: 'a step uses a step of a library: `uses: linux.…`',
  'continue-on-error': 'write `on-failure: continue`',
  within: 'a step has a `timeout`; `within` belongs to `verify`',
};

function compileStep(item: UseItem, context: UseContext): Step | undefined {
  const { map, frame, id, span } = item;
  const { reader } = context;
  reader.keys(map, `the step \`${id}\``, stepKeys, stepHints);
  const part = (name: string) => map.entries.get(name)?.value;
  const timeoutSeconds = reader.duration(part('timeout'), '`timeout`');
  const onFailure = reader.choice(part('on-failure'), '`on-failure`', onFailures);
  const retry = readRetry(part('retry'), reader);
  const use = compileUse(
    map,
    { id: frame.prefix + id, span, types: ['state', 'event'], section: 'steps' },
    context,
  );
  if (use === undefined) return undefined;
  return {
    ...use,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(retry === undefined ? {} : { retry }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
}

function readRetry(tree: Tree | undefined, reader: Reader): Step['retry'] {
  const map = reader.map(tree, '`retry`');
  if (map === undefined) return undefined;
  reader.keys(map, '`retry`', ['attempts', 'delay', 'backoff']);
  const part = (name: string) => map.entries.get(name)?.value;
  if (!map.entries.has('attempts'))
    reader.problems.add(
      firstLine(map),
      '`retry` has no `attempts`',
      'such as `retry: { attempts: 3, delay: 2s, backoff: 2 }`',
    );
  return {
    attempts: reader.number(part('attempts'), '`attempts`', { least: 1, most: 100, whole: true }) ?? 1,
    delaySeconds: reader.duration(part('delay'), '`delay`') ?? 1,
    backoff: reader.number(part('backoff'), '`backoff`', { least: 1, most: 10, whole: false }) ?? 1,
  };
}

function compileVerification(item: UseItem, context: UseContext): Verification | undefined {
  const { map, frame, id, span } = item;
  const { reader } = context;
  reader.keys(map, `the verification \`${id}\``, ['id', 'name', 'if', 'uses', 'on', 'with', 'within'], {
    timeout: 'a verification has `within`',
  });
  const withinSeconds = reader.duration(map.entries.get('within')?.value, '`within`');
  const use = compileUse(
    map,
    { id: frame.prefix + id, span, types: ['check', 'event'], section: 'verify' },
    context,
  );
  if (use === undefined) return undefined;
  return { ...use, ...(withinSeconds === undefined ? {} : { withinSeconds }) };
}
