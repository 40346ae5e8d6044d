import { limits } from '../../admin/overview/limits.ts';
import { readCertificate } from '../../admin/overview/readCertificate.ts';
import type { Env } from '../../core/env.ts';
import { messageOf } from '../failures.ts';
import { type Check, failed, ok, skipped, warning } from './check.ts';

/** When the certificate that people see ends, and whether it is TLS 1.3 that they get. */
export async function checkCertificate({ CARMIC_BASE_URL: url }: Env): Promise<Check[]> {
  if (url === undefined || !url.startsWith('https:')) {
    return [skipped('certificate', 'CARMIC_BASE_URL is not an https address: there is no certificate to look at.')];
  }
  const { hostname } = new URL(url);
  try {
    const { endsAt, protocol } = await readCertificate(url);
    const days = (endsAt.getTime() - Date.now()) / 86_400_000;
    const message = `The certificate of ${hostname} ends on ${endsAt.toISOString().slice(0, 10)}.`;
    const fix = 'Renew it: ./install --certificate FILE --key FILE, or see why automatic renewal does not work in the front’s log.';
    const end =
      days < 0
        ? failed('certificate', message, fix)
        : days < limits.certificateSoonDays
          ? warning('certificate', message, fix)
          : ok('certificate', message);
    return [
      end,
      protocol === 'TLSv1.3'
        ? ok('tls', 'The front speaks TLS 1.3.')
        : failed('tls', `The front speaks ${protocol}.`, 'Allow TLS 1.3 at the front.'),
    ];
  } catch (error) {
    return [
      warning(
        'certificate',
        `${url} cannot be reached from here: ${messageOf(error)}`,
        'See that the front runs and that this machine knows its name.',
      ),
    ];
  }
}
