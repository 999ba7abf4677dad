import {
  dig,
  ensureObject,
  isObject,
  type JsonObject,
  objectsOf,
  setDefault,
  textOr,
} from '../storage/objects.ts';

/** Fills a PodSpec as the API server does (core/v1 defaults). */
export function defaultPodSpec(spec: JsonObject): void {
  setDefault(spec, 'restartPolicy', 'Always');
  if (spec.terminationGracePeriodSeconds === undefined) spec.terminationGracePeriodSeconds = 30;
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  ensureObject(spec, 'securityContext');
  if (textOr(spec.serviceAccount) !== '') setDefault(spec, 'serviceAccountName', spec.serviceAccount);
  if (textOr(spec.serviceAccountName) !== '') spec.serviceAccount = spec.serviceAccountName;
  for (const container of [...objectsOf(spec.initContainers), ...objectsOf(spec.containers)])
    defaultContainer(container);
  for (const volume of objectsOf(spec.volumes)) defaultVolume(volume);
}

function defaultContainer(container: JsonObject): void {
  setDefault(container, 'imagePullPolicy', pullPolicy(textOr(container.image)));
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  ensureObject(container, 'resources');
  for (const port of objectsOf(container.ports)) setDefault(port, 'protocol', 'TCP');
  for (const variable of objectsOf(container.env)) {
    const fieldRef = dig(variable, 'valueFrom', 'fieldRef');
    if (isObject(fieldRef)) setDefault(fieldRef, 'apiVersion', 'v1');
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (isObject(probe)) defaultProbe(probe);
  }
}

function defaultProbe(probe: JsonObject): void {
  for (const [key, value] of Object.entries({
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  })) {
    setDefault(probe, key, value);
  }
  if (isObject(probe.httpGet)) {
    setDefault(probe.httpGet, 'path', '/');
    setDefault(probe.httpGet, 'scheme', 'HTTP');
  }
}

function pullPolicy(image: string): string {
  const tag = /:([^:/@]+)$/.exec(image.split('@')[0] ?? '')?.[1];
  return image.includes('@') || (tag !== undefined && tag !== 'latest') ? 'IfNotPresent' : 'Always';
}

function defaultVolume(volume: JsonObject): void {
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const value = volume[source];
    if (isObject(value)) setDefault(value, 'defaultMode', 420);
  }
  if (isObject(volume.hostPath) && volume.hostPath.type === undefined) volume.hostPath.type = '';
  if (Object.keys(volume).length === 1) volume.emptyDir = {};
  for (const source of objectsOf(dig(volume, 'projected', 'sources'))) {
    if (isObject(source.serviceAccountToken))
      setDefault(source.serviceAccountToken, 'expirationSeconds', 3600);
  }
}
