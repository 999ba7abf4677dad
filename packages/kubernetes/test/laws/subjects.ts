import type { Subject, WriteStatus } from '@claw-run/testing';
import { accountSubjects } from './account-subjects.ts';
import { credentialSubjects } from './credential-subjects.ts';
import { holderSubjects } from './holder-subjects.ts';
import { objectSubjects } from './object-subjects.ts';
import { rbacSubjects } from './rbac-subjects.ts';
import { workloadSubjects } from './workload-subjects.ts';

/** Every step, check and lookup of the library, each in the worlds that matter to it. */
export function subjectsOf(writeStatus: WriteStatus): readonly Subject[] {
  return [
    ...accountSubjects,
    ...rbacSubjects,
    ...holderSubjects,
    ...workloadSubjects(writeStatus),
    ...credentialSubjects,
    ...objectSubjects,
  ];
}
