import type { Problem, Runbook } from '@claw-run/core';
import { excerptOf } from './excerpt.ts';
import { positionOf, type Span } from './source.ts';
import type { MapTree } from './tree.ts';

/** What a runbook declares and never uses: no mistake, but often the trace of one. */
export function unusedNames(root: MapTree, runbook: Runbook): readonly Problem[] {
  const uses = [...runbook.lookups, ...runbook.causes, ...runbook.steps, ...runbook.verify];
  const needed = new Set(uses.flatMap((use) => use.needs));
  const targets = new Set(uses.map((use) => use.on));
  const text = Object.values(runbook.sources).join('\n');
  return [
    ...unused(root, 'params', (name) => needed.has(`params.${name}`)),
    ...unused(root, 'facts', (name) => needed.has(`facts.${name}`)),
    ...unused(root, 'targets', (name) => targets.has(name) || text.includes(`targets.${name}`)),
  ];
}

function unused(root: MapTree, section: string, isUsed: (name: string) => boolean): readonly Problem[] {
  const map = root.entries.get(section)?.value;
  if (map?.kind !== 'map') return [];
  return [...map.entries].flatMap(([name, { key }]) =>
    isUsed(name) ? [] : [warning(`\`${section}.${name}\` is never used`, key)],
  );
}

function warning(message: string, span: Span): Problem {
  return {
    code: 'runbook-invalid',
    message,
    position: positionOf(span.source, span.start),
    excerpt: excerptOf(span),
  };
}
