import { expect, it } from 'vitest';
import type { Server } from '../contract.ts';
import { inNamespace, role, roleBinding } from './samples.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' };

/** Authentication and RBAC. */
export function accessContract(server: Server): void {
  it('a bad token is a 401', async () => {
    const refused = await server.client.ask('GET', '/api/v1/pods', undefined, { token: 'none' });
    expect(refused.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
  });

  it('who has no rights is told which are missing', async () => {
    await inNamespace(server, async (client, at, namespace) => {
      const ask = (method: string, path: string, body?: object) =>
        client.ask(method, path, body, { as: 'bob' });
      const refused = await ask('GET', `/api/v1${at}/pods/p`);
      const message = `pods "p" is forbidden: User "bob" cannot get resource "pods" in API group "" in the namespace "${namespace}"`;
      expect(refused.body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message,
        reason: 'Forbidden',
        details: { name: 'p', kind: 'pods' },
        code: 403,
      });
      const messages = [
        await ask('GET', `/apis/apps/v1/deployments`),
        await ask('GET', '/metrics'),
        await ask('GET', `/api/v1${at}/pods/p/log`),
        await ask('POST', `/api/v1/namespaces`, {}),
        await ask('GET', `/api/v1/namespaces/${namespace}`),
      ].map((reply) => reply.body.message);
      expect(messages).toEqual([
        'deployments.apps is forbidden: User "bob" cannot list resource "deployments" in API group "apps" at the cluster scope',
        'forbidden: User "bob" cannot get path "/metrics"',
        `pods "p" is forbidden: User "bob" cannot get resource "pods/log" in API group "" in the namespace "${namespace}"`,
        'namespaces is forbidden: User "bob" cannot create resource "namespaces" in API group "" at the cluster scope',
        `namespaces "${namespace}" is forbidden: User "bob" cannot get resource "namespaces" in API group "" in the namespace "${namespace}"`,
      ]);
      expect((await ask('GET', '/api')).code).toBe(200);
    });
  });

  it('a role gives what its rules say', async () => {
    await inNamespace(server, async (client, at, namespace) => {
      const rules = [
        { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get'] },
        { apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'], verbs: ['*'] },
        { apiGroups: ['apps'], resources: ['*'], verbs: ['list'] },
      ];
      await client.ask('POST', `${rbac}${at}/roles`, role('r', rules));
      await client.ask('POST', `${rbac}${at}/rolebindings`, roleBinding('b', 'r', 'carol'));
      const may = async (attributes: object) => {
        const spec = { user: 'carol', resourceAttributes: { namespace, ...attributes } };
        return (
          await client.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { ...review, spec })
        ).body.status?.allowed;
      };
      await expect.poll(() => may({ verb: 'get', resource: 'pods' })).toBe(true);
      expect(await may({ verb: 'get', resource: 'pods', subresource: 'log' })).toBe(true);
      expect(await may({ verb: 'get', resource: 'pods', subresource: 'exec' })).toBe(false);
      expect(await may({ verb: 'delete', resource: 'configmaps', name: 'a' })).toBe(true);
      expect(await may({ verb: 'delete', resource: 'configmaps', name: 'b' })).toBe(false);
      expect(await may({ verb: 'list', group: 'apps', resource: 'deployments' })).toBe(true);
      expect(await may({ verb: 'get', resource: 'pods', namespace: 'default' })).toBe(false);
      const spec = { user: 'carol', resourceAttributes: { namespace, verb: 'get', resource: 'pods' } };
      const answer = await client.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        ...review,
        spec,
      });
      expect(answer.body.status).toEqual({
        allowed: true,
        reason: `RBAC: allowed by RoleBinding "b/${namespace}" of Role "r" to User "carol"`,
      });
      const listed = await client.ask(
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        {
          ...review,
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { namespace, verb: 'get', resource: 'pods' } },
        },
        { as: 'carol' },
      );
      expect(listed.body.status?.allowed).toBe(true);
    });
  });

  it('a binding to a role that is not there says so', async () => {
    await inNamespace(server, async (client, at, namespace) => {
      await client.ask('POST', `${rbac}${at}/rolebindings`, roleBinding('b', 'none', 'dave'));
      const refusal = async () =>
        (await client.ask('GET', `/api/v1${at}/pods`, undefined, { as: 'dave' })).body.message;
      const message = `pods is forbidden: User "dave" cannot list resource "pods" in API group "" in the namespace "${namespace}"`;
      await expect.poll(refusal).toBe(`${message}: RBAC: role.rbac.authorization.k8s.io "none" not found`);
    });
  });

  it('nobody gives away rights that they do not hold', async () => {
    await inNamespace(server, async (client, at) => {
      const editor = role('editor', [
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['roles', 'rolebindings'],
          verbs: ['create', 'get'],
        },
      ]);
      await client.ask('POST', `${rbac}${at}/roles`, editor);
      await client.ask('POST', `${rbac}${at}/roles`, role('reader'));
      await client.ask('POST', `${rbac}${at}/rolebindings`, roleBinding('editor', 'editor', 'erin'));
      const reading = async () =>
        (await client.ask('GET', `${rbac}${at}/roles/editor`, undefined, { as: 'erin' })).code;
      await expect.poll(reading).toBe(200);
      const refused = await client.ask(
        'POST',
        `${rbac}${at}/roles`,
        role('mine', [{ apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['get', 'list'] }]),
        { as: 'erin' },
      );
      expect(refused.body).toMatchObject({
        code: 403,
        reason: 'Forbidden',
        details: { name: 'mine', group: 'rbac.authorization.k8s.io', kind: 'roles' },
      });
      expect(refused.body.message).toBe(
        'roles.rbac.authorization.k8s.io "mine" is forbidden: user "erin" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
      );
      const bound = await client.ask(
        'POST',
        `${rbac}${at}/rolebindings`,
        roleBinding('mine', 'reader', 'erin'),
        { as: 'erin' },
      );
      expect(bound.body.message).toContain(
        'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
      );
      const held = role('held', [
        { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['get'] },
      ]);
      expect((await client.ask('POST', `${rbac}${at}/roles`, held, { as: 'erin' })).code).toBe(201);
    });
  });

  it('impersonation needs its own right', async () => {
    const refused = await server.client.ask('GET', '/api/v1/pods', undefined, {
      as: 'system:serviceaccount:default:default',
      groups: ['x'],
    });
    expect(refused.body.message).toBe(
      'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" at the cluster scope',
    );
  });

  it('rules that are selected are aggregated', async () => {
    const label = { 'contract.example/aggregate': 'true' };
    const roles = `${rbac}/clusterroles`;
    const clusterRole = (name: string, more: object) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name, labels: label },
      ...more,
    });
    await server.client.ask(
      'POST',
      roles,
      clusterRole('contract-part', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
    );
    const sum = {
      ...clusterRole('contract-sum', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: label }] } }),
      metadata: { name: 'contract-sum' },
    };
    await server.client.ask('POST', roles, sum);
    const filled = await server.client.until(`${roles}/contract-sum`, (reply) =>
      Array.isArray(reply.body.rules),
    );
    for (const name of ['contract-part', 'contract-sum'])
      await server.client.ask('DELETE', `${roles}/${name}`);
    expect(filled.body.rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
  });
}
