import type { Subject, WriteStatus } from '@claw-run/testing';
import { accountSubjects } from './account-subjects.ts';
import { credentialSubjects } from './credential-subjects.ts';
import { holderSubjects } from './holder-subjects.ts';
import { networkSubjects } from './network-subjects.ts';
import { objectSubjects } from './object-subjects.ts';
import { rbacSubjects } from './rbac-subjects.ts';
import { workloadSubjects } from './workload-subjects.ts';

/** Who may do what: accounts, roles, bindings, credentials. */
export const accessSubjects: readonly Subject[] = [
  ...accountSubjects,
  ...rbacSubjects,
  ...credentialSubjects,
];

/** What is kept and run: settings, workloads, objects of any kind. */
export function contentSubjects(writeStatus: WriteStatus): readonly Subject[] {
  return [...holderSubjects, ...workloadSubjects(writeStatus), ...objectSubjects, ...networkSubjects];
}

/** Every step, check and lookup of the library, each in the worlds that matter to it. */
export function subjectsOf(writeStatus: WriteStatus): readonly Subject[] {
  return [...accessSubjects, ...contentSubjects(writeStatus)];
}
