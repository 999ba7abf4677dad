import { duplicate, invalidValue, notSupported, required } from '../storage/causes.ts';
import { type JsonObject, objectsOf, textOr } from '../storage/objects.ts';
import type { Cause } from '../storage/status.ts';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** What is wrong with a PodSpec: containers, images, volumes and mounts. */
export function validatePodSpec(spec: JsonObject, field: string): readonly Cause[] {
  const volumes = objectsOf(spec.volumes).map((volume) => textOr(volume.name));
  const containers = objectsOf(spec.containers);
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...names(volumes, `${field}.volumes`),
    ...names(
      containers.map((one) => textOr(one.name)),
      `${field}.containers`,
    ),
    ...containers.flatMap((one, at) => containerCauses(one, `${field}.containers[${at}]`, volumes)),
    ...objectsOf(spec.initContainers).flatMap((one, at) =>
      containerCauses(one, `${field}.initContainers[${at}]`, volumes),
    ),
    ...policyCauses(spec, field),
  ];
}

function names(given: readonly string[], field: string): readonly Cause[] {
  return given.flatMap((name, at) => {
    const place = `${field}[${at}].name`;
    if (name === '') return [required(place)];
    if (given.indexOf(name) < at) return [duplicate(place, name)];
    return label.test(name) ? [] : [invalidValue(place, name, labelRule)];
  });
}

function containerCauses(container: JsonObject, field: string, volumes: readonly string[]): readonly Cause[] {
  const variables = objectsOf(container.env).flatMap((one, at) =>
    textOr(one.name) === '' ? [required(`${field}.env[${at}].name`)] : [],
  );
  const mounts = objectsOf(container.volumeMounts);
  const paths = mounts.map((mount) => textOr(mount.mountPath));
  return [
    ...(textOr(container.image) === '' ? [required(`${field}.image`)] : []),
    ...variables,
    ...mounts.flatMap((mount, at) => mountCauses(mount, `${field}.volumeMounts[${at}]`, volumes)),
    ...paths.flatMap((path, at) =>
      path !== '' && paths.indexOf(path) < at
        ? [invalidValue(`${field}.volumeMounts[${at}].mountPath`, path, 'must be unique')]
        : [],
    ),
  ];
}

function mountCauses(mount: JsonObject, field: string, volumes: readonly string[]): readonly Cause[] {
  const name = textOr(mount.name);
  const known = volumes.includes(name)
    ? []
    : [
        {
          reason: 'FieldValueNotFound',
          message: `Not found: ${JSON.stringify(name)}`,
          field: `${field}.name`,
        },
      ];
  return [
    ...(name === '' ? [required(`${field}.name`)] : known),
    ...(textOr(mount.mountPath) === '' ? [required(`${field}.mountPath`)] : []),
  ];
}

function policyCauses(spec: JsonObject, field: string): readonly Cause[] {
  const policies = ['Always', 'OnFailure', 'Never'];
  if (spec.restartPolicy === undefined || policies.includes(textOr(spec.restartPolicy))) return [];
  return [notSupported(`${field}.restartPolicy`, spec.restartPolicy, policies)];
}
