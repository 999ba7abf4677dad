import type { Target } from '@claw-run/core';
import { nameFault } from './names.ts';
import type { Reader } from './read.ts';
import { positionOf } from './source.ts';
import type { Entry, Tree } from './tree.ts';

/** Reads `targets:`. */
export function readTargets(tree: Tree | undefined, reader: Reader): readonly Target[] {
  const map = reader.map(tree, '`targets`');
  if (map === undefined) return [];
  return [...map.entries].flatMap(([name, entry]) => readTarget(name, entry, reader) ?? []);
}

function readTarget(name: string, { key, value }: Entry, reader: Reader): Target | undefined {
  const { problems } = reader;
  const fault = nameFault(name);
  if (fault !== undefined) problems.add(key, `\`${name}\` cannot name a target: ${fault}`);
  const what = `\`targets.${name}\``;
  const map = reader.map(value, what);
  if (map === undefined) return undefined;
  reader.keys(map, `the target \`${name}\``, ['kind', 'many', 'default', 'roll-out']);
  const kind = reader.choice(map.entries.get('kind')?.value, `\`kind\` of ${what}`, ['host', 'cluster']);
  if (!map.entries.has('kind'))
    problems.add(key, `${what} has no \`kind\``, 'say `kind: host` or `kind: cluster`');
  const many = reader.flag(map.entries.get('many')?.value, `\`many\` of ${what}`) ?? false;
  const fallback = reader.text(map.entries.get('default')?.value, `\`default\` of ${what}`);
  const rollOutEntry = map.entries.get('roll-out');
  const rollOut = readRollOut(rollOutEntry?.value, what, reader);
  if (rollOutEntry !== undefined && !many) {
    problems.add(
      rollOutEntry.key,
      `${what} is one target: only many are rolled out over`,
      'add `many: true`',
    );
  }
  if (kind === undefined) return undefined;
  return {
    name,
    kind,
    many,
    position: positionOf(key.source, key.start),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(rollOut === undefined ? {} : { rollOut }),
  };
}

function readRollOut(tree: Tree | undefined, what: string, reader: Reader): Target['rollOut'] {
  const map = reader.map(tree, `\`roll-out\` of ${what}`);
  if (map === undefined) return undefined;
  reader.keys(map, '`roll-out`', ['batches', 'stop-when-failed', 'pause']);
  const stopWhenFailed = reader.number(map.entries.get('stop-when-failed')?.value, '`stop-when-failed`', {
    least: 1,
    most: 100_000,
    whole: true,
  });
  const pauseSeconds = reader.duration(map.entries.get('pause')?.value, '`pause`');
  const list = reader.list(map.entries.get('batches')?.value, '`batches`');
  if (list?.items.length === 0) reader.problems.add(list, '`batches` is empty', 'such as `[1, 10%, 100%]`');
  const batches = (list?.items ?? []).flatMap((item) => readBatch(item, reader) ?? []);
  return {
    batches: batches.length === 0 ? ['100%'] : batches,
    ...(stopWhenFailed === undefined ? {} : { stopWhenFailed }),
    ...(pauseSeconds === undefined ? {} : { pauseSeconds }),
  };
}

function readBatch(item: Tree, { problems }: Reader): string | undefined {
  const value = item.kind === 'scalar' ? item.value : undefined;
  const text = String(value);
  const number = Number(text.replace(/%$/, ''));
  const fits = /^\d+%?$/.test(text) && number >= 1 && (!text.endsWith('%') || number <= 100);
  if (fits) return text;
  problems.add(item, 'a batch is a number of targets or a percentage', 'such as `1`, `25` or `10%`');
  return undefined;
}
