import type { Ask } from './ask.ts';
import type { Destination } from './destination.ts';
import { type Hop, openHop } from './hop.ts';
import { routeTo } from './route.ts';
import type { HopSettings, SettingsSource } from './settings.ts';

/** A connection as it stands, through all jump hosts. */
export interface Way {
  /** The destination. */
  readonly end: Hop;
  readonly close: () => void;
}

export interface WayOptions {
  readonly to: Destination;
  readonly options: SettingsSource;
  readonly ask: Ask;
  readonly signal: AbortSignal;
}

/** Connects hop by hop; where one fails, the ones before it are closed. */
export async function openWay({ to, options, ask, signal }: WayOptions): Promise<Way> {
  const route = await routeTo(to, options);
  const hops: Hop[] = [];
  try {
    for (const settings of route) {
      const through = hops.at(-1);
      hops.push(
        await openHop({
          settings,
          label: labelOf(settings, route),
          through: through?.client,
          ask,
          env: options.env,
          signal,
        }),
      );
    }
  } catch (error) {
    endHops(hops);
    throw error;
  }
  const [end] = hops.slice(-1);
  if (end === undefined) throw new Error('a route has no end');
  void end.lost.then(() => endHops(hops));
  return { end, close: () => endHops(hops) };
}

/** `web1 (ops@10.0.0.5:22, through bastion)`; a jump host is told as such. */
function labelOf(settings: HopSettings, route: readonly HopSettings[]): string {
  const address = `${settings.user}@${settings.host}:${settings.port}`;
  const before = route.slice(0, route.indexOf(settings)).map((hop) => hop.alias);
  const destination = route.at(-1)?.alias ?? '';
  const asides = [
    ...(settings.alias === settings.host ? [] : [address]),
    ...(settings === route.at(-1) ? [] : [`the jump host to ${destination}`]),
    ...(before.length === 0 ? [] : [`through ${before.join(', ')}`]),
  ];
  const name = settings.alias === settings.host ? address : settings.alias;
  return asides.length === 0 ? name : `${name} (${asides.join(', ')})`;
}

function endHops(hops: readonly Hop[]): void {
  for (const hop of hops.toReversed()) hop.end();
}
