export type { Action, ActionOf, ActionResult, ClusterAction, HostAction, PatchOperation } from './action.ts';
export { type ClusterObject, groupOf, guessPlural, nameOf, type ObjectRef, refOf } from './cluster-object.ts';
export { isExactNumber, parseExactJson } from './exact-number.ts';
export {
  type Argv,
  type ClusterRead,
  type DryRunResult,
  dryRunFact,
  type Fact,
  type Facts,
  type FileState,
  fileFact,
  type HostRead,
  type ListRead,
  type LogsRead,
  listFact,
  logsFact,
  objectFact,
  type ReadOf,
  type Review,
  type Rights,
  type RunResult,
  readKey,
  reviewFact,
  rightsFact,
  runFact,
  type Seen,
  type TargetKind,
} from './fact.ts';
export { equal, isObject, type Json, type JsonObject, stableStringify } from './json.ts';
export {
  type AnyCheck,
  type AnyEvent,
  type AnyLookup,
  type AnyState,
  createLibrary,
  type Definition,
  isDefinition,
  type Library,
} from './library.ts';
export { lineDiff } from './line-diff.ts';
export { type ChangePlan, type Difference, diff, type PlannedStep, type StepPlan } from './plan.ts';
export { isPrintable, printable } from './printable.ts';
export {
  ClawError,
  type Position,
  type Problem,
  type ProblemCode,
  problemCodes,
  problemOf,
} from './problem.ts';
export { createRedactor, type Redactor } from './redactor.ts';
export type {
  Cause,
  CauseScope,
  OnFailure,
  Param,
  ParamType,
  ParamValue,
  Runbook,
  Scope,
  Step,
  StepScope,
  Symptom,
  Target,
  Use,
  Verification,
} from './runbook.ts';
export { mapSecrets, Secret, secretsIn, textsIn } from './secret.ts';
export {
  type Again,
  type CheckStep,
  defineCheck,
  defineEvent,
  defineLookup,
  defineState,
  type EventStep,
  type Example,
  fail,
  type Irreversible,
  isRefused,
  type Lookup,
  type Occasion,
  type Progress,
  pass,
  type Refused,
  type Risk,
  refused,
  type StateStep,
  unknown,
  type Verdict,
} from './step.ts';
export { isLocalFailure, systemReason } from './system-error.ts';
export type { Connection, Lock, LockHolder, LockOptions, RefusedCommand } from './target.ts';
export { defineTransport, isTransport, type Transport, type TransportSettings } from './transport.ts';
export { isInexact, isYaml, takesYamlQuotes, type YamlNode } from './yaml-dialects.ts';
