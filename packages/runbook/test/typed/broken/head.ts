/** What the broken runbooks have in common. */
export const head = {
  name: 'broken',
  title: 'Something is wrong',
  params: { text: { type: 'string' }, items: { type: 'list' } },
  targets: { cluster: { kind: 'cluster' }, head: { kind: 'host' } },
} as const;
