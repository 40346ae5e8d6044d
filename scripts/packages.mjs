/**
 * What the packages of this project bring along, read from the lockfile and so without a network:
 *
 *   node scripts/packages.mjs --check        licences that may be used, install scripts that are known (part of `npm run check`)
 *   npm run audit                            asks the registry for known weaknesses; exceptions with reasons and ends are in docs/packages.json
 *   npm run sbom                             writes sbom.cdx.json (CycloneDX)
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rulesFile = join(root, 'docs', 'packages.json');
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

const [command] = process.argv.slice(2);
const commands = { '--check': check, '--audit': audit, '--sbom': writeSbom };
if (commands[command] === undefined) {
  process.stderr.write('Use one of: --check, --audit, --sbom\n');
  process.exitCode = 1;
} else {
  commands[command]();
}

function fail(lines) {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 1;
}

/** Every package of the lockfile that is not our own. */
function listPackages() {
  return Object.entries(read(join(root, 'package-lock.json')).packages)
    .filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true)
    .map(([path, entry]) => ({ name: path.split('node_modules/').pop(), ...entry }));
}

function check() {
  const rules = read(rulesFile);
  const packages = listPackages();
  const problems = packages.flatMap(({ name, license, hasInstallScript }) => [
    ...(rules.licences.includes(license) || rules.licenceExceptions[name]?.licence === (license ?? null)
      ? []
      : [`${name} has the licence ${license ?? 'none'}: not in docs/packages.json.`]),
    ...(hasInstallScript === true && rules.installScripts[name] === undefined
      ? [`${name} runs a script when it is installed: not in docs/packages.json.`]
      : []),
  ]);
  const names = new Set(packages.map(({ name }) => name));
  for (const name of [...Object.keys(rules.licenceExceptions), ...Object.keys(rules.installScripts)]) {
    if (!names.has(name)) {
      problems.push(`docs/packages.json excepts ${name}, which is not used any more: remove the line.`);
    }
  }
  if (problems.length > 0) {
    fail([...new Set(problems)]);
    return;
  }
  process.stdout.write(`${packages.length} packages: every licence and install script is known.\n`);
}

/** Fails for weaknesses of high or critical severity that no exception with a later end names. */
function audit() {
  const report = askRegistry();
  if (report.error !== undefined || report.vulnerabilities === undefined) {
    fail([`The registry did not answer the audit: ${report.error?.summary || report.message || 'no reason given'}. Nothing is known.`]);
    return;
  }
  const today = new Date().toISOString().slice(0, 10);
  const excepted = new Set(
    read(rulesFile)
      .auditExceptions.filter(({ until }) => until >= today)
      .map(({ advisory }) => advisory),
  );
  const found = Object.values(report.vulnerabilities).flatMap(({ name, via }) =>
    via
      .filter((each) => typeof each === 'object' && ['high', 'critical'].includes(each.severity) && !excepted.has(each.url))
      .map(({ severity, title, url }) => `${severity}: ${name}: ${title} (${url})`),
  );
  if (found.length > 0) {
    fail([...new Set(found)]);
    return;
  }
  process.stdout.write('No weakness of high or critical severity is known that is not excepted.\n');
}

function askRegistry() {
  try {
    return JSON.parse(execFileSync('npm', ['audit', '--json'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch (error) {
    // npm ends with 1 when it found something, and writes the report all the same.
    return JSON.parse(error.stdout || '{}');
  }
}

function writeSbom() {
  const text = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  writeFileSync(join(root, 'sbom.cdx.json'), text);
  process.stdout.write(`Wrote sbom.cdx.json with ${JSON.parse(text).components.length} components.\n`);
}
