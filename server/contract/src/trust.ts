import { compressionRoutes } from './compression.ts';
import { consentRoutes } from './consent.ts';
import { errorReportRoutes } from './errorReports.ts';
import { thirdPartyRoutes } from './thirdParties.ts';

/** Consent and mail, third parties, error reports, statistics. */
export const trustRoutes = { ...consentRoutes, ...errorReportRoutes, ...thirdPartyRoutes, ...compressionRoutes } as const;
