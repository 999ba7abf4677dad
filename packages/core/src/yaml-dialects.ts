import { isExactNumber } from './exact-number.ts';
import { equal, isObject, type Json } from './json.ts';

/**
 * Texts that mean something else without quotes to readers of YAML 1.1 (PyYAML, Ruby, older ones of Go), of 1.2, or to some of them: truth values, numbers with
 * colons, underscores or another base, dates, nothing. Source: yaml.org/type, PyYAML's resolver.
 */
const meansElse =
  /^(|~|<<|=|y|n|yes|no|on|off|true|false|null|[-+]?\.(inf|nan)|(?!.*\..*\.)[-+]?[\d.][\d_.:+a-fox-]*|\d{4}-\d\d?-\d\d?([Tt \t].*)?)$/i;

/** Whether a value, newly written as YAML, takes quotes to be read alike by all. */
export function takesYamlQuotes(value: Json | undefined): boolean {
  if (typeof value === 'string') return meansElse.test(value);
  if (Array.isArray(value)) return value.some(takesYamlQuotes);
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, inner]) => meansElse.test(key) || takesYamlQuotes(inner as Json));
}

/** A node as the package `yaml` has it, as far as it is looked into here. */
export interface YamlNode {
  /** The members of a list, or the pairs of a map. */
  readonly items?: readonly unknown[];
  readonly value?: unknown;
  /** As a scalar stands in the text. */
  readonly source?: string | undefined;
  /** `PLAIN` for a scalar without quotes. */
  readonly type?: string | undefined;
  readonly tag?: string | undefined;
}

/**
 * Whether what stands in a file is what is wanted already, to readers of YAML 1.1 and 1.2. A text has to be that text to all of them. Anything else has to be that to
 * some, and nothing else of its kind to the others: `yes` is true to some and a text to the others, and is left alone; `010` is ten to some and eight to the others, and is
 * not. No alias is.
 */
export function isYaml(node: unknown, wanted: Json): boolean {
  if (node === null || node === undefined) return wanted === null;
  const { items, ...scalar } = node as YamlNode;
  if (items === undefined) return isYamlScalar(scalar, wanted);
  if (Array.isArray(wanted))
    return (
      items.length === wanted.length &&
      !items.some(isPair) &&
      items.every((item, at) => isYaml(item, wanted[at] as Json))
    );
  if (!isObject(wanted) || items.length !== Object.keys(wanted).length) return false;
  return items.every((item) => {
    if (!isPair(item)) return false;
    const key = String((item.key as YamlNode | null)?.value);
    return Object.hasOwn(wanted, key) && isYaml(item.value, wanted[key] as Json);
  });
}

function isPair(item: unknown): item is { readonly key: unknown; readonly value: unknown } {
  return typeof item === 'object' && item !== null && 'key' in item;
}

function isYamlScalar({ value, source, type, tag }: YamlNode, wanted: Json): boolean {
  if (value === undefined) return false;
  // what has more digits than a number keeps is no number that could be wanted
  if (isInexact({ value, source, type })) return false;
  const in12 = value as Json;
  const in11 = type === 'PLAIN' && tag === undefined && source !== undefined ? inYaml11(source, in12) : in12;
  if (typeof wanted === 'string') return in12 === wanted && in11 === wanted;
  const fits = (one: Json, other: Json) =>
    equal(one, wanted) && (equal(other, wanted) || typeof other !== typeof wanted);
  return fits(in12, in11) || fits(in11, in12);
}

/** Whether a scalar is a number that has more digits than a number keeps. */
export function isInexact({ value, source, type }: YamlNode): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  return type === 'PLAIN' && source !== undefined && !isExactNumber(source);
}

/** What a scalar without quotes is to readers of YAML 1.1; `otherwise` where it is the same to all. */
function inYaml11(source: string, otherwise: Json): Json {
  if (/^(yes|on)$/i.test(source)) return true;
  if (/^(no|off)$/i.test(source)) return false;
  const [, sign = '', digits = ''] = /^([-+]?)(\d[\d_:]*|0b[01_]+|0x[\da-f_]+)$/i.exec(source) ?? [];
  const bare = digits.replaceAll('_', '');
  if (bare !== '') return (sign === '-' ? -1 : 1) * wholeNumber(bare);
  // a date, the default of a map: a thing of its own, that no wanted value is
  return /^(=|\d{4}-\d\d?-\d\d?([Tt \t].*)?)$/.test(source) ? { yaml11: source } : otherwise;
}

function wholeNumber(digits: string): number {
  if (digits.includes(':')) return digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
}
