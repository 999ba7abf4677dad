import { quote, quoted } from './quote.ts';
import type { Group, Item, Open } from './request.ts';
import type { Result, Slot } from './wire.ts';

export interface Batch {
  readonly script: string;
  readonly slots: readonly Slot[];
}

export interface BatchEvents {
  readonly id: () => string;
  /** It takes too long or prints too much. */
  readonly onExcess: (item: Item) => void;
}

/** One script for all items: those that need no other user, then those that one root shell does. */
export function batchOf(open: Open, items: readonly Item[], events: BatchEvents): Batch {
  const rooted = items.filter((item) => inRootShell(open, item));
  const plain = rendered(
    open,
    items.filter((item) => !inRootShell(open, item)),
    events,
  );
  if (rooted.length === 0) return plain;
  const root = rootBatch(open, rooted, events);
  return { script: plain.script + root.script, slots: [...plain.slots, ...root.slots] };
}

const sudoSeconds = 30;
const statsAtOnce = 100;

function inRootShell(open: Open, { request, way = open.way }: Item): boolean {
  return request.runAs !== undefined && way.startsWith('shell');
}

function rootBatch(open: Open, items: readonly Item[], events: BatchEvents): Batch {
  const id = events.id();
  const { promise: ended, resolve } = Promise.withResolvers<Result>();
  const group: Group = { ended, pid: undefined };
  for (const item of items) item.group = group;
  const inside = rendered(open, items, events);
  const onExcess = () => {
    for (const item of items) item.excess = 'time';
    open.wire.kill();
  };
  const begin: Slot = {
    id: `${id}b`,
    seconds: sudoSeconds,
    onExcess,
    settle(outcome) {
      if (outcome.came !== 'back') return;
      group.pid = Number(outcome.result.note);
      open.authenticated = false;
    },
  };
  const end: Slot = {
    id,
    seconds: sudoSeconds,
    onExcess,
    settle(outcome) {
      if (outcome.came === 'back') resolve(outcome.result);
    },
  };
  const run = open.way === 'shell-password' ? 'SP' : 'S';
  return {
    script: `${run} ${id} ${quote(inside.script)}\n`,
    slots: [begin, ...inside.slots, end],
  };
}

function rendered(open: Open, items: readonly Item[], events: BatchEvents): Batch {
  const lines: string[] = [];
  const slots: Slot[] = [];
  const add = (line: (id: string) => string, some: readonly Item[]) => {
    const id = events.id();
    lines.push(`${line(id)}\n`);
    slots.push(slotOf(open, id, some, events));
  };
  const merged = items.filter(
    (item) =>
      item.request.stat !== undefined && (item.request.runAs === undefined || inRootShell(open, item)),
  );
  // all files of the turn in one look, whatever comes between
  for (const [index, item] of merged.entries()) {
    if (index % statsAtOnce === 0)
      lines.push(
        `st ${quoted(merged.slice(index, index + statsAtOnce).map(({ request }) => request.stat ?? ''))}\n`,
      );
    add((id) => item.request.script(id, item.way ?? open.way), [item]);
  }
  for (const item of items) {
    if (!merged.includes(item)) add((id) => item.request.script(id, item.way ?? open.way), [item]);
  }
  return { script: lines.join(''), slots };
}

function slotOf(open: Open, id: string, items: readonly Item[], events: BatchEvents): Slot {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  for (const item of items) Object.assign(item, { open, id, gone });
  return {
    id,
    seconds: Math.max(...items.map(({ request }) => request.seconds)),
    settle(outcome) {
      resolve();
      for (const item of items) item.settle({ outcome, item, open });
    },
    onExcess(excess) {
      for (const item of items) item.excess ??= excess;
      const [first] = items;
      if (first !== undefined) events.onExcess(first);
    },
  };
}
