import { expect, it } from 'vitest';
import * as surface from '../src/index.ts';

it('offers these names, and no others', () => {
  expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
    [
      "againOnFleet",
      "assertTrusted",
      "canResume",
      "canUndo",
      "createJournalStore",
      "decrypt",
      "encrypt",
      "foldFleet",
      "foldJournal",
      "hasEnded",
      "isDurable",
      "isEvent",
      "isGood",
      "isInPlace",
      "isPractice",
      "isUntouched",
      "journalCodec",
      "neededRights",
      "noCounts",
      "openValue",
      "ownedBy",
      "ownerOf",
      "readStateKey",
      "resume",
      "rollOutLeft",
      "run",
      "runFleet",
      "runStatuses",
      "runSummaries",
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
