/**
 * Characters that a terminal acts upon or that nobody sees: controls, bidirectional controls, line separators, lone surrogates, noncharacters, and what
 * Unicode calls default ignorable (zero-width characters, tags, variation selectors, fillers). Line ends and tabs are not among them; joiners and emoji
 * selectors are left where they belong to a script or an emoji.
 */
function hiddenCharacters(): RegExp {
  const forms = [
    String.raw`(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}\ufff9-\ufffb]`,
    // UAX 29, GB11; UTS 51, "Emoji Presentation Sequence"
    String.raw`(?<!\p{Emoji_Modifier}|\p{Extended_Pictographic}\ufe0f?|[${joining()}])\u200d`,
    String.raw`\u200d(?!\p{Extended_Pictographic}|[${joining()}])`,
    // UAX 31, "Layout and Format Control Characters": A1, A2 and B
    String.raw`(?<![${joining()}])\u200c|\u200c(?![${joining()}])`,
    String.raw`(?<!\p{Emoji})[\ufe0e\ufe0f]`,
    String.raw`(?![\u200c\u200d\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}`,
  ];
  return new RegExp(forms.join('|'), 'gu');
}

/** Made when first needed: most texts need it never, and it takes a millisecond or more. */
let hidden: RegExp | undefined;

/** Scripts whose letters are written differently with a joiner between them. */
function joining(): string {
  const scripts =
    'Arab Syrc Mand Nkoo Phag Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt Bali Java Thaa';
  return scripts
    .split(' ')
    .map((script) => `\\p{Script=${script}}`)
    .join('');
}

/**
 * The text with everything hidden in it shown as `\uXXXX`, as JSON has it: where a text of JSON is given, the result is one of the same value.
 */
export function printable(text: string): string {
  if (isUsual.test(text)) return text;
  hidden ??= hiddenCharacters();
  return text.replace(hidden, escaped);
}

/** Whether a text is one line in which nothing is hidden. */
export function isPrintable(text: string): boolean {
  return !/[\n\t]/.test(text) && printable(text) === text;
}

/** ASCII, Latin letters, punctuation, arrows, lines and signs such as ✓: none of them is hidden. */
const isUsual =
  /^[\n\t\x20-\x7e\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25ff\u2700-\u27bf]*$/;

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
}
