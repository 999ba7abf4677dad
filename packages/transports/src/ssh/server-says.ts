/** The texts of a server at a refused log-in as a clause of a sentence: the end of them, since a greeting comes before the reason. None where it said nothing. */
export function serverSays(texts: readonly string[]): readonly string[] {
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => line.trim());
  const all = lines.filter((line) => line !== '').join(' ');
  if (all === '') return [];
  return [`the server says "${all.length > kept ? `…${all.slice(-kept)}` : all}"`];
}

const kept = 500;
