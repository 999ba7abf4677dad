/** What a test tells besides whether it passed; whoever reads the results finds it in `meta.claw`. */
export interface Told {
  /** What is not as good as it could be. */
  readonly warnings?: readonly string[];
  /** It showed nothing that others do not show: not counted. */
  readonly moot?: true;
}

interface Task {
  readonly meta: object;
}

/** Adds a warning to a test. */
export function warn(task: Task, warning: string): void {
  const { claw = {} } = task.meta as { claw?: Told };
  Object.assign(task.meta, { claw: { ...claw, warnings: [...(claw.warnings ?? []), warning] } });
}

/** Says that a test had nothing to show. */
export function moot(task: Task): void {
  const { claw = {} } = task.meta as { claw?: Told };
  Object.assign(task.meta, { claw: { ...claw, moot: true } satisfies Told });
}
