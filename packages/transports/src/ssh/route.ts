import { ClawError } from '@claw-run/core';
import { type Destination, parseDestination } from './destination.ts';
import { type HopSettings, type SettingsSource, settingsOf } from './settings.ts';

const longest = 8;

/**
 * The hosts to go through, the destination last. Each has settings of its own; of the jump hosts only the first may name further ones, as with OpenSSH's `-J`.
 * @throws ClawError `unreachable` where the way leads in a circle
 */
export async function routeTo(
  to: Destination,
  source: SettingsSource,
  seen: readonly string[] = [],
): Promise<readonly HopSettings[]> {
  const settings = await settingsOf(to, source);
  const name = `${settings.user}@${settings.host}:${settings.port}`;
  if (seen.includes(name) || seen.length > longest)
    throw new ClawError('unreachable', `the jump hosts lead in a circle: ${[...seen, name].join(' → ')}`, {
      hint: `write "ProxyJump none" for ${settings.alias} in ~/.ssh/config, above the line that holds for all hosts`,
    });
  const [first, ...rest] = settings.jumps.map(parseDestination);
  if (first === undefined) return [settings];
  // Of the keys given for the destination none is shown to hosts on the way, unless their own settings name it.
  const onTheWay = { ...source, identityFiles: undefined };
  const before = await routeTo(first, onTheWay, [...seen, name]);
  const between = await Promise.all(rest.map((jump) => settingsOf(jump, onTheWay)));
  return [...before, ...between, settings];
}
