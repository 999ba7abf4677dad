import { readFileSync } from 'node:fs';
import type { Connection, Definition, TargetKind, Transport } from '@claw-run/core';
import { afterAll, afterEach, beforeEach, describe, it } from 'vitest';
import { parseCases } from '../case-file.ts';
import { type Case, runCase } from '../cases.ts';
import { type ConnectHost, describeHostContract, type HostWorld } from '../contracts/host.ts';
import { claim, law } from '../law.ts';
import { describeUses } from '../laws.ts';
import { casesOf, strayCases } from './case-files.ts';
import { describeDefinition } from './definition-laws.ts';
import { describeExampleUses } from './example-laws.ts';
import { type Exported, exportedBy } from './exported.ts';
import { watchWords } from './secret-words.ts';
import { moot, warn } from './told.ts';

/** A target that the laws of a library are tried on. */
export interface LibraryTarget {
  readonly connect: () => Promise<Connection>;
  /** Whether examples are tried as they are: what they read is deleted there. Subjects always are. */
  readonly examples: boolean;
}

/** The host that the contract of a transport is tried on. */
export interface TransportTarget {
  readonly connect: ConnectHost;
  readonly world: () => Promise<HostWorld>;
  /** Called once the contract was tried. */
  readonly close?: () => Promise<void>;
}

export interface LibraryOptions {
  /** How the module is called in the results. */
  readonly name: string;
  /** Files of cases: `NAME.cases.yaml` is of the step `library.NAME`. */
  readonly cases?: readonly string[];
  /** Whether these are the library's own, so that one that is of no step is warned of. */
  readonly ownCases?: boolean;
  /** By kind, the target or why there is none: told of each step that was not tried for it. */
  readonly targets: { readonly [K in TargetKind]: LibraryTarget | { readonly missing: string } };
  /** By scheme; of a transport without one it is told that its contract was not tried. */
  readonly transports?: { readonly [scheme: string]: TransportTarget };
  /** Ids that others have. */
  readonly reserved?: readonly string[];
  /** Which units are tried: `step ID`, `transport SCHEME`, `module NAME`; all where absent. */
  readonly units?: (unit: string) => boolean;
  /** Whether runs are killed as well. True where absent. */
  readonly crashes?: boolean;
}

/**
 * Registers everything that a library is graded by: what its definitions say of themselves, their examples and cases, the laws in the worlds of its `subjects`
 * and in those that its examples make, and the contract of each transport. One suite for each step and transport. Loads the module first: what it
 * prints then is a fault.
 */
export async function describeLibrary(
  load: () => Promise<{ readonly [name: string]: unknown }>,
  options: LibraryOptions,
): Promise<void> {
  const { name, units = () => true } = options;
  const unit = (kind: string, of: string, register: () => void) => {
    const title = `${kind} ${of}`;
    if (units(title)) describe(title, register);
  };
  const { module, failed, printed } = await loadQuietly(load);
  const exported = exportedBy(module);
  const { definitions, transports, subjects } = exported;
  const cases = { name, definitions, files: options.cases ?? [] };
  unit('module', name, () => {
    describeModule(exported, { failed, printed });
    const stray = options.ownCases === true ? strayCases(cases) : [];
    if (failed === undefined && stray.length > 0)
      it('has cases of its own steps', ({ task }) => {
        warn(task, `no step is named like ${stray.join(', ')}`);
        moot(task);
      });
  });
  const reserved = new Set(options.reserved);
  for (const [id, same] of Map.groupBy(definitions, (each) => each.id)) {
    unit('step', id, () => {
      for (const definition of same) {
        describeDefinition(definition, reserved);
        describeCasesOf(definition, casesOf(definition, cases));
        describeLawsOf(
          definition,
          subjects.filter((subject) => subject.definition === definition),
          options,
        );
      }
    });
  }
  for (const transport of transports)
    unit('transport', transport.scheme, () => describeTransport(transport, options.transports ?? {}));
}

interface Loaded {
  readonly module: { readonly [name: string]: unknown };
  readonly failed?: unknown;
  readonly printed: string;
}

/** Standard output is where a pipeline reads JSON. */
async function loadQuietly(load: () => Promise<Loaded['module']>): Promise<Loaded> {
  const { write } = process.stdout;
  let printed = '';
  process.stdout.write = ((chunk: string | Uint8Array) => {
    printed += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    return true;
  }) as typeof write;
  try {
    return { module: await load(), printed };
  } catch (error) {
    return { module: {}, failed: error, printed };
  } finally {
    process.stdout.write = write;
  }
}

function describeModule(exported: Exported, { failed, printed }: Omit<Loaded, 'module'>): void {
  const { definitions, transports, faults } = exported;
  it('can be loaded', () =>
    law('it can be loaded', () => {
      if (failed !== undefined) throw failed;
    }));
  if (failed !== undefined) return;
  it('prints nothing when it is loaded', () =>
    law('it prints nothing when it is loaded', () =>
      claim(printed === '', `it printed ${JSON.stringify(printed.slice(0, 200))}`),
    ));
  it('exports what it offers', async () => {
    await law('it exports steps or transports', () =>
      claim(definitions.length + transports.length > 0, 'it exports none'),
    );
    await law('its subjects are subjects', () => claim(faults.length === 0, faults.join('; ')));
  });
  it('has an id for each', () =>
    law('no two have one id', () => {
      const twice = [
        ...doubles(definitions.map(({ id }) => id)),
        ...doubles(transports.map(({ scheme }) => `${scheme}://`)),
      ];
      claim(twice.length === 0, `there are several of ${twice.join(', ')}`);
    }));
}

function doubles(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function describeCasesOf(definition: Definition, own: readonly string[]): void {
  if (own.length === 0) {
    it('has cases', ({ task }) => {
      warn(task, `it has no cases: ${definition.id.split('.').at(-1)}.cases.yaml`);
      moot(task);
    });
    return;
  }
  for (const file of own) {
    const cases = read(file);
    if (cases instanceof Error) {
      it('has cases that can be read', () =>
        law('its cases can be read', () => {
          throw cases;
        }));
      continue;
    }
    for (const one of cases)
      it(`case: ${one.name}`, () => law('its cases hold', () => runCase(definition, one)));
  }
}

function read(file: string): readonly Case[] | Error {
  try {
    const cases = parseCases<Case>(readFileSync(file, 'utf8'));
    return Array.isArray(cases) ? cases : new Error(`${file} is no list of cases`);
  } catch (error) {
    return new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describeLawsOf(
  definition: Definition,
  subjects: Exported['subjects'],
  { targets, crashes = true }: LibraryOptions,
): void {
  const target = targets[definition.on];
  if (target === undefined) return;
  if ('missing' in target) {
    it('keeps the laws on a target', ({ skip }) => skip(target.missing));
    return;
  }
  const inputs = [...subjects, ...definition.examples].map(
    (each) => definition.input.safeParse(each.with).data,
  );
  const words = watchWords(inputs);
  const connect = async () => words.watch(await target.connect());
  describe('laws', () => {
    afterEach(() => words.expectNone());
    describeUses(subjects, { connect, crashes });
    if (target.examples) describeExampleUses(definition, subjects.length > 0, { connect, crashes });
    else if (subjects.length === 0)
      it('keeps the laws on a target', ({ skip }) =>
        skip(
          'needs a world: export `subjects` (examples are not tried on this machine: what they read would be deleted)',
        ));
  });
}

function describeTransport(transport: Transport, targets: NonNullable<LibraryOptions['transports']>): void {
  const { scheme, summary } = transport;
  it('says what it is', async () => {
    await law('its scheme is one', () =>
      claim(/^[a-z][a-z0-9+.-]*$/.test(scheme), `${JSON.stringify(scheme)} is no scheme`),
    );
    await law('it says what hosts it reaches', () =>
      claim(String(summary ?? '').trim() !== '', 'it has no summary'),
    );
  });
  const target = Object.hasOwn(targets, scheme) ? targets[scheme] : undefined;
  if (target === undefined) {
    it('keeps the contract of hosts', ({ skip }) => skip(`no host; --target ${scheme}=${scheme}://…`));
    return;
  }
  afterAll(() => target.close?.());
  describeHostContract('contract', target.connect, target.world);
}

/** Tells which test is under way, before anything of it runs; for whoever watches from another process. */
export function watchTests(
  started: (path: readonly string[], timeout: number) => void,
  ended: () => void,
): void {
  beforeEach(({ task }) => started(pathOf(task), task.timeout));
  afterEach(() => ended());
}

interface Named {
  readonly name: string;
  readonly suite?: Named | undefined;
}

function pathOf({ name, suite }: Named): readonly string[] {
  return suite === undefined ? [name] : [...pathOf(suite), name];
}
