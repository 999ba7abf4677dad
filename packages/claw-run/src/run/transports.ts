import { ClawError, type Transport } from '@claw-run/core';

/** The ways to a host that claw-run has itself, as they are written. */
const builtIn = {
  ssh: 'ssh://USER@HOST:PORT',
  openssh: 'openssh://HOST',
  pod: 'pod://NAMESPACE/POD/CONTAINER',
} as const;

/** Transports, and the file or the option that each comes from. */
export type Brought = readonly { readonly transport: Transport; readonly from: string }[];

/** Transports of one's own: no two of a scheme, and none of a scheme that claw-run has itself. @throws ClawError `usage` */
export function checkedTransports(brought: Brought): readonly Transport[] {
  for (const [index, { transport, from }] of brought.entries()) {
    const { scheme } = transport;
    if (!/^[a-z][a-z0-9+.-]*$/.test(scheme))
      throw new ClawError('usage', `${from} has a transport whose scheme is ${JSON.stringify(scheme)}`, {
        hint: 'a scheme is lower-case letters, digits, +, - and ., without ://',
      });
    const other = brought.slice(0, index).find((each) => each.transport.scheme === scheme);
    const clash = Object.hasOwn(builtIn, scheme) ? 'claw-run itself' : other?.from;
    if (clash !== undefined && other?.transport !== transport)
      throw new ClawError('usage', `${scheme}:// is brought by ${clash} and by ${from}`, {
        hint: `give the one of ${from} another scheme`,
      });
  }
  return [...new Set(brought.map(({ transport }) => transport))];
}

/** How hosts can be written, transports of one's own included. */
export function waysThere(transports: readonly Transport[] = []): string {
  const ways = [
    'local',
    'USER@HOST',
    ...Object.values(builtIn),
    ...transports.map(({ scheme }) => `${scheme}://…`),
  ];
  return `${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}`;
}
