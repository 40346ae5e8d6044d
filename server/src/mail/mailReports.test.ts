import { describe, expect, test } from 'vitest';
import { readMailReport } from './mailReports.ts';

const bounce = (status: string, action: string) =>
  `From: MAILER-DAEMON@mx.example
To: carmic@example.org
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I am sorry. Final-Recipient: rfc822; somebody.else@example.net

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822;  Ada@Example.net
Action: ${action}
Status: ${status}
Diagnostic-Code: smtp; 550 no such user

Final-Recipient: rfc822;bob@example.net
Action: ${action}
Status: ${status}

--b1
Content-Type: message/rfc822

From: carmic@example.org
To: ada@example.net
Subject: News

--b1--
`.replaceAll('\n', '\r\n');

describe('a report of a mail server', () => {
  test('names the addresses of a permanent failure, and no address that stands in its prose (RFC 3464)', () => {
    expect(readMailReport(bounce('5.1.1', 'failed'))).toEqual({
      kind: 'bounce',
      emails: ['ada@example.net', 'bob@example.net'],
      token: null,
    });
  });

  test('of a delay is no bounce', () => {
    expect(readMailReport(bounce('4.4.1', 'delayed')).kind).toBe('delay');
    expect(readMailReport(bounce('4.2.2', 'failed')).kind).toBe('delay');
  });

  test('that is a complaint names its address, or the link in the mail it was about (RFC 5965)', () => {
    const complaint = (fields: string) => `From: abuse@isp.example
Content-Type: multipart/report; report-type="feedback-report";
 boundary=x-y_z

--x-y_z
Content-Type: text/plain

complaint

--x-y_z
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
${fields}
--x-y_z
Content-Type: message/rfc822

From: carmic@example.org
List-Unsubscribe: <https://clips.example/mail/unsubscribe?token=AbC-12_3>
Subject: News

--x-y_z--
`;
    expect(readMailReport(complaint('Original-Rcpt-To: <ada@example.net>\n'))).toMatchObject({
      kind: 'complaint',
      emails: ['ada@example.net'],
    });
    expect(readMailReport(complaint(''))).toEqual({ kind: 'complaint', emails: [], token: 'AbC-12_3' });
  });

  test('is none for an ordinary mail and for nonsense', () => {
    expect(readMailReport('Subject: Hello\n\nFinal-Recipient: rfc822; ada@example.net\nStatus: 5.1.1\n').kind).toBe('none');
    expect(readMailReport('\u0000').kind).toBe('none');
    expect(readMailReport('Content-Type: multipart/report; report-type=delivery-status\n\nno parts').kind).toBe('none');
  });
});
