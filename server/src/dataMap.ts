import { accountsData } from './accounts/dataMap.ts';
import { adminData } from './admin/dataMap.ts';
import { agentsData } from './agents/dataMap.ts';
import { billingData } from './billing/dataMap.ts';
import { clipsData } from './clips/dataMap.ts';
import { tuningData } from './clips/tuning/dataMap.ts';
import type { DataMap } from './core/dataMap.ts';
import { dbData } from './db/dataMap.ts';
import { eventsData } from './events/dataMap.ts';
import { httpData } from './http/dataMap.ts';
import { jobsData } from './jobs/dataMap.ts';
import { libraryData } from './library/dataMap.ts';
import { objectData } from './library/objectData.ts';
import { logFields } from './logFields.ts';
import { mailData } from './mail/dataMap.ts';
import { privacyData } from './privacy/dataMap.ts';
import { canaryData } from './privacy/canary/dataMap.ts';
import { thirdPartyData } from './privacy/thirdParties/dataMap.ts';
import { plansData } from './plans/dataMap.ts';
import { retentionData } from './retention/dataMap.ts';
import { understandingData } from './understanding/dataMap.ts';
import { webhooksData } from './webhooks/dataMap.ts';

/** The data map of this installation: all tables, all kinds of stored objects, all fields of the log. */
export const dataMap: DataMap = {
  tables: [
    ...[...accountsData, ...plansData, ...libraryData, ...agentsData, ...understandingData, ...clipsData, ...tuningData, ...retentionData],
    ...[...billingData, ...privacyData, ...thirdPartyData, ...webhooksData, ...adminData, ...eventsData, ...mailData, ...jobsData],
    ...[...httpData, ...dbData, ...canaryData],
  ],
  objects: objectData,
  logFields,
};
