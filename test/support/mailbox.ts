/** A real mail server on loopback that keeps what it is sent. */
import { SMTPServer } from 'smtp-server';

export interface Mailbox {
  /** Address of the server, as the environment takes it. */
  url: string;
  /** Mails as text, headers first, soft line ends undone. */
  received: string[];
  /** The same as they came. */
  raw: string[];
  /** Addresses that the server refuses for good. */
  refused: Set<string>;
  /** Every address that somebody wanted to send to. */
  attempts: string[];
  close(): Promise<void>;
}

/** Headers as they came, bodies without soft line ends: a header may end with the same sign. */
function readable(raw: string): string {
  const [head = '', ...bodies] = raw.split('\r\n\r\n');
  return [head, bodies.join('\r\n\r\n').replaceAll('=\r\n', '').replaceAll('=3D', '=')].join('\r\n\r\n').replaceAll('\r\n', '\n');
}

/** Starts a mail server that takes everything but what it is told to refuse. */
export async function startMailbox(): Promise<Mailbox> {
  const received: string[] = [];
  const raw: string[] = [];
  const attempts: string[] = [];
  const refused = new Set<string>();
  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo({ address }, _session, done) {
      attempts.push(address);
      done(refused.has(address) ? Object.assign(new Error('5.1.1 no such user'), { responseCode: 550 }) : null);
    },
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        raw.push(text);
        received.push(readable(text));
        done();
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    const server = smtp.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    raw,
    refused,
    attempts,
    close: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}
