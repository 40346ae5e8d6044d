/**
 * The data map: what each column, kind of stored object and field of the log is, why it is there, how long, and who gets it. Each folder declares
 * its own tables in `dataMap.ts` beside its model; server/src/dataMap.ts puts them together. What is not declared fails the tests. Keeps: C1, G1, G5.
 */
import type { InferAttributes, Model } from 'sequelize';

/** What a value says of somebody, and what therefore happens to it in an export of a person's data. */
export const dataClasses = {
  id: 'A number that this installation gave to a record',
  person: 'Which person it was; of other people it is left out of an export',
  identity: 'What somebody is called',
  contact: 'How somebody is reached',
  otherPerson: 'Something of another person than the one whose record it is: left out of an export',
  credential: 'A secret, its hash or its key: never leaves the server',
  content: 'What somebody uploaded or wrote, or what was made of it',
  activity: 'What somebody did, and when',
  device: 'Which browser or address somebody used',
  payment: 'How something was paid; never the number of a card',
  setting: 'What somebody chose',
  state: 'How far some work is',
  count: 'An amount that was measured',
  derived: 'Computed from other values, which are exported themselves: left out of an export',
} as const;
export type DataClass = keyof typeof dataClasses;

/** Why data is processed, and what makes that lawful (GDPR, article 6). */
export const purposes = {
  account: { text: 'Accounts, signing in, and who belongs to which workspace', basis: 'contract' },
  security: { text: 'Protecting accounts and the installation', basis: 'legitimate_interest' },
  service: { text: 'Making clips out of videos', basis: 'contract' },
  billing: { text: 'Selling plans and accounting for what was used', basis: 'contract' },
  integration: { text: 'Telling programs that a customer named', basis: 'contract' },
  mail: { text: 'Mails that the service cannot do without', basis: 'contract' },
  consent: { text: 'Keeping what somebody agreed to, and acting on it', basis: 'consent' },
  statistics: { text: 'Anonymous figures from which encoding is tuned', basis: 'legitimate_interest' },
  deletion: { text: 'Deleting when it is due, and proving it', basis: 'legal_obligation' },
  rights: { text: 'Answering requests about personal data', basis: 'legal_obligation' },
  audit: { text: 'Being able to say what happened', basis: 'legitimate_interest' },
  operation: { text: 'Keeping the installation running', basis: 'legitimate_interest' },
} as const satisfies Record<string, { text: string; basis: LegalBasis }>;
export type Purpose = keyof typeof purposes;

export const legalBases = {
  contract: 'Article 6(1)(b): needed for the contract with the person',
  consent: 'Article 6(1)(a): the person agreed',
  legal_obligation: 'Article 6(1)(c): the law demands it',
  legitimate_interest: 'Article 6(1)(f): a legitimate interest that the person’s own does not outweigh',
} as const;
export type LegalBasis = keyof typeof legalBases;

/** How long something is kept. */
export const retentions = {
  account: 'Until the account is deleted',
  workspace: 'Until the workspace is deleted',
  content: 'As long as the workspace’s plan says, or until somebody deletes it; every copy is gone within 24 hours after that',
  expiry: 'Until it is used, ends or expires',
  work: 'Until the work is done',
  day: 'One day',
  month: 'About a month after it is done with',
  installation: 'As long as the installation; people are in it by number only',
  law: 'As long as the law demands it',
  operator: 'As long as the operator keeps its logs',
} as const;
export type Retention = keyof typeof retentions;

/** Who may get it, beside the person themselves. Outside parties only when the operator switched them on. */
export const recipients = {
  members: 'Members of the workspace',
  administrators: 'Administrators of the installation',
  agents: 'Agents, while they work on the video',
  storage: 'The object storage, encrypted',
  deepgram: 'Deepgram, where it is the engine (sound only)',
  languageModel: 'The language model or translator that the operator set',
  stripe: 'Stripe',
  smtp: 'The mail server',
  cdn: 'The content network',
  identityProvider: 'The identity provider of the workspace',
  webhook: 'The address that the customer named',
  linkHolders: 'Whoever has a link that a member made to a clip',
} as const;
export type Recipient = keyof typeof recipients;

interface Terms {
  purpose: Purpose;
  retention: Retention;
  recipients: readonly Recipient[];
}

/** One column, where it needs more than its class. */
export interface ColumnData extends Partial<Terms> {
  class: DataClass;
  /** Opens under this name, bound to the column `by` of the same row (`id` when it is not said; several with `:` between them). */
  sealed?: { context: string; form: 'text' | 'json'; by?: string };
}
export type ColumnDeclaration = DataClass | ColumnData;

/**
 * Whose a row is: `person`: of the user whose id the column holds; `video`, `clip`: of whoever the video is; `workspace`: of the one who has the
 * workspace to themselves; `membership`: of everybody in the workspace; `request`: of whoever made the privacy request. Several mean that one of them is enough.
 */
export interface Subject {
  of: 'person' | 'video' | 'clip' | 'workspace' | 'membership' | 'request';
  column: string;
}

/** One table. */
export interface TableData extends Terms {
  name: string;
  about: string;
  /** Empty: no row is anybody's. */
  subjects: readonly Subject[];
  columns: Readonly<Record<string, ColumnDeclaration>>;
}

type Snake<S extends string> = S extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${Snake<Rest>}`
    : `_${Lowercase<First>}${Snake<Rest>}`
  : '';
type ColumnsOf<M extends Model> = Record<Snake<keyof InferAttributes<M> & string>, ColumnDeclaration> & Record<string, ColumnDeclaration>;

/** Declares a table that has a model: a column of the model that is not named here is an error of the compiler. */
export const modelData = <M extends Model>(table: Omit<TableData, 'columns'> & { columns: ColumnsOf<M> }): TableData => table;

/** Declares a table that has none. */
export const tableData = (table: TableData): TableData => table;

/** One kind of stored object. */
export interface ObjectData extends Terms {
  about: string;
  class: DataClass;
}

/** One field of the log. */
export interface LogFieldData {
  about: string;
  class: DataClass;
}

/** Everything of one installation. */
export interface DataMap {
  tables: readonly TableData[];
  objects: Readonly<Record<string, ObjectData>>;
  logFields: Readonly<Record<string, LogFieldData>>;
}

/** A column with all its terms, whether its own or its table's. */
export function columnData(table: TableData, declaration: ColumnDeclaration): ColumnData & Terms {
  const own = typeof declaration === 'string' ? { class: declaration } : declaration;
  return { purpose: table.purpose, retention: table.retention, recipients: table.recipients, ...own };
}

/** Sealed texts, for declarations. */
export const sealedText = (dataClass: DataClass, context: string, by?: string): ColumnData => sealed(dataClass, context, 'text', by);
export const sealedJson = (dataClass: DataClass, context: string, by?: string): ColumnData => sealed(dataClass, context, 'json', by);

function sealed(dataClass: DataClass, context: string, form: 'text' | 'json', by?: string): ColumnData {
  return { class: dataClass, sealed: { context, form, ...(by === undefined ? {} : { by }) } };
}
