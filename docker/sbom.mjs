/**
 * Writes the list of the packages in an image (CycloneDX 1.5) from what npm says it has installed: `node sbom.mjs NAME VERSION`.
 * `npm sbom` leaves out what a workspace shares with the root's development packages, so that it cannot be used for one workspace.
 */
import { readFileSync } from 'node:fs';

const [name, version] = process.argv.slice(2);
const { packages } = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8'));
const components = Object.entries(packages)
  .filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true)
  .map(([path, entry]) => {
    const full = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const [algorithm, digest] = (entry.integrity ?? '').split('-');
    return {
      type: 'library',
      name: full,
      version: entry.version,
      purl: `pkg:npm/${full.replace('@', '%40')}@${entry.version}`,
      ...(typeof entry.license === 'string' && { licenses: [{ expression: entry.license }] }),
      ...(algorithm === 'sha512' && { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }),
    };
  });
const bill = {
  $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'application', name, version } },
  components,
};
process.stdout.write(`${JSON.stringify(bill, null, 1)}\n`);
