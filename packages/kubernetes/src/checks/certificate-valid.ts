import type { X509Certificate } from 'node:crypto';
import { defineCheck, fail, nameOf, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { certificates } from '../facts/certificates.ts';
import { duration, holderRef, source } from '../inputs.ts';
import { listed } from '../lib/json-at.ts';
import { certificatesIn } from '../lib/pem.ts';

export const certificateValid = defineCheck({
  id: 'kubernetes.certificate-valid',
  on: 'cluster',
  summary: 'A certificate is in date, signed by who should have signed it, and bears the right names',
  description:
    'The first certificate of the PEM text is looked at; the others may lead to the CA. Whether it is in date is decided ' +
    'when it is read, by the clock of this machine. Revocation is not looked at.',
  input: z.strictObject({
    certificate: source.describe('Where the certificate is'),
    'signed-by': source
      .optional()
      .describe('Where the CA certificates are, one of which must have signed it'),
    names: z.array(z.string()).default([]).describe('DNS names it must be good for'),
    margin: duration.prefault('0s').describe('It must be valid for this time yet'),
    at: z.iso
      .datetime()
      .optional()
      .describe('The time that counts as now (RFC 3339); when it is looked at, where absent'),
  }),
  examples: [
    {
      title: "The workers' client certificate",
      with: {
        certificate: { secret: 'openclaw-worker-tls', namespace: 'production', key: 'tls.crt' },
        'signed-by': { 'config-map': 'openclaw-ca', namespace: 'openclaw-system', key: 'ca.crt' },
        margin: '7d',
      },
    },
  ],
  facts: (input) => {
    const clock = { at: input.at === undefined ? undefined : Date.parse(input.at) };
    const authority = input['signed-by'] ?? input.certificate;
    return {
      certificate: certificates(holderRef(input.certificate), input.certificate.key, {
        ...clock,
        margin: input.margin,
      }),
      authority: certificates(holderRef(authority), authority.key, clock),
    };
  },
  expect: (input, seen) => {
    const what = `${input.certificate.key} of ${nameOf(holderRef(input.certificate))}`;
    const { found } = seen.certificate;
    const [first] = found === 'unreadable' ? [] : found;
    if (seen.certificate.pem === null) return fail(`there is no ${what}`);
    if (first === undefined) return fail(`${what} holds no certificate in PEM`);
    if (first.time === 'expired') return fail(`${what} ends too early, at ${first.validTo}`, { ...first });
    if (first.time === 'not-yet-valid') return fail(`${what} is not valid yet`, { ...first });
    const [leaf, ...others] = certificatesIn(String(reveal(seen.certificate.pem))) ?? [];
    const wrong = input.names.filter((name) => leaf?.checkHost(name) === undefined);
    if (wrong.length > 0)
      return fail(`${what} is not good for ${listed(wrong)}`, {
        ...first,
        names: leaf?.subjectAltName ?? '',
      });
    if (input['signed-by'] === undefined)
      return pass(`${what} is valid until ${first.validTo}`, { ...first });
    const by = `${input['signed-by'].key} of ${nameOf(holderRef(input['signed-by']))}`;
    const authorities = certificatesIn(reveal(seen.authority.pem) ?? '') ?? [];
    if (authorities.length === 0) return unknown(`${by} holds no CA certificate to compare with`);
    return leaf !== undefined && leadsTo(leaf, others, authorities)
      ? pass(`${what} is valid until ${first.validTo} and signed by ${by}`, { ...first })
      : fail(`${what} is signed by ${first.issuer}, which is not in ${by}`, { ...first });
  },
});

function reveal(pem: string | { readonly reveal: () => string } | null): string | null {
  return pem === null || typeof pem === 'string' ? pem : pem.reveal();
}

/** Whether a chain of signatures leads from a certificate to one of the authorities. */
function leadsTo(
  leaf: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  const signs = (one: X509Certificate) => leaf.checkIssued(one) && leaf.verify(one.publicKey);
  if (authorities.some((one) => signs(one) || one.fingerprint256 === leaf.fingerprint256)) return true;
  return between.some((one, index) => signs(one) && leadsTo(one, between.toSpliced(index, 1), authorities));
}
