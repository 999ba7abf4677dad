import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { eventsOf, fixtures, makePlace } from './support/claw-run.ts';
import { useCluster } from './support/cluster.ts';

const cluster = useCluster();

/** The cluster's kubeconfig, with TLS not checked, where everybody can write it. */
async function laxPlace() {
  const place = await makePlace({ GREETING_PASSWORD: 'correct-horse', KUBECONFIG: 'lax' });
  const kubeconfig = join(place.folder, 'lax');
  const config = parse(await readFile(cluster.kubeconfig, 'utf8')) as { clusters: { cluster: object }[] };
  for (const each of config.clusters) {
    const { 'certificate-authority-data': _, ...rest } = each.cluster as { [key: string]: unknown };
    each.cluster = { ...rest, 'insecure-skip-tls-verify': true };
  }
  await writeFile(kubeconfig, stringify(config));
  await chmod(kubeconfig, 0o666);
  return { ...place, kubeconfig };
}

const unsafe = [
  /warning: the certificate of the cluster \S+ is not\s+checked\s+\(insecure-skip-tls-verify\)/g,
  /warning: everybody can write \S+\/lax/g,
];

test('what is unsafe about the way to a target is told once, on standard error and in reports, and the run goes on', async () => {
  const { run, folder } = await laxPlace();
  const args = [join(fixtures, 'greeting.yaml'), '-e', 'namespace=lax', '--yes', '--quiet'];
  const { exit, stderr } = await run([...args, '--report', 'markdown:r.md', '--report', 'html:r.html']);
  expect(exit).toBe(0);
  for (const pattern of unsafe) expect(stderr.match(pattern)).toHaveLength(1);
  for (const report of ['r.md', 'r.html'])
    expect(await readFile(join(folder, report), 'utf8')).toMatch(/Warnings[\s\S]*everybody can write/);
});

test('a program is told by events, and whoever started it on standard error', async () => {
  const { run, kubeconfig } = await laxPlace();
  const { stdout, stderr } = await run([
    join(fixtures, 'greeting.yaml'),
    '-e',
    'namespace=laxer',
    '--check',
    '--output',
    'json',
  ]);
  const warnings = eventsOf(stdout).filter(({ type }) => type === 'warning');
  expect(warnings.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^the certificate of the cluster/),
    `everybody can write ${kubeconfig}: who does so decides what this run does by ${kubeconfig}`,
  ]);
  for (const pattern of unsafe) expect(stderr.match(pattern)).toHaveLength(1);
});
