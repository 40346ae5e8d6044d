/** The record of processing activities (GDPR, article 30), made from the data map so that it cannot fall behind. */
import { columnData, dataClasses, type DataMap, legalBases, purposes, type Purpose, recipients, retentions } from '../core/dataMap.ts';
import { isPersonal } from './publishDataMap.ts';

/** One processing activity, as article 30(1) asks for it. */
export interface ProcessingActivity {
  purpose: string;
  legalBasis: string;
  subjects: string[];
  data: string[];
  tables: string[];
  recipients: string[];
  retention: string[];
}

/** The whole record. */
export interface ProcessingRecord {
  installation: string;
  address: string;
  madeAt: string;
  activities: ProcessingActivity[];
  security: string[];
  thirdCountries: string;
}

const security = [
  'Stored files, secrets and everything said in a video are encrypted with AES-256-GCM; keys are never stored beside the data.',
  'Everything in transit uses TLS 1.3.',
  'Row-level security keeps workspaces apart; the application cannot bypass it.',
  'Events are linked into a chain of hashes whose signed heads are kept elsewhere.',
  'Deletions are repeated after a restore, verified, and signed.',
];

const peopleOf: Record<Purpose, string[]> = {
  account: ['People with an account'],
  security: ['People with an account'],
  service: ['People with an account', 'People in videos'],
  billing: ['Owners of workspaces'],
  integration: ['Owners of workspaces'],
  mail: ['People with an account'],
  consent: ['People with an account'],
  statistics: ['Nobody who can be told apart'],
  deletion: ['People with an account'],
  rights: ['People who make a request'],
  audit: ['People with an account'],
  operation: ['People with an account'],
};

/** Makes the record. */
export function buildProcessingRecord(
  map: DataMap,
  facts: Pick<ProcessingRecord, 'installation' | 'address' | 'madeAt'>,
): ProcessingRecord {
  const columns = map.tables
    .filter(isPersonal)
    .flatMap((table) => Object.values(table.columns).map((declaration) => ({ table: table.name, ...columnData(table, declaration) })));
  const objects = Object.values(map.objects).map((object) => ({ table: 'stored files', ...object }));
  const all = [...columns, ...objects];
  const activities = (Object.keys(purposes) as Purpose[]).flatMap((purpose) => {
    const own = all.filter((each) => each.purpose === purpose);
    const { basis, text } = purposes[purpose];
    return own.length === 0
      ? []
      : [
          {
            purpose: text,
            legalBasis: legalBases[basis],
            subjects: peopleOf[purpose],
            data: unique(own.map((each) => dataClasses[each.class])),
            tables: unique(own.map((each) => each.table)),
            recipients: unique(own.flatMap((each) => each.recipients.map((one) => recipients[one]))),
            retention: unique(own.map((each) => retentions[each.retention])),
          },
        ];
  });
  return {
    ...facts,
    activities,
    security,
    thirdCountries: 'Only to the outside parties that the register of sub-processors names, on the basis that it names.',
  };
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (letter) => escapes[letter] ?? letter);
const list = (values: readonly string[]): string => `<ul>${values.map((value) => `<li>${escape(value)}</li>`).join('')}</ul>`;

/** The record as a page that can be printed; it loads nothing. */
export function writeProcessingRecord(record: ProcessingRecord): string {
  const rows = record.activities.map(
    (each) => `<section><h2>${escape(each.purpose)}</h2><dl>
<dt>Legal basis</dt><dd>${escape(each.legalBasis)}</dd><dt>Whose data</dt><dd>${list(each.subjects)}</dd>
<dt>Which data</dt><dd>${list(each.data)}</dd><dt>Where</dt><dd>${escape(each.tables.join(', '))}</dd>
<dt>Recipients</dt><dd>${list(each.recipients)}</dd><dt>How long</dt><dd>${list(each.retention)}</dd></dl></section>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Record of processing activities · ${escape(record.installation)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1d21;background:#fff}dt{font-weight:600;margin-top:.75rem}dd{margin:0}ul{margin:0;padding-left:1.2rem}section{border-top:1px solid #ccc;margin-top:1.5rem;break-inside:avoid}</style>
<h1>Record of processing activities</h1>
<p>${escape(record.installation)}, ${escape(record.address)}. Made ${escape(record.madeAt)} from the data map (GDPR, article 30).</p>
${rows.join('\n')}
<section><h2>Security of processing</h2>${list(record.security)}</section>
<section><h2>Third countries</h2><p>${escape(record.thirdCountries)}</p></section>
</html>
`;
}
