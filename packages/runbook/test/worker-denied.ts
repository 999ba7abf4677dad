/** A runbook that uses all of the language. */
export const workerDenied = `# A comment
runbook: worker-denied
version: 1
title: Worker registration rejected
description: |
  What to do when workers are denied.
fixes: [clw-worker-denied]
symptoms:
  - 'clw-worker-denied: Worker registration rejected'
  - "service account '(?<account>[^']+)' does not have required cluster role '(?P<role>[^']+)'"

params:
  namespace: { type: string, default: production, summary: Namespace of the workers }
  replicas: { type: integer, default: 3 }
  ratio: { type: number, default: 0.5 }
  token: { type: secret, from: [env:CLAW_TOKEN, prompt] }

targets:
  cluster: { kind: cluster }
  operator: { kind: host, default: local }
  workers: { kind: host, many: true, roll-out: { batches: [1, 10%, 100%], stop-when-failed: 1, pause: 10s } }

facts:
  worker:
    uses: test.workload
    on: cluster
    with: { name: openclaw-worker, namespace: '\${{ params.namespace }}' }

causes:
  rbac:
    title: The role is missing
    uses: test.can-i
    on: cluster
    with:
      as: system:serviceaccount:\${{ params.namespace }}:\${{ facts.account }}
      can: [get jobs.openclaw.io, update tasks.openclaw.io]

steps:
  - id: account
    name: Give the workers their own service account
    if: causes.rbac.found && facts.worker.replicas >= params.ratio
    uses: test.service-account
    with:
      name: openclaw-worker-sa
      namespace: \${{ params.namespace }}
      replicas: \${{ params.replicas + 1 }}
      token: \${{ params.token }}
  - id: restart-workers
    if: >-
      steps.account.changed
      || causes.rbac.found
    uses: test.restart-workload
    with: { deployment: openclaw-worker, namespace: '\${{ params.namespace }}' }
    timeout: 3m
    retry: { attempts: 3, delay: 2s, backoff: 2 }
    on-failure: stop
  - id: line
    uses: test.file-line
    on: workers
    if: steps.restart-workers.changed
    with:
      path: /etc/x
      line: |
        a \${{ facts.worker.pods.filter(p, p.ready).map(p, p.name).join(',') }}
        b \${{ params.replicas }}

verify:
  - name: Every worker is READY
    uses: test.command-works
    on: operator
    with: { argv: [openclaw, '\${{ params.namespace }}'] }
    within: 2m
  - uses: test.restart-workload
    with: { deployment: probe }

on-failure: roll-back
`;
