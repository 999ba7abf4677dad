import { dirname } from 'node:path/posix';
import { type Argv, defineState, type HostAction, refused } from '@claw-run/core';
import * as z from 'zod';
import { policySeconds, selinuxName, typeOf } from '../facts/selinux.ts';
import { customLabels, type Label, type Labels, labels } from '../facts/selinux-labels.ts';

const input = z.strictObject({
  path: z
    .string()
    .regex(/^\/(?!.*\/$)[^\s\0]+$/, 'must be an absolute path without space')
    .describe('A file or folder'),
  type: z
    .string()
    .regex(selinuxName, 'must be the name of a type')
    .optional()
    .describe('Type that it is to have, whatever the policy says so far; without it the policy is followed'),
  recursive: z.boolean().default(true).describe('Also everything below it'),
  replace: z
    .boolean()
    .default(false)
    .describe('Also where somebody has customised the same path to another type'),
});

type Input = z.output<typeof input>;

export const selinuxFcontext = defineState({
  id: 'linux.selinux-fcontext',
  on: 'host',
  summary: 'Files have the SELinux label that the policy has for them, or one that it is given',
  description:
    'As `semanage fcontext` and `restorecon -F` (semanage-fcontext(8)): a rule is added only where the policy does not say so already, and only ' +
    'files of another type are labelled anew. Undo takes the rule away and gives every file the label back that it had.',
  risk: 'routine',
  settlesWithinSeconds: 30,
  input,
  examples: [
    { title: 'A configuration that was moved here from elsewhere', with: { path: '/etc/claw' } },
    { title: 'State outside of the usual place', with: { path: '/srv/claw', type: 'claw_scheduler_conf_t' } },
  ],
  facts: (input) => ({ custom: customLabels(), labels: labels(input) }),
  desire: (input, seen) => {
    const { custom } = seen;
    if (custom.status === 'disabled') return {};
    const target = targetOf(input);
    const mine = custom.rules[target];
    const ruled = Object.values(seen.labels).every(
      ({ policy }) => policy !== null && typeOf(policy) === input.type,
    );
    if (input.type === undefined || ruled)
      return {
        labels: mapped(seen.labels, ({ label, policy }) => ({ label: relabelled(label, policy), policy })),
      };
    if (mine !== undefined && typeOf(mine) !== input.type && !input.replace)
      return refused(
        `somebody has customised ${target} to ${typeOf(mine)}`,
        'find out who needs it; `replace: true` takes it over',
      );
    const wanted = `system_u:object_r:${input.type}:s0`;
    return {
      custom: { ...custom, rules: { ...custom.rules, [target]: wanted } },
      labels: mapped(seen.labels, ({ label }) => ({ label: relabelled(label, wanted), policy: wanted })),
    };
  },
  actions: (from, to, input) => {
    const target = targetOf(input);
    const [before, after] = [from.custom.rules[target], to.custom.rules[target]];
    const rule: readonly HostAction[] =
      before === after
        ? []
        : after === undefined
          ? [changes(['semanage', 'fcontext', '-d', target])]
          : [
              changes([
                'semanage',
                'fcontext',
                before === undefined ? '-a' : '-m',
                '-t',
                typeOf(after),
                target,
              ]),
            ];
    return [...rule, ...labelActions(from.labels, to.labels)];
  },
  explain: ({ custom, labels: seen }, to, input) => {
    if (custom.status === 'disabled') return 'SELinux is off on this host, so labels do nothing';
    const wrong = Object.keys(seen).filter((path) => seen[path]?.label !== to.labels[path]?.label);
    const mode =
      custom.status === 'permissive'
        ? ' (SELinux is permissive here: it only writes down what it would deny)'
        : '';
    return wrong.length === 0
      ? `everything at ${input.path} has its label${mode}`
      : `${wrong.length} of ${Object.keys(seen).length} files at ${input.path} have another label, ${wrong[0]} ${seen[wrong[0] ?? '']?.label}${mode}`;
  },
});

/** The regular expression that semanage wants for a path. */
function targetOf({ path, recursive }: Input): string {
  return path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') + (recursive ? '(/.*)?' : '');
}

/** The label after restorecon: it stays where the type is right already. */
function relabelled(label: string | null, policy: string | null): string | null {
  return label === null || policy === null || typeOf(label) === typeOf(policy) ? label : policy;
}

function mapped(all: Labels, change: (label: Label) => Label): Labels {
  return Object.fromEntries(Object.entries(all).map(([path, label]) => [path, change(label)]));
}

const pathsAtOnce = 200;

/** What the policy wants is restored; a label of its own is set as it was. */
function labelActions(from: Labels, to: Labels): readonly HostAction[] {
  const changed = Object.entries(to).filter(
    ([path, { label }]) => label !== null && label !== from[path]?.label,
  );
  const groups = Map.groupBy(changed, ([, { label, policy }]) => (label === policy ? null : label));
  return [...groups].flatMap(([label, entries]) => {
    const paths = entries.map(([path]) => path);
    return Array.from({ length: Math.ceil(paths.length / pathsAtOnce) }, (_, index) => {
      const some = paths.slice(index * pathsAtOnce, (index + 1) * pathsAtOnce);
      return changes(
        label === null ? ['restorecon', '-F', '--', ...some] : ['chcon', '-h', '--', label, ...some],
        [...new Set(some.map((path) => dirname(path)))],
      );
    });
  });
}

/** Neither command follows a link to what it labels, so the folders alone count. */
function changes(argv: Argv, folders: readonly string[] = []): HostAction {
  const paths = folders.length === 0 ? {} : { paths: folders };
  return { do: 'run', argv, sudo: true, ...paths, timeoutSeconds: policySeconds, changes: ['selinux'] };
}
