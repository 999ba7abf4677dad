import { equal, isYaml, type Json } from '@claw-run/core';
import { isCollection, isMap, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml';
import { type Edit, placeOf } from './edit.ts';
import { findYaml, isNothing, type Place } from './yaml-find.ts';
import { pathText, type YamlPath } from './yaml-path.ts';
import { type Candidates, put, takeOut } from './yaml-splice.ts';

/** What is to become of the value at a path. */
export type YamlChange =
  | { readonly set: Json }
  | { readonly remove: true }
  /** A value that a list has, or has not. */
  | { readonly member: Json; readonly present: boolean };

/**
 * Changes the value at a path of a YAML text. Only the bytes of that value change: where the text does not allow that, it is a
 * problem and nothing is rewritten.
 */
export function editYaml(text: string, path: YamlPath, change: YamlChange): Edit {
  const place = findYaml(text, path);
  if ('problem' in place) return place;
  if ('member' in change) return editMember(text, path, place, change);
  if ('remove' in change) {
    if (place.missing.length > 0) return { text };
    return chosen(text, path, takeOut(text, place), (wanted, at) => wanted.deleteIn(at));
  }
  if (place.missing.length === 0 && isYaml(place.node, change.set)) return { text };
  return chosen(text, path, put(text, place, change.set), (wanted, at) => setIn(wanted, at, change.set));
}

function editMember(
  text: string,
  path: YamlPath,
  place: Place,
  { member, present }: Extract<YamlChange, { readonly member: Json }>,
): Edit {
  const { node, missing } = place;
  if (missing.length > 0 || isNothing(node))
    return present ? editYaml(text, path, { set: [member] }) : { text };
  if (!isSeq(node)) {
    const { line, column } = placeOf(text, isCollection(node) ? (node.range?.[0] ?? 0) : 0);
    return { problem: `${pathText(path)} is not a list`, line, column };
  }
  const index = node.items.findIndex((item) => isYaml(item, member));
  if (present === index >= 0) return { text };
  if (present) {
    const end = { ...place, holder: { in: 'list' as const, list: node, index: node.items.length } };
    return chosen(text, path, put(text, { ...end, missing: [node.items.length] }, member), (wanted, at) =>
      wanted.addIn(at, nodeOf(wanted, member)),
    );
  }
  const item = { ...place, holder: { in: 'list' as const, list: node, index }, node: node.items[index] };
  const edited = chosen(text, path, takeOut(text, item), (wanted, at) => wanted.deleteIn([...at, index]));
  return 'text' in edited ? editYaml(edited.text, path, { member, present }) : edited;
}

type Mutable = ReturnType<typeof parseDocument>;

/** The first of the candidates that reads as the document should, to readers of YAML 1.1 and 1.2 alike. */
function chosen(
  text: string,
  path: YamlPath,
  candidates: Candidates,
  change: (document: Mutable, path: readonly unknown[]) => void,
): Edit {
  const wanted = versions.map((version) => {
    const document = parseDocument(text, { version });
    change(document, keysIn(document, path));
    return emptied(document.toJS());
  });
  for (const candidate of candidates) {
    const read = versions.map((version) => parseDocument(candidate, { version }));
    if (read.every(({ errors }, at) => errors.length === 0 && equal(emptied(read[at]?.toJS()), wanted[at])))
      return { text: candidate };
  }
  return {
    problem: `${pathText(path)} cannot be changed without rewriting other lines`,
    ...placeOf(text, 0),
  };
}

const versions = ['1.2', '1.1'] as const;

/** The keys of a path as a document has them: `on` is true to readers of YAML 1.1. */
function keysIn(document: Mutable, path: YamlPath): readonly unknown[] {
  let node: unknown = document.contents;
  return path.map((key) => {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.source === String(key));
      node = pair?.value;
      return pair?.key ?? key;
    }
    node = isSeq(node) ? node.items[Number(key)] : undefined;
    return key;
  });
}

/** A document with nothing left in it is as good as an empty map; dates and bytes of YAML 1.1 are texts here. */
function emptied(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? {})) as Json;
}

/** As `setIn`, where a part of the way is `key:` with nothing behind it. */
function setIn(document: Mutable, path: readonly unknown[], value: Json): void {
  if (isNothing(document.contents)) {
    document.contents = nodeOf(document, nested(path, value));
    return;
  }
  const depth = path.findIndex((_, index) => isNothing(document.getIn(path.slice(0, index + 1), true)));
  if (depth < 0 || depth === path.length - 1) document.setIn(path, nodeOf(document, value));
  else document.setIn(path.slice(0, depth + 1), nodeOf(document, nested(path.slice(depth + 1), value)));
}

/** A new node that holds texts as such, whatever they would mean without quotes. */
function nodeOf(document: Mutable, value: Json): Node {
  const node = document.createNode(value);
  visit(node, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string') scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return node;
}

function nested(path: readonly unknown[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [String(key)]: inner }), value);
}
