import type { ClusterObject } from '@claw-run/core';

interface Marks {
  readonly labels?: { readonly [key: string]: string } | undefined;
  readonly annotations?: { readonly [key: string]: string } | undefined;
}

/** An object with labels and annotations set; those of others stay. */
export function withMetadata(object: ClusterObject, marks: Marks): ClusterObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, ...marks.labels };
  const annotations = { ...metadata.annotations, ...marks.annotations };
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}
