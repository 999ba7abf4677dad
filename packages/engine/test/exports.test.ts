import { expect, it } from 'vitest';
import * as surface from '../src/index.ts';

it('offers these names, and no others', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "againOnFleet",
      "assertTrusted",
      "createJournalStore",
      "decrypt",
      "encrypt",
      "foldFleet",
      "foldJournal",
      "hasEnded",
      "isDurable",
      "isInPlace",
      "journalCodec",
      "neededRights",
      "noCounts",
      "openValue",
      "ownerOf",
      "readStateKey",
      "resume",
      "rollOutLeft",
      "run",
      "runFleet",
      "runStatuses",
      "sealValue",
      "shareConnection",
      "shownOf",
      "stateKeyFrom",
      "thisProcess",
      "trustFault",
      "unattended",
      "undoRun",
    ]
  `);
});
