import type { Instance } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { enginesFor, readSwitch } from './switchboard/engines.ts';

type Choice = Instance['transcription'];

const explanations = {
  deepgram: 'Deepgram hears the speech, because a key is set.',
  local: 'A speech model on an agent hears the speech; nothing leaves your machines.',
};

/**
 * Which engine hears speech now, and why: the first of the workspace's order (the installation's, without one) that is there and was not
 * tried already.
 */
export async function chooseEngine(deps: Deps, tx: Tx, workspaceId: string | null = null, tried: readonly string[] = []): Promise<Choice> {
  const engines = await enginesFor(deps, tx, workspaceId, 'transcription');
  const next = engines.find((name) => !tried.includes(name));
  if (next === 'deepgram' || next === 'local') {
    return { engine: next, explanation: explanations[next] };
  }
  const { order } = await readSwitch(deps, tx, workspaceId, 'transcription');
  return {
    engine: 'none',
    explanation:
      order.length === 0
        ? 'Speech recognition is switched off, so clips are chosen from sound and picture and carry no captions. Switch an engine on, or supply a caption file with the video.'
        : 'No speech engine is set up, so clips are chosen from sound and picture and carry no captions. Put a whisper model into the agent’s models folder, set a Deepgram key, or supply an SRT or VTT file with the video.',
  };
}
