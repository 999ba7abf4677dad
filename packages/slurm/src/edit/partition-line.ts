import { groupsOf, textOfGroups } from '../facts/partition.ts';

/** The AllowGroups that slurm.conf gives a partition (`null`: everybody), or nothing where it has no line for the partition. */
export function configuredGroups(
  text: string,
  partition: string,
): { readonly groups: readonly string[] | null } | undefined {
  const line = lineOf(text, partition);
  if (line === undefined) return undefined;
  const own = setting(line.text, 'AllowGroups');
  // The last DEFAULT line above holds for what a partition does not say itself; see slurm.conf(5).
  const inherited = partitionLines(text)
    .filter(({ name, start }) => name.toUpperCase() === 'DEFAULT' && start < line.start)
    .flatMap((each) => setting(each.text, 'AllowGroups') ?? [])
    .at(-1);
  return { groups: groupsOf((own ?? inherited)?.value ?? 'ALL') };
}

/** The text with other AllowGroups for a partition that has a line; every other byte stays. */
export function withGroups(text: string, partition: string, groups: readonly string[] | null): string {
  const line = lineOf(text, partition);
  if (line === undefined) return text;
  const own = setting(line.text, 'AllowGroups');
  const value = textOfGroups(groups);
  const behind = setting(line.text, 'PartitionName');
  const [from, to, put] =
    own === undefined
      ? [behind?.end ?? 0, behind?.end ?? 0, ` AllowGroups=${value}`]
      : [own.start, own.end, own.value.startsWith('"') ? `"${value}"` : value];
  return text.slice(0, line.start + from) + put + text.slice(line.start + to);
}

interface PartitionLine {
  readonly name: string;
  /** Up to a comment; with the line ends inside, where it goes on over several lines. */
  readonly text: string;
  readonly start: number;
}

function lineOf(text: string, partition: string): PartitionLine | undefined {
  return partitionLines(text).findLast(({ name }) => name === partition);
}

function partitionLines(text: string): readonly PartitionLine[] {
  return [...text.matchAll(/^[ \t]*PartitionName[ \t]*=(?:[^#\n\\]|\\\r?\n|\\)*/gim)].map((match) => ({
    name: setting(match[0], 'PartitionName')?.value.replaceAll('"', '') ?? '',
    text: match[0],
    start: match.index,
  }));
}

/** The value of a key with its place; keys are matched whatever their case. */
function setting(
  line: string,
  key: string,
): { readonly value: string; readonly start: number; readonly end: number } | undefined {
  const found = new RegExp(`(?:^|[\\s\\\\])${key}[ \\t]*=[ \\t]*("[^"]*"|[^\\s\\\\]+)`, 'i').exec(line);
  const value = found?.[1];
  if (found === null || value === undefined) return undefined;
  const end = found.index + found[0].length;
  return { value, start: end - value.length, end };
}
