import { expect, it } from 'vitest';
import * as surface from '../src/index.ts';

it('offers these names, and no others', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "Crash",
      "crashClasses",
      "crashPoints",
      "crashingStore",
      "describeClusterContract",
      "describeHostContract",
      "describeHostileHost",
      "describeJournalStoreContract",
      "describeLaws",
      "describeLibrary",
      "describePodContract",
      "examplesOf",
      "sample",
      "samplingOf",
      "statusWriter",
      "until",
      "watchTests",
    ]
  `);
});
