import { defineCheck, fail, nameOf, pass, unknown } from '@claw-run/core';
import * as z from 'zod';
import { certificates } from '../facts/certificates.ts';
import { holderRef, source } from '../inputs.ts';
import { count, listed } from '../lib/json-at.ts';

export const caMatches = defineCheck({
  id: 'kubernetes.ca-matches',
  on: 'cluster',
  summary: 'A CA bundle has every certificate of another',
  description:
    'Finds a rotated CA that its users were not told of. Further certificates in the bundle do no harm.',
  input: z.strictObject({
    bundle: source.describe('The bundle that is used'),
    of: source.describe('Where the CA is kept up to date'),
  }),
  examples: [
    {
      title: "Workers trust today's CA",
      with: {
        bundle: { 'config-map': 'openclaw-worker-ca', namespace: 'production', key: 'ca.crt' },
        of: { 'config-map': 'openclaw-ca', namespace: 'openclaw-system', key: 'ca.crt' },
      },
    },
  ],
  facts: (input) => ({
    bundle: certificates(holderRef(input.bundle), input.bundle.key),
    authority: certificates(holderRef(input.of), input.of.key),
  }),
  expect: (input, seen) => {
    const [bundle, origin] = [input.bundle, input.of].map((one) => `${one.key} of ${nameOf(holderRef(one))}`);
    const wanted = seen.authority.found;
    if (wanted === 'unreadable' || wanted.length === 0)
      return unknown(`${origin} holds no certificate to compare with`);
    const has = seen.bundle.found === 'unreadable' ? [] : seen.bundle.found;
    const missing = wanted.filter((one) => !has.some((it) => it.fingerprint === one.fingerprint));
    const brief = (list: typeof has) =>
      list.map(({ subject, validTo, fingerprint }) => ({ subject, validTo, fingerprint }));
    const evidence = { bundle: brief(has), missing: brief(missing) };
    return missing.length === 0
      ? pass(`${bundle} has ${count(wanted.length, 'certificate')} of ${origin}`, evidence)
      : fail(
          `${bundle} lacks ${listed(missing.map((one) => `${one.subject} (until ${one.validTo})`))} of ${origin}`,
          evidence,
        );
  },
});
