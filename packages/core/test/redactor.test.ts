import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, equal, Secret } from '../src/index.ts';

function knowing(...secrets: readonly string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(new Secret(secret));
  return redactor;
}

describe('a redactor', () => {
  it('finds a secret in every usual encoding, at every place', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    const secret = fc.tuple(fc.stringMatching(/^[A-Za-z0-9]{8,12}$/), text).map(([a, b]) => `${a}7${b}x`);
    const encode = fc.constantFrom<(value: string) => string>(
      (value) => value,
      JSON.stringify,
      encodeURIComponent,
      (value) => new URLSearchParams({ q: value }).toString(),
      (value) => Buffer.from(value).toString('base64'),
      (value) => Buffer.from(`a${value}`).toString('base64'),
      (value) => Buffer.from(`ab${value}c`).toString('base64url'),
      (value) => Buffer.from(value).toString('hex'),
      (value) => Buffer.from(value).toString('hex').toUpperCase(),
      (value) => `'${value.replaceAll("'", `'\\''`)}'`,
      (value) =>
        value
          .replaceAll('&', '&amp;')
          .replaceAll('<', '&lt;')
          .replaceAll('>', '&gt;')
          .replaceAll('"', '&quot;'),
    );
    fc.assert(
      fc.property(secret, encode, fc.string(), fc.string(), (value, form, before, after) => {
        const out = knowing(value).redact(`${before} ${form(value)} ${after}`);
        expect(out).toContain('‹secret›');
        expect(out).not.toContain(value);
      }),
    );
  });

  it('finds the lines of a secret of several lines, but not what stands in every key', () => {
    const redactor = knowing('-----BEGIN KEY-----\nMIIEabcdefg\nhijklmn12\n-----END KEY-----\n');
    expect(redactor.redact('a MIIEabcdefg b')).toBe('a ‹secret› b');
    expect(redactor.redact('-----BEGIN KEY-----')).toBe('-----BEGIN KEY-----');
  });

  it('does not take the lines of a whole file for secrets, unless it holds a private key', () => {
    const redactor = createRedactor();
    redactor.add(new Secret('[sssd]\nservices = nss, pam\n'), { wholeFile: true });
    expect(redactor.redact('services = nss, pam')).toBe('services = nss, pam');
    redactor.add(new Secret('-----BEGIN PRIVATE KEY-----\nMIIEabcdefg7\n-----END PRIVATE KEY-----\n'), {
      wholeFile: true,
    });
    expect(redactor.redact('MIIEabcdefg7')).toBe('‹secret›');
  });

  it('takes a short secret only where it stands alone, and a common word nowhere', () => {
    const redactor = knowing('x7q', 'swordfish', 'root', 'true', 'a', '22', 'Running');
    expect(redactor.redact('pin x7q, mx7q, x7q5; a swordfish, swordfishes')).toBe(
      'pin ‹secret›, mx7q, x7q5; a ‹secret›, swordfishes',
    );
    expect(redactor.redact('root is true on port 22: Running')).toBe('root is true on port 22: Running');
  });

  it('takes the beginning of a secret out where the text was cut off', () => {
    const redactor = knowing('correct horse battery staple');
    expect(redactor.redact('it said correct horse bat…')).toBe('it said ‹secret›…');
    expect(redactor.redact('it said corridors… and more')).toBe('it said corridors… and more');
  });

  it('leaves what is public, as a word of the runbook or an open parameter', () => {
    const redactor = knowing('production-7f3a', 'hunter2-hunter2');
    redactor.publish(['namespace: production-7f3a\n', 'xhunter2-hunter2x']);
    expect(redactor.redact('production-7f3a hunter2-hunter2')).toBe('production-7f3a ‹secret›');
  });

  it('changes texts in JSON, and neither keys nor what names things', () => {
    const redactor = knowing('step.planned.7', 'password-1');
    const event = {
      type: 'step.planned.7',
      id: 'password-1',
      'password-1': { because: 'password-1 is wrong', n: 1 },
    };
    expect(redactor.redactJson(event)).toEqual({
      type: 'step.planned.7',
      id: 'password-1',
      'password-1': { because: '‹secret› is wrong', n: 1 },
    });
  });
});

it('a secret equals the same text, hidden or not', () => {
  expect(equal({ a: new Secret('x') }, { a: 'x' })).toBe(true);
  expect(equal(new Secret('x'), new Secret('y'))).toBe(false);
  expect(equal(new Secret('1'), 1 as never)).toBe(false);
});
