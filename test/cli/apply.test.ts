import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtures, makePlace, normal } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();
const greeting = join(fixtures, 'greeting.yaml');

async function planned(namespace: string) {
  const place = await makePlace({
    KUBECONFIG: cluster.kubeconfig,
    GREETING_PASSWORD: 'correct-horse-battery',
  });
  const made = await place.run(['plan', greeting, '-q', '-o', 'plan.json', '-e', `namespace=${namespace}`]);
  expect(made.exit).toBe(0);
  return { ...place, plan: join(place.folder, 'plan.json') };
}

describe('a saved plan', () => {
  test('is applied as it was agreed to, under its own run, and only once', async () => {
    const { run, plan } = await planned('agreed');
    expect((await stat(plan)).mode & 0o777).toBe(0o600);
    const { run: id } = JSON.parse(await readFile(plan, 'utf8')) as { run: string };
    const first = await run(['apply', 'plan.json']);
    expect(first.exit, 'a saved plan is approved by applying it').toBe(0);
    expect(first.stdout).toContain(`roll back: claw-run rollback ${id}`);
    const second = await run(['apply', 'plan.json', '--yes']);
    expect(second.exit).toBe(7);
    expect(normal(second.stdout)).toContain('this plan was applied before, as run RUN');
  });

  test('is refused when the world has moved, naming what moved; nothing is touched', async () => {
    const { run } = await planned('moved');
    const signal = new AbortController().signal;
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'moved' } };
    await cluster.perform({ do: 'create', object }, { key: 'test', signal });
    const { exit, stdout, stderr } = await run(['apply', 'plan.json', '--yes']);
    expect(exit).toBe(7);
    expect(stdout).toContain(
      'the target changed since the plan was made: Build the hall (was a change, is settled',
    );
    expect(stderr).not.toContain('✓');
    expect(await cluster.get('ConfigMap', 'greeting', 'moved')).toBeNull();
  });

  test('that was altered is refused', async () => {
    const { run, plan } = await planned('altered');
    const text = await readFile(plan, 'utf8');
    await writeFile(plan, text.replaceAll('hello', 'goodbye'));
    expect(await run(['apply', 'plan.json', '--yes'])).toMatchObject({
      exit: 7,
      stderr:
        'claw-run: the plan plan.json was altered after it was saved\n  make it anew with claw-run plan RUNBOOK -o FILE\n',
    });
    await writeFile(plan, '{"format":"something else"}');
    expect(await run(['apply', 'plan.json', '--yes'])).toMatchObject({ exit: 2 });
  });

  test('fixes its parameters, those that are secret sealed in it', async () => {
    const { run, plan } = await planned('fixed');
    expect(await run(['apply', 'plan.json', '--yes', '-e', 'text=bye'])).toMatchObject({
      exit: 2,
      stderr: 'claw-run: the plan fixes text\n  plan again with another value, and apply that\n',
    });
    expect(await readFile(plan, 'utf8')).not.toMatch(/‹secret›|correct-horse-battery/);
    const changed = await run(['apply', 'plan.json', '--yes'], { env: { GREETING_PASSWORD: 'another one' } });
    expect(changed).toMatchObject({ exit: 0 });
    expect(await cluster.get('Secret', 'door', 'fixed')).toMatchObject({
      data: { password: Buffer.from('correct-horse-battery').toString('base64') },
    });
  });

  test('is not applied to another cluster', async () => {
    const { run, folder } = await planned('elsewhere');
    const text = await readFile(cluster.kubeconfig, 'utf8');
    const context = /current-context: (\S+)/.exec(text)?.[1] ?? '';
    await writeFile(join(folder, 'other'), text.replaceAll(context, `${context}-2`));
    const { exit, stdout } = await run(['apply', 'plan.json', '--yes'], {
      env: { KUBECONFIG: join(folder, 'other') },
    });
    expect(exit).toBe(7);
    expect(stdout).toContain(`the plan was made for cluster ${context}; this is ${context}-2`);
  });
});
