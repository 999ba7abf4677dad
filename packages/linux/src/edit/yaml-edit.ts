import { equal, type Json } from '@claw-run/core';
import { isCollection, isSeq, parseDocument } from 'yaml';
import { type Edit, placeOf } from './edit.ts';
import { findYaml, isNothing, type Place, valueAt } from './yaml-find.ts';
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
    return chosen(text, path, takeOut(text, place), (wanted) => wanted.deleteIn(path));
  }
  if (place.missing.length === 0 && equal(valueAt(place), change.set)) return { text };
  return chosen(text, path, put(text, place, change.set), (wanted) => setIn(wanted, path, change.set));
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
  const items = valueAt(place);
  const index = Array.isArray(items) ? items.findIndex((item: Json) => equal(item, member)) : -1;
  if (present === index >= 0) return { text };
  if (present) {
    const end = { ...place, holder: { in: 'list' as const, list: node, index: node.items.length } };
    return chosen(text, path, put(text, { ...end, missing: [node.items.length] }, member), (wanted) =>
      wanted.addIn(path, wanted.createNode(member)),
    );
  }
  const item = { ...place, holder: { in: 'list' as const, list: node, index }, node: node.items[index] };
  const edited = chosen(text, path, takeOut(text, item), (wanted) => wanted.deleteIn([...path, index]));
  return 'text' in edited ? editYaml(edited.text, path, { member, present }) : edited;
}

type Mutable = ReturnType<typeof parseDocument>;

/** The first of the candidates that reads as the document should. */
function chosen(
  text: string,
  path: YamlPath,
  candidates: Candidates,
  change: (document: Mutable) => void,
): Edit {
  const document = parseDocument(text);
  change(document);
  const wanted: unknown = document.toJS();
  for (const candidate of candidates) {
    const read = parseDocument(candidate);
    if (read.errors.length === 0 && equal(emptied(read.toJS()), emptied(wanted))) return { text: candidate };
  }
  return {
    problem: `${pathText(path)} cannot be changed without rewriting other lines`,
    ...placeOf(text, 0),
  };
}

/** A document with nothing left in it is as good as an empty map. */
function emptied(value: unknown): unknown {
  return value ?? {};
}

/** As `setIn`, where a part of the way is `key:` with nothing behind it. */
function setIn(document: Mutable, path: YamlPath, value: Json): void {
  if (isNothing(document.contents)) {
    document.contents = document.createNode(nested(path, value));
    return;
  }
  const depth = path.findIndex((_, index) => isNothing(document.getIn(path.slice(0, index + 1), true)));
  if (depth < 0 || depth === path.length - 1) document.setIn(path, document.createNode(value));
  else document.setIn(path.slice(0, depth + 1), document.createNode(nested(path.slice(depth + 1), value)));
}

function nested(path: YamlPath, value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}
