// `npm run build`: makes of every package what is published, in its own folder; `npm run pack` makes tarballs of that.
import { copyFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './packaging/bundle.ts';
import { compile, compiled, distribute } from './packaging/compile.ts';
import { cli, packages, root } from './packaging/packages.ts';
import { billOfMaterials } from './packaging/sbom.ts';
import { installedWith, notices, packagesOf, type ThirdParty } from './packaging/third-party.ts';
import { vendorSsh2 } from './packaging/vendor.ts';

compile();
distribute();
const inside: { readonly [short: string]: readonly ThirdParty[] } = {
  'claw-run': packagesOf(await bundle()),
  transports: packagesOf(await vendorSsh2()),
};
rmSync(compiled, { recursive: true, force: true });

for (const { short, folder, manifest } of packages) {
  const bundled = inside[short] ?? [];
  const needed = Object.keys(manifest.dependencies ?? {});
  const installed = installedWith(folder, needed).filter(
    ({ name }) => !packages.some((one) => one.manifest.name === name),
  );
  writeFileSync(join(folder, 'sbom.cdx.json'), billOfMaterials(manifest, [...bundled, ...installed]));
  if (bundled.length > 0)
    writeFileSync(
      join(folder, 'THIRD-PARTY-NOTICES.txt'),
      notices(bundled, `${manifest.name} has parts of these packages inside, each under its own licence.`),
    );
}
for (const folder of ['runbooks', 'schema']) {
  rmSync(join(cli.folder, folder), { recursive: true, force: true });
  cpSync(join(root, folder), join(cli.folder, folder), { recursive: true });
}
copyFileSync(join(root, 'CHANGELOG.md'), join(cli.folder, 'CHANGELOG.md'));
