import { describe, expect, test } from 'vitest';
import { generateIdentity, matches, patternProblem } from '../../src/openclaw/identity.ts';

describe('an identity made from a pattern', () => {
  const patterns = [
    'wrk_[a-z0-9]{8}',
    'worker-[a-z0-9]{8}-[a-z0-9]{4}',
    '^worker-[a-z0-9]{12}-[a-z0-9]{4}$',
    'w(or|aw)ker-\\d{2,4}',
    '(?:blue|green)-[A-F[:digit:]_-]+x?',
    '(?P<site>[^a-z]{3})-\\w*\\.x',
    'a|bc|d{3}',
    '[\\d\\-x]{5}[]a]{2}',
    '(ab?c){2}',
  ];

  test.each(patterns)('matches %s as a whole', (pattern) => {
    for (const seed of ['a', 'b', 'c', 'd']) {
      const identity = generateIdentity(pattern, seed);
      expect(matches(`^(?:${pattern})$`, identity), identity).toBe(true);
    }
  });

  test('stays the same for a pod and differs between pods', () => {
    const of = (seed: string) => generateIdentity('worker-[a-z0-9]{8}-[a-z0-9]{4}', seed);
    expect(of('pod-1')).toBe(of('pod-1'));
    expect(new Set(Array.from({ length: 200 }, (_, index) => of(`pod-${index}`))).size).toBe(200);
  });
});

describe('patterns', () => {
  test('that do not compile are explained in the words of RE2', () => {
    expect(patternProblem('^worker-([a-z0-9]{8}-[a-z0-9')).toBe(
      'error parsing regexp: missing closing ]: `[a-z0-9`',
    );
    expect(patternProblem('a(?=b)')).toContain('(?=');
    expect(patternProblem('^worker-[a-z0-9]{8}$')).toBeUndefined();
  });

  test('that do not compile match nothing', () => {
    expect(matches('[', '[')).toBe(false);
  });
});
