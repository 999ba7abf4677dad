import { expect, it } from 'vitest';
import * as surface from '../src/index.ts';

it('offers these names, and no others', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "againOnFleet",
      "createJournalStore",
      "foldFleet",
      "foldJournal",
      "isInPlace",
      "noCounts",
      "resume",
      "rollOutLeft",
      "run",
      "runFleet",
      "runStatuses",
      "shareConnection",
      "unattended",
      "undoRun",
    ]
  `);
});
