import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { certificate } from '../src/checks/certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'claw-run-certificate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const subject = ['-subj', '/CN=claw-head-01', '-addext', 'subjectAltName=DNS:claw-head-01,IP:10.0.0.5'];
const key = [
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:P-256',
  '-nodes',
  '-keyout',
  join(folder, 'key'),
];
const pem = execFileSync('openssl', ['req', '-x509', '-days', '30', ...key, ...subject], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
});

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

/** What the check finds in a file with the certificate. */
function found(inputs: { name?: string; at?: string; validForDays?: number }) {
  const input = certificate.input.parse({ file: '/etc/claw/tls.crt', ...inputs });
  const { certificate: fact } = certificate.facts(input);
  const file = { content: `# of the scheduler\n${pem}`, mode: 0o644, owner: 'root', group: 'root' };
  return certificate.expect(input, { certificate: fact.parse(file as never) });
}

it('one in date and for the name passes, by name or by address', () => {
  expect(found({ name: 'claw-head-01', validForDays: 29 })).toMatchObject({
    verdict: 'pass',
    evidence: { names: 'DNS:claw-head-01, IP Address:10.0.0.5' },
  });
  expect(found({ name: '10.0.0.5' }).verdict).toBe('pass');
});

it.each([
  ['for another name', { name: 'claw-head-02' }, 'not for claw-head-02'],
  ['expired', { at: inDays(31) }, 'expired on'],
  ['not yet valid', { at: inDays(-1) }, 'compare the clocks'],
  ['about to expire', { validForDays: 31 }, 'within 31 days'],
])('one that is %s fails', (_title, inputs, because) => {
  const verdict = found(inputs);
  expect(verdict.verdict).toBe('fail');
  expect(verdict.because).toContain(because);
});

it('what a server shows is read from among what openssl says besides', () => {
  const input = certificate.input.parse({ connect: 'claw-head-01:8080' });
  const { certificate: fact } = certificate.facts(input);
  const stdout = `CONNECTED(00000003)\n---\nServer certificate\n${pem}---\nVerification error: self-signed certificate\n`;
  const seen = { certificate: fact.parse({ exit: 0, stdout, stderr: '' } as never) };
  expect(certificate.expect(input, seen)).toMatchObject({ verdict: 'pass' });
});
