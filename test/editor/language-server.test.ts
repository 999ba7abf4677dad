import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlace, root } from '../cli/support/claw-run.ts';
import {
  type CompletionItem,
  type Diagnostic,
  LanguageServer,
  type Position,
} from './support/language-server.ts';
import { standard } from './support/standard.ts';

const server = new LanguageServer();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-run-editor-'));
  await mkdir(join(folder, 'runbooks'));
  await symlink(join(root, 'schema'), join(folder, 'schema'));
  await server.start(folder);
});

afterAll(async () => {
  await server.stop();
  expect(server.stderr).toBe('');
  await rm(folder, { recursive: true, force: true });
});

const modeline = '# yaml-language-server: $schema=../schema/runbook.schema.json\n';
let files = 0;

/** A document of its own, with the place that `‸` marks in its text. */
interface Opened {
  readonly diagnostics: readonly string[];
  readonly complete: () => Promise<readonly CompletionItem[]>;
  readonly hover: () => Promise<string>;
}

async function open(marked: string, first = modeline, where = join(folder, 'runbooks')): Promise<Opened> {
  const whole = first + marked;
  const text = whole.replace('‸', '');
  const name = `${++files}.yaml`;
  const diagnostics = await server.open(where, name, text);
  const at = placeOf(whole);
  return {
    diagnostics: diagnostics.map((one) => inWords(one, text)),
    complete: () => server.complete(where, name, at),
    hover: () => server.hover(where, name, at),
  };
}

function placeOf(text: string): Position {
  const before = text.slice(0, Math.max(text.indexOf('‸'), 0)).split('\n');
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

/** The line that it is at, and what it says. */
function inWords({ message, range }: Diagnostic, text: string): string {
  return `${text.split('\n')[range.start.line]?.trim()} → ${message}`;
}

function labels(items: readonly CompletionItem[]): readonly string[] {
  return items.map(({ label }) => label);
}

function wordsOf(items: readonly CompletionItem[], label: string): string | undefined {
  const { documentation } = items.find((item) => item.label === label) ?? {};
  return typeof documentation === 'string' ? documentation : documentation?.value;
}

const head = `runbook: full
version: 1
title: A disk is full
targets:
  cluster: { kind: cluster }
  head: { kind: host }
`;

describe('diagnostics', () => {
  test('there are none of the shipped runbooks', async () => {
    const shipped = (await readdir(join(root, 'runbooks'))).filter((file) => file.endsWith('.yaml'));
    expect(shipped.length).toBeGreaterThanOrEqual(10);
    const found: (readonly [file: string, diagnostics: readonly string[]])[] = [];
    for (const file of shipped) {
      const text = await readFile(join(root, 'runbooks', file), 'utf8');
      expect(text.startsWith(modeline)).toBe(true);
      const diagnostics = await server.open(join(root, 'runbooks'), file, text);
      found.push([file, diagnostics.map((one) => inWords(one, text))]);
    }
    expect(found).toEqual(shipped.map((file) => [file, []]));
  });

  test('there are none of what `claw-run new` writes, with the schema that it writes', async () => {
    const place = await makePlace();
    await place.run(['new', 'disk-full']);
    const text = await readFile(join(place.folder, 'disk-full.yaml'), 'utf8');
    expect((await open(text, '', place.folder)).diagnostics).toEqual([]);
    const broken = text.replace('kubernetes.service-account', 'kubernetes.servce-account');
    expect((await open(broken, '', place.folder)).diagnostics).toEqual([
      expect.stringContaining('uses: kubernetes.servce-account → Value must be "kubernetes.apply" | '),
    ]);
  });

  test('each is at its line and says what is wrong', async () => {
    const { diagnostics } = await open(`${head}tasks: []
causes:
  open:
    title: A port is closed
    uses: linux.listening
    on: head
    with: { port: 99999 }
  slow:
    title: A server is slow
    uses: linux.http
    on: head
    with:
      url: two words
      status: fine
      method: GETT
      insecure: 5
      retries: 3
steps:
  - id: role
    uses: kubernetes.role
    timeout: 3
    with:
      name: x
  - id: quota
    uses: kubernetes.quota
  - id: account
    uses: kubernetes.service-account
    on-failure: ignore
    with:
      name: \${{ params.name }}
      namespace: not a name
`);
    expect(diagnostics.toSorted()).toMatchInlineSnapshot(`
      [
        "- id: quota → Missing property "with".",
        "insecure: 5 → Incorrect type. Expected one of boolean, string.",
        "method: GETT → Value is not accepted. Valid values: "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS".",
        "namespace: not a name → Must be a Kubernetes name: letters, digits, "-" and ".".",
        "on-failure: ignore → Value is not accepted. Valid values: "roll-back", "stop", "continue".",
        "retries: 3 → Property retries is not allowed.",
        "status: fine → Must be an integer, or an expression: \`\${{ … }}\`.",
        "tasks: [] → Property tasks is not allowed.",
        "timeout: 3 → Incorrect type. Expected "string".",
        "url: two words → Must be a URL without user and password.",
        "with: { port: 99999 } → Value is above the maximum of 65535.",
        "with: → Missing property "namespace".",
      ]
    `);
  });
});

describe('completion', () => {
  test('of `uses` gives the steps that fit there, with what they are for', async () => {
    const { complete } = await open(`${head}steps:\n  - id: one\n    uses: ‸\n`);
    const items = await complete();
    const fitting = [...standard.values()].filter(({ type }) => type === 'state' || type === 'event');
    expect(labels(items)).toEqual(expect.arrayContaining(fitting.map(({ id }) => id)));
    expect(labels(items)).not.toContain('kubernetes.can-i');
    expect(wordsOf(items, 'kubernetes.service-account')).toContain(
      standard.get('kubernetes.service-account')?.summary,
    );
  });

  test('of `uses` of a cause gives checks only', async () => {
    const { complete } = await open(`${head}causes:\n  open:\n    title: x\n    uses: ‸\nsteps: []\n`);
    const items = labels(await complete());
    expect(items).toContain('kubernetes.can-i');
    expect(items).not.toContain('kubernetes.service-account');
  });

  // The id of one is the beginning of the id of the other.
  test.each([
    ['kubernetes.role', ['name', 'namespace', 'rules', 'mode', 'state'], 'subjects'],
    ['kubernetes.role-binding', ['name', 'namespace', 'role', 'subjects', 'state'], 'rules'],
  ])('inside of `with` of %s gives its inputs and no others', async (id, inputs, other) => {
    const { complete } = await open(`${head}steps:\n  - id: one\n    uses: ${id}\n    with:\n      ‸\n`);
    const items = await complete();
    expect(labels(items)).toEqual(expect.arrayContaining(inputs));
    expect(labels(items)).not.toContain(other);
    expect(wordsOf(items, 'namespace')).toContain('Namespace of the object');
    expect(items.find(({ label }) => label === 'namespace')?.insertText).toBe('namespace: ');
  });

  test('of an input that has few values gives them', async () => {
    const { complete } = await open(
      `${head}steps:\n  - id: one\n    uses: kubernetes.role\n    with:\n      name: a\n      mode: ‸\n`,
    );
    expect(labels(await complete())).toEqual(expect.arrayContaining(['at-least', 'exactly']));
  });

  test('in a step gives its keys', async () => {
    const { complete } = await open(`${head}steps:\n  - id: one\n    uses: kubernetes.role\n    ‸\n`);
    expect(labels(await complete())).toEqual(
      expect.arrayContaining(['with', 'on', 'if', 'timeout', 'retry']),
    );
  });

  test('at the top gives the parts of a runbook that are not there yet', async () => {
    const { complete } = await open(`${head}steps: []\n‸`);
    const items = labels(await complete());
    expect(items).toEqual(expect.arrayContaining(['params', 'facts', 'causes', 'verify', 'on-failure']));
    expect(items).not.toContain('title');
  });

  test('of a fragment gives what a fragment has', async () => {
    const { complete } = await open('fragment: x\nversion: 1\nsteps: []\n‸');
    const items = labels(await complete());
    expect(items).toContain('params');
    expect(items).not.toContain('causes');
  });
});

describe('what is shown', () => {
  const text = (uses: string, input: string) =>
    `${head}steps:\n  - id: one\n    uses: ${uses}\n    with:\n      name: a\n      ${input}: b\n`;

  test('of a step is what it does, and of no other', async () => {
    const { hover } = await open(text('kubernetes.ro‸le', 'namespace'));
    const shown = await hover();
    expect(shown).toContain('A Role of a namespace grants permissions');
    expect(shown).toContain('Permissions are compared as the RBAC authorizer reads them');
    expect(shown).not.toContain('kubernetes.apply');
  });

  test('of an input is its description', async () => {
    const { hover } = await open(text('kubernetes.role', 'names‸pace'));
    expect(await hover()).toContain('Namespace of the object');
  });

  test('of an input that is an expression is its description too', async () => {
    const { hover } = await open(
      `${head}steps:\n  - id: one\n    uses: kubernetes.role\n    with:\n      na‸me: \${{ params.name }}\n`,
    );
    expect(await hover()).toContain('Name of the Role');
  });

  test('of a key of the language is what it is for', async () => {
    const { hover } = await open(`${head.replace('title', 'ti‸tle')}steps: []\n`);
    expect(await hover()).toContain('What is broken, in one line.');
  });
});

describe('with steps of one’s own', () => {
  async function ownPlace() {
    const place = await makePlace();
    await mkdir(join(place.folder, 'runbooks'));
    const library = join(root, 'test/editor/fixtures/steps.ts');
    const made = await place.run(['schema', '--library', library, '-o', 'schema/runbook.schema.json']);
    expect(made).toMatchObject({ exit: 0, stderr: '' });
    return join(place.folder, 'runbooks');
  }

  const cause = (uses: string, rest: string) =>
    `${head}causes:\n  messy:\n    title: x\n    uses: ${uses}\n    on: head\n${rest}steps: []\n`;

  test('they are completed, shown and checked as those of claw-run', async () => {
    const where = await ownPlace();
    const uses = await open(cause('‸', ''), modeline, where);
    const ids = await uses.complete();
    expect(wordsOf(ids, 'acme.shelf')).toContain('A shelf is in order');
    expect(labels(ids)).toContain('kubernetes.can-i');

    const inputs = await open(
      cause('acme.shelf', '    with:\n      anything: 1\n      ‸\n'),
      modeline,
      where,
    );
    const items = await inputs.complete();
    expect(labels(items)).toEqual(expect.arrayContaining(['tree', 'shape', 'token', 'mode', 'numbered']));
    expect(labels(items)).not.toContain('label');

    const nested = await open(
      cause(
        'acme.shelf',
        '    with:\n      anything: 1\n      tree:\n        name: a\n        below:\n          - na‸me: b\n',
      ),
      modeline,
      where,
    );
    expect(nested.diagnostics).toEqual([]);
    expect(await nested.hover()).toContain('Name of the folder');

    const wrong = await open(
      cause(
        'acme.shelf',
        `    with:
      anything: 1
      tree:
        name: a
        below:
          - nmae: b
      shape: { kind: round, radius: big }
      token: plain
      name: abx
`,
      ),
      modeline,
      where,
    );
    expect(wrong.diagnostics.toSorted()).toMatchInlineSnapshot(`
      [
        "- nmae: b → Missing property "name".",
        "- nmae: b → Property nmae is not allowed.",
        "name: abx → Must be a grade.",
        "shape: { kind: round, radius: big } → Must be a number, or an expression: \`\${{ … }}\`.",
        "token: plain → Must be an expression, such as \`\${{ params.namespace }}\`.",
      ]
    `);
  });
});

test('the server ends by itself', async () => {
  const other = new LanguageServer();
  await other.start(folder);
  await writeFile(join(folder, 'other.yaml'), '');
  expect(await other.open(folder, 'other.yaml', 'a: 1\n')).toEqual([]);
  await other.stop();
  expect(other.exitCode).toBe(0);
});
