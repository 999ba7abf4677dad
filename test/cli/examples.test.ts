import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makePlace, root, startProcess } from './support/claw-run.ts';

async function example(name: string) {
  const { env } = await makePlace();
  return startProcess([process.execPath, join(root, 'examples', name)], { cwd: root, env }).ended;
}

test('a program mends workers in a few lines', async () => {
  const { exit, stdout } = await example('01-library.ts');
  expect(exit).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "done: account
    done: role
    done: binding
    done: token
    done: workload-account
    done: a-test-job-is-completed
    ok; it was: The workers' service account lacks the rights of a worker
    "
  `);
});

test('a step of your own plans in a runbook of your own', async () => {
  const { exit, stdout } = await example('02-own-step.ts');
  expect(exit).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "A namespace says which team it belongs to [
      {
        path: [ 'Namespace production team' ],
        before: null,
        after: 'workers-sre'
      }
    ]
    "
  `);
});

test('journals in a database of your own are resumed and rolled back from', async () => {
  const { exit, stdout, stderr } = await example('05-own-journals.ts');
  expect({ exit, stdout, stderr }).toMatchInlineSnapshot(`
    {
      "exit": 0,
      "stderr": "",
      "stdout": "ok; 1 run kept
    rolled back: ok
    ",
    }
  `);
});
