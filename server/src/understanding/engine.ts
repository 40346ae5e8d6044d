import type { Instance } from '@carmic/contract';
import { isKindServed } from '../agents/present.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

export const deepgramParty = 'deepgram';

/** Which engine hears speech on this installation right now, and why. */
export async function chooseEngine(deps: Deps, tx: Tx): Promise<Instance['transcription']> {
  if (deps.egress.parties.some((party) => party.name === deepgramParty)) {
    return { engine: 'deepgram', explanation: 'Deepgram hears the speech, because a key is set.' };
  }
  if (await isKindServed(deps, tx, 'transcribe')) {
    return { engine: 'local', explanation: 'A speech model on an agent hears the speech; nothing leaves your machines.' };
  }
  return {
    engine: 'none',
    explanation:
      'No speech engine is set up, so clips are chosen from sound and picture and carry no captions. Put a whisper model into the agent’s models folder, set a Deepgram key, or supply an SRT or VTT file with the video.',
  };
}
