import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, the longest first: begun last, it would be waited for alone. */
const slow = [
  'test/lab/selinux',
  'test/lab/scheduler-denied',
  'test/lab/scheduler-two-hosts',
  'test/lab/apparmor',
  'test/cluster/worker-denied',
  'test/lab/linux-firewalls',
  'test/lab/openclaw-laws',
  'test/cluster/sandbox-contracts',
  'test/cli/scheduler-related',
];

/** The order in which files are begun; vitest goes by their size where it has not run them before. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = slow.findIndex((name) => moduleId.includes(`/${name}`));
      return at < 0 ? slow.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
