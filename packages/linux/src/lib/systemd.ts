/** What `systemctl show` prints: a property may be there several times. */
export function properties(text: string): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at < 1) continue;
    const key = line.slice(0, at);
    all.set(key, [...(all.get(key) ?? []), line.slice(at + 1)]);
  }
  return all;
}

/** systemd before 247 (EL 8, Ubuntu 20.04) knows no `--timestamp`, and 247 gives seconds alone: there the bus has the microseconds. */
const script = `
all=$(systemctl show --timestamp=us+utc --property="$2" -- "$1" 2>/dev/null) ||
  all=$(TZ=UTC LC_ALL=C systemctl show --property="$2" -- "$1") || exit
printf '%s\\n' "$all"
case $all in *:[0-9][0-9]' UTC'*) busctl get-property org.freedesktop.systemd1 "$3" org.freedesktop.systemd1.Service \
  ExecMainStartTimestamp ExecReload 2>/dev/null;; esac
exit 0`;

/** The command that prints properties of a unit with the times of its main process and reloads, of any systemd. */
export function showWithTimes(unit: string, asked: string): readonly [string, ...string[]] {
  const label = unit.replace(/^\d|[^A-Za-z0-9]/g, (char) => `_${char.charCodeAt(0).toString(16)}`);
  return ['sh', '-c', script, 'sh', unit, asked, `/org/freedesktop/systemd1/unit/${label}`];
}

/** The main process's start and the reloads that went well, in milliseconds since 1970: of the bus where it was asked, else of `systemctl show`. */
export function timesOf(text: string): {
  readonly started: number | null;
  readonly reloads: readonly number[];
} {
  const start = /^t (\d+)$/m.exec(text)?.[1];
  if (start === undefined) {
    const of = properties(text);
    return {
      started: stamp(of.get('ExecMainStartTimestamp')?.[0] ?? ''),
      reloads: (of.get('ExecReload') ?? []).flatMap((line) =>
        / status=0\b/.test(line) ? stampsIn(line, 'start_time') : [],
      ),
    };
  }
  const [commands = ''] = /^a\(sasbttttuii\) .*$/m.exec(text) ?? [];
  const calls = [...commands.matchAll(/ (?:true|false) ([1-9]\d*) \d+ \d+ \d+ \d+ -?\d+ 0(?= |$)/g)];
  return {
    started: start === '0' ? null : Number(start) / 1000,
    reloads: calls.map(([, at]) => Number(at) / 1000),
  };
}

/** `Sun 2026-11-22 03:30:12.562136 UTC` in milliseconds since 1970, with their fraction; `null` where it has not happened. */
function stamp(text: string): number | null {
  const [, day, time, fraction = ''] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? UTC/.exec(text) ?? [];
  return day === undefined || time === undefined
    ? null
    : Date.parse(`${day}T${time}Z`) + Number(`0${fraction}`) * 1000;
}

/** The stamps in `{ path=… ; start_time=[…] ; … }`. */
function stampsIn(line: string, name: string): readonly number[] {
  return [...line.matchAll(new RegExp(`${name}=\\[([^\\]]*)\\]`, 'g'))].flatMap(([, text = '']) => {
    const time = stamp(text);
    return time === null ? [] : [time];
  });
}
