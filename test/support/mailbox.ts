/** A real mail server on loopback that keeps what it is sent. */
import { SMTPServer } from 'smtp-server';

export interface Mailbox {
  /** Address of the server, as the environment takes it. */
  url: string;
  /** Mails as text, headers first, soft line ends undone. */
  received: string[];
  close(): Promise<void>;
}

/** Starts a mail server that takes everything. */
export async function startMailbox(): Promise<Mailbox> {
  const received: string[] = [];
  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => {
        received.push(text.replaceAll('=\r\n', '').replaceAll('=3D', '=').replaceAll('\r\n', '\n'));
        done();
      });
    },
  });
  const port = await new Promise<number>((resolve) => {
    const server = smtp.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  return { url: `smtp://127.0.0.1:${port}`, received, close: () => new Promise((resolve) => smtp.close(() => resolve())) };
}
