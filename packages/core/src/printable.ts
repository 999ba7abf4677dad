/**
 * Characters that a terminal acts upon or that nobody sees: controls, bidirectional controls, line separators, lone surrogates, noncharacters, and what
 * Unicode calls default ignorable (zero-width characters, tags, variation selectors, fillers). Line ends and tabs are not among them; joiners and emoji
 * selectors are left where they belong to a script or an emoji.
 */
const hidden = new RegExp(
  [
    String.raw`(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}\ufff9-\ufffb]`,
    // UAX 29, GB11; UTS 51, "Emoji Presentation Sequence"
    String.raw`(?<!\p{Emoji_Modifier}|\p{Extended_Pictographic}\ufe0f?|[${joining()}])\u200d`,
    String.raw`\u200d(?!\p{Extended_Pictographic}|[${joining()}])`,
    // UAX 31, "Layout and Format Control Characters": A1, A2 and B
    String.raw`(?<![${joining()}])\u200c|\u200c(?![${joining()}])`,
    String.raw`(?<!\p{Emoji})[\ufe0e\ufe0f]`,
    String.raw`(?![\u200c\u200d\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}`,
  ].join('|'),
  'gu',
);

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
  return isAscii.test(text) ? text : text.replace(hidden, escaped);
}

/** Whether a text is one line in which nothing is hidden. */
export function isPrintable(text: string): boolean {
  return !/[\n\t]/.test(text) && printable(text) === text;
}

const isAscii = /^[\n\t\x20-\x7e]*$/;

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
}
