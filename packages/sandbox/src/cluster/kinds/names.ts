import { invalidValue } from '../storage/causes.ts';
import { isObject, type KubeObject } from '../storage/objects.ts';
import type { Cause } from '../storage/status.ts';
import type { Resource } from './resource.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const serviceName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedPart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const serviceRule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualifiedRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** What is wrong with an object's name, by the rule of its resource (apimachinery `validation`). */
export function nameCauses(resource: Resource, name: string): readonly Cause[] {
  return nameProblems(resource, name).map((problem) => invalidValue('metadata.name', name, problem));
}

function nameProblems(resource: Resource, name: string): readonly string[] {
  if (resource.group === 'rbac.authorization.k8s.io') return pathSegmentProblems(name);
  if (resource.plural === 'namespaces' && resource.group === '')
    return dnsProblems(name, label, 63, labelRule);
  if (resource.plural === 'services' && resource.group === '')
    return dnsProblems(name, serviceName, 63, serviceRule);
  return dnsProblems(name, subdomain, 253, subdomainRule);
}

function dnsProblems(name: string, pattern: RegExp, longest: number, rule: string): readonly string[] {
  return [
    ...(name.length > longest ? [`must be no more than ${longest} characters`] : []),
    ...(pattern.test(name) ? [] : [rule]),
  ];
}

function pathSegmentProblems(name: string): readonly string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
}

/** What is wrong with labels, annotations and finalizers. */
export function metadataCauses(object: KubeObject): readonly Cause[] {
  const { labels, annotations } = object.metadata;
  return [
    ...(isObject(labels) ? labelCauses(labels) : []),
    ...keyCauses('metadata.annotations', annotations),
  ];
}

function labelCauses(labels: Record<string, string>): readonly Cause[] {
  const values = Object.values(labels)
    .map((value) => value ?? '')
    .flatMap((value) =>
      dnsProblems(value, labelValue, 63, labelValueRule).map((problem) =>
        invalidValue('metadata.labels', value, problem),
      ),
    );
  return [...keyCauses('metadata.labels', labels), ...values];
}

function keyCauses(field: string, map: Record<string, string> | undefined): readonly Cause[] {
  return Object.keys(map ?? {})
    .filter((key) => !isQualifiedName(field.endsWith('annotations') ? key.toLowerCase() : key))
    .map((key) => invalidValue(field, key, qualifiedRule));
}

function isQualifiedName(key: string): boolean {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefixFits = parts.length === 1 || (parts.length === 2 && subdomain.test(parts[0] ?? ''));
  return prefixFits && name.length <= 63 && qualifiedPart.test(name);
}
