import { type Fact, nameOf, type ObjectRef, objectFact, Secret } from '@claw-run/core';
import { at } from '../lib/json-at.ts';
import { certificatesIn } from '../lib/pem.ts';
import { storedText } from './holder.ts';

/** The certificates under a key, as PEM; `unreadable` where they are none. */
export interface Certificates {
  readonly pem: string | Secret | null;
  readonly found: readonly Certificate[] | 'unreadable';
}

export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339. */
  readonly validTo: string;
  readonly fingerprint: string;
  readonly time: 'valid' | 'expired' | 'not-yet-valid';
}

/** `at`: the time by which validity is told, in milliseconds since 1970; when it is read, where absent. */
export function certificates(
  ref: ObjectRef,
  key: string,
  clock: { readonly at?: number | undefined; readonly margin?: number } = {},
): Fact<'cluster', Certificates> {
  return objectFact({
    key: `${nameOf(ref)} ${key} certificates`,
    ref,
    parse: (object) => {
      const value = at(object ?? undefined, 'data', key);
      const raw = value instanceof Secret || typeof value === 'string' ? value : null;
      const stored = object?.kind === 'Secret' && typeof raw === 'string' ? new Secret(raw) : raw;
      const pem = storedText(stored) ?? null;
      const all = certificatesIn(pem instanceof Secret ? pem.reveal() : (pem ?? ''));
      const now = (clock.at ?? Date.now()) + (clock.margin ?? 0) * 1000;
      return {
        pem,
        found:
          all?.map((one) => ({
            subject: oneLine(one.subject),
            issuer: oneLine(one.issuer),
            validTo: one.validToDate.toISOString().replace('.000', ''),
            fingerprint: one.fingerprint256,
            time:
              one.validToDate.getTime() <= now
                ? 'expired'
                : one.validFromDate.getTime() > now
                  ? 'not-yet-valid'
                  : 'valid',
          })) ?? 'unreadable',
      };
    },
  });
}

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}
