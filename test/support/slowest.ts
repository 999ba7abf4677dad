import type { Reporter, TestModule } from 'vitest/node';

/** Tells at the end how long each project took, and its slowest files: where to look when a run has become slow. */
export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const [project, files] of Map.groupBy(modules, (file) => file.project.name)) {
      const all = files
        .map((file) => ({ name: file.relativeModuleId, seconds: secondsOf(file) }))
        .toSorted((one, other) => other.seconds - one.seconds);
      const total = all.reduce((sum, { seconds }) => sum + seconds, 0);
      console.log(`\n${project}: ${total.toFixed(0)} s in ${all.length} files; the slowest:`);
      for (const { name, seconds } of all.slice(0, 8))
        console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
    }
  }
}

function secondsOf(file: TestModule): number {
  const { setupDuration, duration } = file.diagnostic();
  return (setupDuration + duration) / 1000;
}
