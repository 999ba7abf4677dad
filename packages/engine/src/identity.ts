import { randomInt } from 'node:crypto';
import type { JournalStore } from './journal-store.ts';

/** Which run it is, and when it began. */
export interface Identity {
  readonly run: string;
  readonly startedAt: string;
}

/**
 * The identity of a run that begins now: `r`, the second, and six digits that hold the millisecond and chance. Ids are in the order in which runs began: behind
 * all that `journals` have, whatever the clock says.
 */
export async function newIdentity(now: Date, journals?: JournalStore): Promise<Identity> {
  const startedAt = `${now.toISOString().slice(0, 19)}Z`;
  const last = journals === undefined ? '' : await lastOf(journals);
  const own = idAt(now.getTime());
  return { run: own.slice(1) > last ? own : idAt(momentOf(last) + 1), startedAt };
}

const random = 2 ** 14;

function idAt(ms: number): string {
  const [, second = ''] = /^(.*)\.\d+Z$/.exec(new Date(ms).toISOString().replaceAll(/[-:]/g, '')) ?? [];
  const digits = ((ms % 1000) * random + randomInt(random)).toString(16).padStart(6, '0');
  return `r${second.toLowerCase()}-${digits}`;
}

/** The moment of an id without its first letter. */
function momentOf(id: string): number {
  const [, date = '', time = '', digits = ''] = /^(\d{8})t(\d{6})-([0-9a-f]{6})/.exec(id) ?? [];
  const at = (text: string, from: number) => text.slice(from, from + 2);
  const second = `${date.slice(0, 4)}-${at(date, 4)}-${at(date, 6)}T${at(time, 0)}:${at(time, 2)}:${at(time, 4)}Z`;
  return Date.parse(second) + Math.min(999, Math.floor(Number.parseInt(digits, 16) / random));
}

/** The last id of runs and fleets, without its first letter; nothing where there is none that has a moment. A store that cannot be read says so when it is checked. */
async function lastOf(journals: JournalStore): Promise<string> {
  const lists = await Promise.all([journals.list(), journals.fleets.list()]).catch(() => []);
  // a list is in order
  const last = lists.map((ids) => ids.findLast((id) => !Number.isNaN(momentOf(id.slice(1))))?.slice(1) ?? '');
  return last.toSorted().at(-1) ?? '';
}
