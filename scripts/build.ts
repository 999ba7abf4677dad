// `npm run build`: makes of every package what is published, in its own folder; `npm run pack` makes tarballs of that.
import { copyFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './packaging/bundle.ts';
import { compile, compiled, distribute } from './packaging/compile.ts';
import { cli, packages, root } from './packaging/packages.ts';
import { billOfMaterials } from './packaging/sbom.ts';
import { installedWith, notices, packagesOf } from './packaging/third-party.ts';

compile();
distribute();
const inside = packagesOf(await bundle());
rmSync(compiled, { recursive: true, force: true });

for (const { short, folder, manifest } of packages) {
  const parties =
    short === 'claw-run'
      ? inside
      : installedWith(folder, Object.keys(manifest.dependencies ?? {})).filter(
          ({ name }) => !packages.some((one) => one.manifest.name === name),
        );
  writeFileSync(join(folder, 'sbom.cdx.json'), billOfMaterials(manifest, parties));
}
writeFileSync(
  join(cli.folder, 'THIRD-PARTY-NOTICES.txt'),
  notices(inside, 'claw-run has parts of these packages inside, each under its own licence.'),
);
for (const folder of ['runbooks', 'schema']) {
  rmSync(join(cli.folder, folder), { recursive: true, force: true });
  cpSync(join(root, folder), join(cli.folder, folder), { recursive: true });
}
copyFileSync(join(root, 'CHANGELOG.md'), join(cli.folder, 'CHANGELOG.md'));
