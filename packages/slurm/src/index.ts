import type { Definition } from '@claw-run/core';
import { groupAllowed } from './checks/group-allowed.ts';
import { groupsCurrent } from './checks/groups-current.ts';
import { membersListed } from './checks/members-listed.ts';
import { partitionUp } from './checks/partition-up.ts';
import { userPermitted } from './checks/user-permitted.ts';
import { partition } from './lookups/partition.ts';
import { partitionGroup } from './steps/partition-group.ts';
import { reconfigure } from './steps/reconfigure.ts';
import { testJob } from './steps/test-job.ts';

/** Every step, check and lookup of this library. */
export const slurm: readonly Definition[] = [
  groupAllowed,
  groupsCurrent,
  membersListed,
  partition,
  partitionGroup,
  partitionUp,
  reconfigure,
  testJob,
  userPermitted,
];

export {
  groupAllowed,
  groupsCurrent,
  membersListed,
  partition,
  partitionGroup,
  partitionUp,
  reconfigure,
  testJob,
  userPermitted,
};
