import { equal, type HostAction, type Json } from '@claw-run/core';
import type { Firewall, InputChains, NftChain } from '../facts/firewall.ts';
import { type Knock, openingRule, ruleText } from '../facts/nft-rules.ts';
import { areTwins, isV6, ruleWords, type Ufw } from '../lib/ufw-rules.ts';

/** The actions that lead the rules at run time from any state to any other. */
export function firewallActions(from: Firewall, to: Firewall, knock: Knock): readonly HostAction[] {
  if (from.ruler === 'firewalld' && to.ruler === 'firewalld') {
    const zone = `--zone=${to.zone}`;
    const [ports, rules] = [difference(from.ports, to.ports), difference(from.richRules, to.richRules)];
    return [
      ...ports.added.map(({ item }) => run(['firewall-cmd', zone, `--add-port=${item}`])),
      ...ports.removed.map((item) => run(['firewall-cmd', zone, `--remove-port=${item}`])),
      ...rules.added.map(({ item }) => run(['firewall-cmd', zone, `--add-rich-rule=${item}`])),
      ...rules.removed.map((item) => run(['firewall-cmd', zone, `--remove-rich-rule=${item}`])),
    ];
  }
  if (from.ruler === 'ufw' && to.ruler === 'ufw') return ufwActions(from, to);
  if (from.ruler === 'nftables' && to.ruler === 'nftables')
    return to.chains.flatMap((chain) => chainActions(sameChain(from, chain), chain, knock));
  return [];
}

function ufwActions(from: Ufw, to: Ufw): readonly HostAction[] {
  const { removed, added } = difference(from.rules, to.rules);
  const [gone, goneTwin] = removed;
  const [first, second] = added;
  // What one command made is taken away by one, and made again by one where it came last.
  const deleted =
    gone !== undefined && goneTwin !== undefined && removed.length === 2 && areTwins(gone, goneTwin)
      ? [['delete', ...ruleWords(gone, 'any')]]
      : removed.map((tuple) => ['delete', ...ruleWords(tuple)]);
  const made =
    first !== undefined &&
    second !== undefined &&
    added.length === 2 &&
    areTwins(first.item, second.item) &&
    added.every((one) => isLast(to.rules, one))
      ? [ruleWords(first.item, 'any')]
      : added.map((one) =>
          isLast(to.rules, one)
            ? ruleWords(one.item)
            : ['insert', `${one.index + 1}`, ...ruleWords(one.item)],
        );
  return [...deleted, ...made].map((words) => run(['ufw', ...words]));
}

/** Whether nothing of its family comes behind: ufw puts new rules there. */
function isLast(rules: readonly string[], { item, index }: Placed<string>): boolean {
  return !rules.slice(index + 1).some((other) => isV6(other) === isV6(item));
}

function sameChain({ chains }: InputChains, { family, table, name }: NftChain): NftChain | undefined {
  return chains.find((one) => one.family === family && one.table === table && one.name === name);
}

/** Removes the one rule of a chain that reads so; nft wants its handle, which is not known before. */
const deleteRule = `
nft -a list chain "$1" "$2" "$3" | while read -r line; do
  case $line in "$4 # handle "*) nft delete rule "$1" "$2" "$3" handle "\${line##* }"; exit;; esac
done
`;

function chainActions(from: NftChain | undefined, to: NftChain, knock: Knock): readonly HostAction[] {
  const where = [to.family, to.table, to.name] as const;
  const { removed, added } = difference(from?.rules ?? [], to.rules);
  const kept = to.rules.length - added.length;
  return [
    ...removed.map(({ comment }) =>
      run(['sh', '-c', deleteRule, 'delete-rule', ...where, ruleText(knock, comment)]),
    ),
    ...added.map(({ item: { comment }, index }, before) => {
      const rule = [...openingRule(knock).words, ...(comment === null ? [] : ['comment', `"${comment}"`])];
      if (index === 0) return run(['nft', 'insert', 'rule', ...where, ...rule]);
      return index === kept + before
        ? run(['nft', 'add', 'rule', ...where, ...rule])
        : run(['nft', 'insert', 'rule', ...where, 'index', `${index}`, ...rule]);
    }),
  ];
}

function run(argv: readonly [string, ...string[]]): HostAction {
  return { do: 'run', argv, sudo: true, changes: ['firewall'] };
}

interface Placed<T> {
  readonly item: T;
  readonly index: number;
}

/** What of two lists is only in the one or the other; those that are added with their place, lowest first. */
function difference<T extends Json>(
  before: readonly T[],
  after: readonly T[],
): { readonly removed: readonly T[]; readonly added: readonly Placed<T>[] } {
  const lost = [...before];
  const added = after.flatMap((item, index): readonly Placed<T>[] => {
    const at = lost.findIndex((one) => equal(one, item));
    if (at < 0) return [{ item, index }];
    lost.splice(at, 1);
    return [];
  });
  return { removed: lost, added };
}
