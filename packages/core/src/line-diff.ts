const largest = 2000;

type Edit = { readonly mark: ' ' | '-' | '+'; readonly line: string };

/** The lines that differ, marked by `-` and `+`. What lies between is left out: it may be anything, a password say. */
export function lineDiff(before: string, after: string): readonly string[] {
  const edits = editsOf(before.replace(/\n$/, '').split('\n'), after.replace(/\n$/, '').split('\n'));
  return edits.flatMap(({ mark, line }, index) => {
    if (mark !== ' ') return [`${mark} ${line}`];
    return index === 0 || edits[index - 1]?.mark !== ' ' ? ['  …'] : [];
  });
}

/** The shortest edit, by the longest common subsequence; texts too large for that differ as a whole in the middle. */
function editsOf(before: readonly string[], after: readonly string[]): readonly Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const middle = middleEdits(
    before.slice(head, before.length - tail),
    after.slice(head, after.length - tail),
  );
  return [
    ...before.slice(0, head).map((line) => ({ mark: ' ' as const, line })),
    ...middle,
    ...before.slice(before.length - tail).map((line) => ({ mark: ' ' as const, line })),
  ];
}

function middleEdits(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const removed = before.map((line): Edit => ({ mark: '-', line }));
  const added = after.map((line): Edit => ({ mark: '+', line }));
  if (before.length * after.length > largest * largest) return [...removed, ...added];
  const lengths = commonLengths(before, after);
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      edits.push({ mark: ' ', line: before[i] ?? '' });
      i += 1;
      j += 1;
    } else if ((lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0)) {
      edits.push(...removed.slice(i, i + 1));
      i += 1;
    } else {
      edits.push(...added.slice(j, j + 1));
      j += 1;
    }
  }
  return [...edits, ...removed.slice(i), ...added.slice(j)];
}

/** `[i][j]`: how many lines the rests from `i` and `j` have in common, in order. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = rows[i];
      if (row === undefined) continue;
      row[j] =
        before[i] === after[j]
          ? (rows[i + 1]?.[j + 1] ?? 0) + 1
          : Math.max(rows[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}
