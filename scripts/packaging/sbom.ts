import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import parseExpression from 'spdx-expression-parse';
import type { Manifest } from './packages.ts';
import type { ThirdParty } from './third-party.ts';

const licenses = new Contrib.License.Factories.LicenseFactory(parseExpression);
const builder = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(
  new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory(),
  licenses,
);

/** The bill of materials of a package (CycloneDX 1.6, JSON): the same for the same contents. */
export function billOfMaterials(manifest: Manifest, parties: readonly ThirdParty[]): string {
  const own = component(manifest, Enums.ComponentType.Library);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: own }) });
  for (const { manifest: theirs } of parties) {
    const part = component(theirs, Enums.ComponentType.Library);
    bom.components.add(part);
    own.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 1 })}\n`;
}

function component(manifest: object, type: Enums.ComponentType): Models.Component {
  const { name, version } = manifest as { name: string; version: string };
  const made = builder.makeComponent(manifest as never, type);
  if (made === undefined) throw new Error(`${name} cannot be a component`);
  made.bomRef.value = `${name}@${version}`;
  made.purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  // addresses of other people's issue trackers and the like are theirs to keep
  made.externalReferences.clear();
  return made;
}
