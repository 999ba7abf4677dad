/** The name that a misspelt one most likely means, or nothing when none is near. */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  if (wrong.length > 100) return undefined;
  const limit = wrong.length < 2 ? 0 : Math.max(1, Math.floor(wrong.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const name of names) {
    if (Math.abs(name.length - wrong.length) >= bestDistance) continue;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best ?? tailOf(wrong, names);
}

/** `Did you mean …?`, or the names there are, where they are few. */
export function suggestion(wrong: string, names: readonly string[]): string | undefined {
  const near = nearest(wrong, names);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  if (names.length === 0 || names.length > 12) return undefined;
  return `there ${names.length === 1 ? 'is' : 'are'}: ${names.map((name) => `\`${name}\``).join(', ')}`;
}

// `restart-workload` for `kubernetes.restart-workload`: a name given without its library.
function tailOf(wrong: string, names: Iterable<string>): string | undefined {
  if (wrong.length < 3) return undefined;
  for (const name of names) if (name.endsWith(`.${wrong.split('.').pop()}`)) return name;
  return undefined;
}

/** Damerau-Levenshtein (optimal string alignment): insertions, deletions, substitutions, swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    before = last;
    last = current;
  }
  return last[b.length] ?? a.length;
}
