import { X509Certificate } from 'node:crypto';
import { type Argv, defineCheck, type Fact, fail, fileFact, pass, runFact, unknown } from '@claw-run/core';
import * as z from 'zod';
import { absolutePath } from '../inputs.ts';
import { lastLine } from '../lib/exit.ts';

const input = z
  .strictObject({
    file: absolutePath.optional().describe('A PEM file on the host; its first certificate counts'),
    connect: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]-][^\s:[\]]*):\d{1,5}$/, 'must be host:port')
      .optional()
      .describe('`host:port` of a TLS server, as the host reaches it'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('The name to ask for (SNI); the host of `connect` where absent'),
    name: z.string().min(1).optional().describe('A name that the certificate must be for'),
    validForDays: z.number().min(0).default(0).describe('How long it must still be valid'),
    at: z.iso.datetime().optional().describe('By which time validity is told; now where absent'),
    sudo: z.boolean().default(false).describe('Read the file as root'),
  })
  .refine((it) => (it.file === undefined) !== (it.connect === undefined), 'give either `file` or `connect`');

type Input = z.output<typeof input>;

type Certificate = {
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  readonly validFrom: string;
  readonly validTo: string;
  /** Whether it is for the name that was asked for. */
  readonly named: boolean;
  readonly time: 'valid' | 'expired' | 'soon' | 'not-yet';
};

export const certificate = defineCheck({
  id: 'linux.certificate',
  on: 'host',
  summary: 'A certificate is in date and for the right name',
  description:
    'Of a file, or of a server as it shows it to this host (`openssl s_client`). The chain is not judged: clients trust different authorities. ' +
    'Evidence has subject, issuer, names and dates.',
  input,
  examples: [
    {
      title: 'The server of the scheduler',
      with: { connect: 'claw-head-01:8080', name: 'claw-head-01', validForDays: 14 },
    },
    { title: 'A file', with: { file: '/etc/claw-scheduler/tls.crt', validForDays: 14 } },
  ],
  facts: (input) => ({ certificate: input.file === undefined ? shown(input) : stored(input, input.file) }),
  expect: (input, { certificate }) => {
    const where = input.file ?? input.connect ?? '';
    if ('problem' in certificate) return unknown(`${where}: ${certificate.problem}`);
    const { subject, issuer, names, validFrom, validTo } = certificate;
    const evidence = { subject, issuer, names, validFrom, validTo };
    if (certificate.time === 'expired')
      return fail(`the certificate of ${where} expired on ${validTo}`, evidence);
    if (certificate.time === 'not-yet')
      return fail(
        `the certificate of ${where} is not valid before ${validFrom}: compare the clocks`,
        evidence,
      );
    if (!certificate.named)
      return fail(`the certificate of ${where} is for ${names}, not for ${input.name}`, evidence);
    if (certificate.time === 'soon')
      return fail(
        `the certificate of ${where} expires on ${validTo}, within ${input.validForDays} days`,
        evidence,
      );
    return pass(`the certificate of ${where} is valid until ${validTo}`, evidence);
  },
});

function stored(input: Input, path: string): Fact<'host', Certificate | { readonly problem: string }> {
  return fileFact({
    key: `certificate ${path}`,
    path,
    ...(input.sudo ? { sudo: true } : {}),
    parse: (file) =>
      file === null ? { problem: 'there is no such file' } : certificateIn(input, file.content),
  });
}

/** The certificate, or what openssl says instead: everything else differs with each connection. */
const script =
  'openssl s_client "$@" </dev/null 2>&1 | sed -n "/-----BEGIN CERT/,/-----END CERT/p; s/^[0-9A-F]*:error:/error:/p; /errno=/p; /not found/p"';

function shown(input: Input): Fact<'host', Certificate | { readonly problem: string }> {
  const to = input.connect ?? '';
  const name = input.serverName ?? to.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const sni = /^[\d.]+$|:/.test(name) ? [] : ['-servername', name];
  const argv: Argv = ['sh', '-c', script, 'openssl', '-connect', to, ...sni];
  return runFact({
    key: `certificate of ${to}`,
    argv,
    timeoutSeconds: 20,
    about: ['process'],
    parse: (result) => {
      if (!result.stdout.includes('-----BEGIN CERTIFICATE-----'))
        return {
          problem: `no certificate was shown: ${lastLine(result.stderr) || lastLine(result.stdout) || `openssl ended with ${result.exit}`}`,
        };
      return certificateIn(input, result.stdout);
    },
  });
}

function certificateIn(input: Input, text: string): Certificate | { readonly problem: string } {
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];
  if (pem === undefined) return { problem: 'it has no certificate in PEM' };
  try {
    return judged(input, new X509Certificate(pem));
  } catch (error) {
    return { problem: `its certificate cannot be read: ${error instanceof Error ? error.message : error}` };
  }
}

function judged({ name, validForDays, at }: Input, one: X509Certificate): Certificate {
  const now = at === undefined ? Date.now() : Date.parse(at);
  const [from, to] = [one.validFromDate.getTime(), one.validToDate.getTime()];
  const day = 86_400_000;
  return {
    subject: one.subject.replaceAll('\n', ', '),
    issuer: one.issuer.replaceAll('\n', ', '),
    names: one.subjectAltName ?? 'no name at all',
    validFrom: one.validFromDate.toISOString(),
    validTo: one.validToDate.toISOString(),
    named:
      name === undefined || (/^[\d.]+$|:/.test(name) ? one.checkIP(name) : one.checkHost(name)) !== undefined,
    time: to <= now ? 'expired' : from > now ? 'not-yet' : to <= now + validForDays * day ? 'soon' : 'valid',
  };
}
