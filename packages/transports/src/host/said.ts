/** How much of what a failed command printed is kept from its beginning, and how much from its end. Characters. */
const kept = 2000;

/** What a failed command said: its first and last line in one, for a sentence; and where there is more, its beginning and its end. */
export interface Said {
  readonly sentence: string;
  readonly output?: string;
}

/** The reason of a failure, from what a command printed on standard error: it stands at the beginning as often as at the end. Pure. */
export function saidOf(text: string): Said {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const told = lines.filter((line) => line.trim() !== '');
  const [first = '', ...more] = told;
  const last = more.at(-1);
  if (last === undefined) return { sentence: first.trim() };
  const between = told.length > 2 ? ' … ' : '; ';
  return { sentence: `${first.trim()}${between}${last.trim()}`, output: headAndTail(told) };
}

function headAndTail(lines: readonly string[]): string {
  const whole = lines.join('\n');
  if (whole.length <= 2 * kept) return whole;
  const head = upTo(lines);
  const tail = upTo(lines.slice(head.length).toReversed()).toReversed();
  const left = lines.length - head.length - tail.length;
  return [...head, `… ${left} ${left === 1 ? 'line' : 'lines'} left out …`, ...tail].join('\n');
}

/** As many lines as there is room for; of a line that is longer than that, its beginning. */
function upTo(lines: readonly string[]): string[] {
  const taken: string[] = [];
  let room = kept;
  for (const line of lines) {
    if (line.length > room && taken.length > 0) break;
    taken.push(line.length > room ? `${line.slice(0, room)}…` : line);
    room -= line.length + 1;
  }
  return taken;
}
