import { createLibrary } from '@claw-run/core';
import { linux } from '@claw-run/linux';
import { describeLaws, type Subject } from '@claw-run/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { type LabHost, releasesFor, upHost, whyNoLab } from './support/lab.ts';
import { subjectByShell } from './support/subject-by-shell.ts';
import { reach } from './support/try-runbook.ts';

const missing = whyNoLab();
if (missing !== undefined) console.error(`the laws of accounts are not tried: ${missing}`);

const library = createLibrary(linux);
let host: LabHost;
const user = 'laws';

/** A use of a definition on an account with a password, to which a shell line has happened. */
function subject(id: string, line: string, rest: Omit<Subject, 'definition' | 'title' | 'before'>): Subject {
  const make = `userdel laws 2>/dev/null; useradd laws; usermod -p '$6$laws$of-a-password' laws; ${line}`;
  return subjectByShell(library, () => host, { ...rest, id, title: line, make, clear: 'userdel laws' });
}

describe.skipIf(missing !== undefined).each(releasesFor('accounts'))(
  'on a host of the lab (%s)',
  (release) => {
    beforeAll(async () => {
      host = await upHost('accounts', { release });
    });
    afterAll(() => host?.down());

    describeLaws(
      [
        subject('linux.account', 'usermod -L laws', { with: { user, locked: false } }),
        subject('linux.account', 'chage -E 2020-01-01 -d 2019-01-01 laws', {
          with: { user, expires: '2099-01-01' },
        }),
        subject('linux.account', 'true', { with: { user, locked: true, expires: '2020-01-01' } }),
        subject('linux.account', 'usermod -U laws', { with: { user, locked: false }, plans: 'settled' }),
        subject('linux.account', "usermod -p '!' laws", { with: { user, locked: false }, plans: 'refused' }),
        subject('linux.account-usable', 'usermod -L laws', { with: { user }, finds: 'fail' }),
        subject('linux.account-usable', 'chage -d 2019-01-01 -M 30 laws', {
          with: { user, from: 'password-expired' },
          finds: 'fail',
        }),
        subject('linux.account-usable', 'true', { with: { user }, finds: 'pass' }),
        subject('linux.account-state', 'true', { with: { user } }),
      ],
      { connect: () => reach(host) },
    );
  },
);
