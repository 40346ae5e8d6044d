/** Values that do not go together are refused with a sentence that says what to do. */
import { beforeEach, describe, expect, test } from 'vitest';
import { requireHelm, tryRender } from './support/helm.ts';

beforeEach((context) => {
  requireHelm(context);
});

test('the defaults alone say everything that is missing, at once', () => {
  const { code, output } = tryRender({});
  expect(code).not.toBe(0);
  for (const name of ['baseUrl', 'database.host', 'storage.s3.endpoint', 'networkPolicy.front', 'database.peers', 'storage.s3.peers']) {
    expect(output).toContain(`- ${name} is `);
  }
  expect(output).toContain('--set baseUrl=https://carmic.example.com');
});

const refusals: readonly [what: string, values: string, set: Record<string, unknown>, sentence: RegExp][] = [
  ['two ways in', 'trial.yaml', { 'gateway.enabled': true }, /ingress\.enabled and gateway\.enabled are both on/],
  ['a route to nowhere', 'bucket-and-gateway.yaml', { 'gateway.parentRefs': [] }, /gateway\.parentRefs is empty: name the Gateway/],
  ['no Secret for the database', 'trial.yaml', { 'database.existingSecret': '' }, /makeSecrets writes the Secrets/],
  ['no root key', 'trial.yaml', { 'rootKey.existingSecret': '' }, /rootKey\.existingSecret is empty/],
  ['Vault without a token', 'everything.yaml', { 'rootKey.vaultTokenSecret': '' }, /rootKey\.vaultTokenSecret is empty/],
  [
    'Vault without an address',
    'trial.yaml',
    { 'rootKey.provider': 'vault', 'rootKey.vaultTokenSecret': 'vault' },
    /settings\.CARMIC_VAULT_URL is missing/,
  ],
  ['two databases', 'trial.yaml', { 'database.host': 'pg' }, /database\.host is set and trial\.postgresql\.enabled is on/],
  ['a trial database without roles', 'trial.yaml', { 'database.createRoles': false }, /has no roles until the migrate Job makes them/],
  ['two S3 servers', 'trial.yaml', { 'storage.s3.endpoint': 'https://s3' }, /storage\.s3\.endpoint is set and trial\.minio\.enabled is on/],
  ['MinIO without a name', 'trial.yaml', { 'trial.minio.host': '' }, /trial\.minio\.host is missing: browsers send uploads straight/],
  ['MinIO beside a volume', 'trial.yaml', { 'storage.kind': 'disk' }, /trial\.minio\.enabled is on and storage\.kind is not s3/],
  ['workers that share what they cannot', 'trial.yaml', { 'worker.replicas': 2 }, /audit\.accessMode is not ReadWriteMany/],
  ['secret settings of no Secret', 'everything.yaml', { 'secretSettings.existingSecret': '' }, /secretSettings\.existingSecret is empty/],
  [
    'a setting twice',
    'everything.yaml',
    { 'settings.CARMIC_SMTP_URL': 'smtp://a' },
    /CARMIC_SMTP_URL is in settings and in secretSettings/,
  ],
  ['nobody at the front', 'trial.yaml', { 'networkPolicy.front': [] }, /nobody could reach Carmic: name your ingress controller/],
  ['a database that is nowhere', 'graphics-cards.yaml', { 'database.peers': [] }, /the database could not be reached: say where it is/],
  ['backups to nowhere', 'trial.yaml', { 'backup.enabled': true }, /backup has no place: give backup\.to/],
  [
    'backups to a bucket of nobody',
    'everything.yaml',
    { 'backup.s3.endpoint': '' },
    /give backup\.s3\.endpoint and backup\.s3\.existingSecret/,
  ],
  ['pools of one name', 'trial.yaml', { 'agents.pools': [{ name: 'a' }, { name: 'a' }] }, /two pools are called a/],
  ['KEDA without figures', 'graphics-cards.yaml', { 'agents.prometheusUrl': '' }, /pool nvidia is scaled by KEDA, which asks Prometheus/],
  ['a floor above the ceiling', 'trial.yaml', { 'agents.defaults.autoscaling.min': 9 }, /autoscaling\.min is more than autoscaling\.max/],
  [
    'a HorizontalPodAutoscaler down to none',
    'trial.yaml',
    { 'agents.defaults.autoscaling': { kind: 'hpa', min: 0, max: 2 } },
    /needs autoscaling\.min of 1 or more; KEDA can go down to 0/,
  ],
  ['an encoder without a card', 'trial.yaml', { 'agents.defaults.encoders': 'nvenc' }, /its pods get no graphics card: set gpu\.count/],
  ['models without names', 'graphics-cards.yaml', { 'agents.defaults.models.url': 'https://m.example.com' }, /say in models\.names which/],
  ['agents without a code', 'trial.yaml', { 'agents.enrolmentSecret': '' }, /agents\.enrolmentSecret is empty/],
];

describe('refused with the reason', () => {
  test.each(refusals)('%s', (_, values, set, sentence) => {
    const { code, output } = tryRender({ values, set });
    expect(output).toMatch(sentence);
    expect(code).not.toBe(0);
  });
});

const mistypes: readonly [what: string, set: Record<string, unknown>, sentence: RegExp][] = [
  ['an unknown name', { 'server.replcas': 3 }, /at '\/server': additional properties 'replcas' not allowed/],
  ['an unknown name in a pool', { 'agents.pools': [{ name: 'a', gpu: { cuont: 1 } }] }, /'cuont' not allowed/],
  ['an address without TLS', { baseUrl: 'http://carmic.example.com' }, /at '\/baseUrl': .*does not match pattern/],
  ['latest', { 'image.server.tag': 'latest' }, /at '\/image\/server\/tag': 'not' failed/],
  ['an image without a tag', { 'trial.postgresql.image': 'postgres' }, /at '\/trial\/postgresql\/image'/],
  ['root', { 'security.runAsUser': 0 }, /at '\/security\/runAsUser': minimum/],
  ['a setting that has a value of its own', { settings: { CARMIC_BASE_URL: 'https://a' } }, /propertyNames|'not' failed/],
  ['a secret that is none', { 'secretSettings.keys': { CARMIC_LOG_LEVEL: 'a' } }, /invalid propertyName 'CARMIC_LOG_LEVEL'/],
  ['a rule without ports', { 'networkPolicy.agentEgress': [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] }, /missing property 'ports'/],
];

describe('refused by the schema', () => {
  test.each(mistypes)('%s', (_, set, sentence) => {
    const { code, output } = tryRender({ values: 'trial.yaml', set });
    expect(output).toMatch(sentence);
    expect(code).not.toBe(0);
  });
});
