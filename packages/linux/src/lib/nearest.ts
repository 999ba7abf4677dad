/** The name most like the one that was meant, by the fewest letters changed; nothing where none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const measured = names.map((other) => ({
    other,
    distance: other.includes(stem(name)) ? 1 : distance(name, other),
  }));
  const [best] = measured.toSorted((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, stem(name).length / 3) ? best.other : undefined;
}

function stem(name: string): string {
  return name.replace(/\.\w+$/, '');
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (const [at, other] of [...b].entries())
      next.push(
        Math.min((row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1, (row[at] ?? 0) + (letter === other ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
