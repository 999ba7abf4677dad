import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixtures, makePlace, normal } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();
const hostile = `<script>alert(1)</script> "quoted" & \`ticks\` | pipe ]]>`;

test('reports are readable, and what a run saw cannot become markup', async () => {
  const { run, folder } = await makePlace({
    KUBECONFIG: cluster.kubeconfig,
    GREETING_PASSWORD: 'correct-horse',
  });
  const reports = ['html:out/r.html', 'junit:out/r.xml', 'markdown:out/r.md'].flatMap((each) => [
    '--report',
    each,
  ]);
  const args = [
    join(fixtures, 'greeting.yaml'),
    '--yes',
    '-q',
    '-e',
    'namespace=report',
    '-e',
    `text=${hostile}`,
  ];
  expect(await run([...args, ...reports])).toMatchObject({ exit: 0 });
  const read = async (name: string) => normal(await readFile(join(folder, 'out', name), 'utf8'));
  expect(await read('r.md')).toMatchInlineSnapshot(`
    "# The namespace does not greet

    **ok** (3 changed): greeting on cluster sandbox, run \`RUN\`, TIME, N s

    ## Causes

    | Before | After | Cause | Evidence |
    | --- | --- | --- | --- |
    | found | ruled out | Nothing is said | text of ConfigMap report/greeting is as it should be |

    ## Steps

    - **Build the hall**: done. Namespace report is as planned

      \`\`\`diff
      + Namespace report
          metadata:
            labels:
              kubernetes.io/metadata.name: report
      \`\`\`
    - **Say the words**: done. ConfigMap report/greeting text is as planned

      \`\`\`diff
      ~ ConfigMap report/greeting text
          exists: false → true
          + values.text: "<script>alert(1)</script> \\"quoted\\" & \`ticks\` | pipe ]]>"
      \`\`\`
    - **Keep the door**: done. Secret report/door password is as planned

      \`\`\`diff
      ~ Secret report/door password
          exists: false → true
          values.password: ‹secret› set
      \`\`\`
    - **Ring the bell**: skipped. not needed: params.times \\> 1

    ## Verification

    | Verdict | Check | Finding |
    | --- | --- | --- |
    | pass | The words are said | text of ConfigMap report/greeting is as it should be |
    "
  `);
  expect((await read('r.xml')).replaceAll(/time="[\d.]+"/g, 'time="N"')).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="greeting" tests="6" failures="0" errors="0" skipped="1" time="N">
      <testsuite name="greeting diagnosis" tests="1" failures="0" errors="0" skipped="0" time="N" timestamp="TIME">
        <testcase classname="greeting diagnosis" name="Nothing is said" time="N"/>
      </testsuite>
      <testsuite name="greeting steps" tests="4" failures="0" errors="0" skipped="1" time="N" timestamp="TIME">
        <testcase classname="greeting steps" name="Build the hall" time="N"/>
        <testcase classname="greeting steps" name="Say the words" time="N"/>
        <testcase classname="greeting steps" name="Keep the door" time="N"/>
        <testcase classname="greeting steps" name="Ring the bell" time="N"><skipped message="skipped: not needed: params.times &gt; 1"/></testcase>
      </testsuite>
      <testsuite name="greeting verification" tests="1" failures="0" errors="0" skipped="0" time="N" timestamp="TIME">
        <testcase classname="greeting verification" name="The words are said" time="N"/>
      </testsuite>
    </testsuites>
    "
  `);
  const html = await read('r.html');
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html).toContain("default-src 'none'");
});

test('a run that changes nothing because it may not is an error in JUnit', async () => {
  const { run, folder } = await makePlace({
    KUBECONFIG: cluster.kubeconfig,
    GREETING_PASSWORD: 'correct-horse',
  });
  const { exit } = await run([
    join(fixtures, 'greeting.yaml'),
    '-e',
    'namespace=refused',
    '--report',
    'junit:r.xml',
  ]);
  expect(exit).toBe(12);
  const xml = await readFile(join(folder, 'r.xml'), 'utf8');
  expect(xml).toContain('tests="6" failures="1" errors="1"');
  expect(xml).toContain('waiting-for-approval');
});

test('a report that cannot be written is refused before anything is touched', async () => {
  const { run, folder } = await makePlace({
    KUBECONFIG: cluster.kubeconfig,
    GREETING_PASSWORD: 'correct-horse',
  });
  await writeFile(join(folder, 'file'), '');
  const args = [join(fixtures, 'greeting.yaml'), '-e', 'namespace=unwritten', '--yes'];
  for (const [path, code] of [
    ['file/r.xml', 'ENOTDIR'],
    ['/proc/no/r.xml', 'ENOENT'],
  ] as const) {
    const { exit, stderr } = await run([...args, '--report', `junit:${path}`]);
    expect(exit).toBe(2);
    expect(stderr).toContain(`r.xml cannot be written: ${code}`);
  }
  expect(await cluster.get('Namespace', 'unwritten')).toBeNull();
});
