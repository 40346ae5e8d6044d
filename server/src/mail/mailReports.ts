/** Reads what mail servers send back: reports of delivery (RFC 3464) and complaints (RFC 5965). Pure. */

/** What a report says. */
export interface MailReport {
  kind: 'bounce' | 'delay' | 'complaint' | 'none';
  emails: string[];
  /** The token of the unsubscribe link in the mail it is about: who complains is often blacked out. */
  token: string | null;
}

const none: MailReport = { kind: 'none', emails: [], token: null };

/** Header fields of the first block, names in lower case, folded lines joined. */
function fieldsOf(block: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of block.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) {
      fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
  }
  return fields;
}

function split(text: string): { head: Map<string, string>; body: string } {
  const end = text.indexOf('\n\n');
  return end < 0 ? { head: fieldsOf(text), body: '' } : { head: fieldsOf(text.slice(0, end)), body: text.slice(end + 2) };
}

function addressIn(value: string | undefined): string | null {
  const address = value
    ?.replace(/^[a-z0-9-]+;/i, '')
    .trim()
    .replace(/^<|>$/g, '')
    .toLowerCase();
  return address !== undefined && /^[^\s@<>]+@[^\s@<>]+$/.test(address) ? address : null;
}

/** Reads a whole message. Only the parts made for programs are believed, never the prose around them. */
export function readMailReport(message: string): MailReport {
  const { head, body } = split(message.replaceAll('\r\n', '\n'));
  const type = head.get('content-type') ?? '';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1]?.trim();
  if (!/^multipart\/report/i.test(type) || boundary === undefined) {
    return none;
  }
  const parts = body
    .split(`--${boundary}`)
    .slice(1)
    .map((part) => split(part.replace(/^\n/, '')));
  const partOf = (name: string) => parts.find((part) => (part.head.get('content-type') ?? '').toLowerCase().startsWith(name));
  const token = /^list-unsubscribe:[^\n]*[?&]token=([\w-]+)/im.exec(partOf('message/rfc822')?.body ?? '')?.[1] ?? null;
  const status = partOf('message/delivery-status');
  if (status !== undefined) {
    const recipients = status.body
      .split(/\n\s*\n/)
      .map(fieldsOf)
      .filter((fields) => fields.has('final-recipient'));
    const failed = recipients.filter((fields) => /^5\./.test(fields.get('status') ?? '') && /^failed/i.test(fields.get('action') ?? ''));
    const emails = (failed.length > 0 ? failed : recipients).flatMap((fields) => addressIn(fields.get('final-recipient')) ?? []);
    return emails.length === 0 ? none : { kind: failed.length > 0 ? 'bounce' : 'delay', emails, token };
  }
  const feedback = partOf('message/feedback-report');
  if (feedback === undefined) {
    return none;
  }
  const fields = fieldsOf(feedback.body);
  const email = addressIn(fields.get('original-rcpt-to')) ?? addressIn(fields.get('removal-recipient'));
  return { kind: 'complaint', emails: email === null ? [] : [email], token };
}
