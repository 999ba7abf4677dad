import type { Scope } from '@claw-run/core';
import type { Environment } from '@marcbachmann/cel-js';
import type { Root } from './cel-names.ts';
import type { Shapes } from './shape.ts';

/** What an expression may use at its place in the runbook. */
export interface ExpressionScope {
  readonly params: Shapes;
  readonly facts: Shapes;
  readonly causes: ReadonlySet<string>;
  /** The steps before this place. */
  readonly steps: ReadonlySet<string>;
  /** Those and the ones from this place on. */
  readonly allSteps: ReadonlySet<string>;
  readonly targets: ReadonlySet<string>;
  /** Roots that cannot be used here, with the reason. */
  readonly closed: { readonly [root in Root]?: string };
  /** A secret may stand in an input, alone or in a text, which is a secret then; never in a condition. */
  readonly secretsAllowed: boolean;
  readonly environment: () => Environment;
  /** What the names of this file are in the names of the runbook: `steps.restart` of a fragment is `steps.workers-restart`. */
  readonly needsOf: (root: Root, name: string) => readonly string[];
  /** The scope of the run as this file sees it. */
  readonly enter: (scope: Scope) => Scope;
}
