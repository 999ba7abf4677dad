import type { Tested, TestFault } from './protocol.ts';

/** `passed`: everything was tried and nothing failed; `incomplete`: nothing failed, and something was not tried. */
export type Grade = 'passed' | 'incomplete' | 'failed';

/** What was found of one step or transport, or of the module as a whole. */
export interface GradedUnit {
  readonly kind: 'module' | 'step' | 'transport';
  readonly id: string;
  readonly grade: Grade;
  /** Tests that passed. */
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly untried: readonly Untried[];
  readonly warnings: readonly string[];
  readonly seconds: number;
  /** Each test, for reports that list them. */
  readonly tests: readonly GradedTest[];
}

export interface GradedTest {
  readonly name: string;
  readonly seconds: number;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly because: string;
  /** Expected and found, line by line. */
  readonly diff?: string;
}

export interface Failure {
  /** The law that does not hold. */
  readonly law: string;
  /** The test and the world that showed it. */
  readonly where: string;
  readonly message: string;
  /** Expected and found, line by line. */
  readonly diff?: string;
  readonly hint?: string;
}

export interface Untried {
  readonly what: string;
  readonly why: string;
}

/** A library as it was graded. */
export interface GradedLibrary {
  readonly name: string;
  readonly grade: Grade;
  readonly startedAt: string;
  readonly seconds: number;
  readonly units: readonly GradedUnit[];
  /** What tried it: `vitest` and `@claw-run/testing` by version. */
  readonly by: { readonly [name: string]: string };
}

/** Grades a unit by what was told of it. */
export function gradeUnit(unit: string, told: readonly Tested[]): GradedUnit {
  const { kind, id } = unitOf(unit);
  const tests = told.filter((each) => each.told === 'test');
  const broken = told.flatMap((each) =>
    each.told === 'suite' ? each.faults.map((fault) => failureOf(each.path, fault)) : [],
  );
  const failed = tests.filter(({ state }) => state === 'failed');
  const failures = unique([
    ...broken,
    ...failed.flatMap(({ path, faults }) =>
      (faults.length === 0 ? [{ message: 'it failed, and does not say why' }] : faults).map((fault) =>
        failureOf(path, fault),
      ),
    ),
  ]);
  const untried = tests.flatMap(({ path, state, note }) =>
    state !== 'skipped' || (note === undefined && broken.length > 0)
      ? []
      : [{ what: nameOf(path), why: note ?? 'what comes before it failed' }],
  );
  return {
    kind,
    id,
    grade: gradeOf(failures.length, untried.length),
    passed: tests.filter(({ state }) => state === 'passed').length,
    failures,
    untried,
    warnings: [...new Set(tests.flatMap(({ warnings }) => warnings))],
    seconds: tests.reduce((sum, { ms }) => sum + ms, 0) / 1000,
    tests: [
      ...tests.flatMap(({ path, state, ms, note, faults }): readonly GradedTest[] => {
        if (state === 'moot') return [];
        const [first] = faults.map((fault) => failureOf(path, fault));
        return [{ name: nameOf(path), seconds: ms / 1000, verdict: state, ...reasonOf(first, note) }];
      }),
      ...broken.map(
        (failure): GradedTest => ({
          name: failure.where,
          seconds: 0,
          verdict: 'failed',
          ...reasonOf(failure),
        }),
      ),
    ],
  };
}

function reasonOf(failure: Failure | undefined, note = ''): Pick<GradedTest, 'because' | 'diff'> {
  if (failure === undefined) return { because: note };
  const { law, message, diff } = failure;
  return { because: `${law}: ${message}`, ...(diff === undefined ? {} : { diff }) };
}

/** Grades a library by its parts. */
export function gradeLibrary(library: Omit<GradedLibrary, 'grade'>): GradedLibrary {
  const count = (grade: Grade) => library.units.filter((unit) => unit.grade === grade).length;
  return { ...library, grade: gradeOf(count('failed'), count('incomplete')) };
}

function gradeOf(failed: number, untried: number): Grade {
  if (failed > 0) return 'failed';
  return untried > 0 ? 'incomplete' : 'passed';
}

function unitOf(unit: string): Pick<GradedUnit, 'kind' | 'id'> {
  const [, kind = 'module', id = unit] = /^(module|step|transport) (.*)$/s.exec(unit) ?? [];
  return { kind: kind as GradedUnit['kind'], id };
}

function failureOf(path: readonly string[], { message, law, diff, hint }: TestFault): Failure {
  const where = nameOf(path);
  const [late] = /^(Test|Hook) timed out in (\d+)ms/.exec(message) ?? [];
  const named = law === undefined ? message : withoutName(message, law);
  const told = diff === undefined ? named : withoutSummary(named);
  return {
    law: late === undefined ? (law ?? sentenceOf(path)) : 'it ends in time',
    where,
    message:
      late === undefined
        ? told
        : `it did not end within ${Number(/\d+/.exec(late)?.[0]) / 1000} s (--law-timeout)`,
    ...(diff === undefined ? {} : { diff }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** What a test says that holds: of a contract the suites are the beginning of the sentence. */
function sentenceOf(path: readonly string[]): string {
  const at = path.indexOf('contract');
  return at < 0 ? (path.at(-1) ?? '') : path.slice(at + 1).join(' ');
}

/** An error bears the names of its laws, the outer one first; they are told apart from it. */
function withoutName(message: string, law: string): string {
  const at = message.indexOf(`${law}: `);
  return at < 0 ? message : message.slice(at + law.length + 2);
}

/** Where the difference is shown line by line, what vitest makes of it in one says less. */
function withoutSummary(message: string): string {
  const short = message.replace(
    /(^|: )expected .*? to (deeply equal|strictly equal|match object|be)\b.*$/s,
    '',
  );
  return short === '' ? 'what was expected (-) is not what was found (+)' : short;
}

function nameOf(path: readonly string[]): string {
  return path.slice(1).join(' › ');
}

function unique(failures: readonly Failure[]): readonly Failure[] {
  return [...new Map(failures.map((each) => [JSON.stringify(each), each])).values()];
}
