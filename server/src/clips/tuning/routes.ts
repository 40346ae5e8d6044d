import { type Handlers, personOf } from '../../http/request.ts';
import { compressionVersion, readCompression, writeCompression } from './settings.ts';
import { presentCompression } from './tuner.ts';

/** Anonymous figures of encodes, and the choice of their settings. */
export const compressionHandlers = {
  getCompression: ({ deps }) => deps.db.asSystem((tx) => presentCompression(deps, tx)),
  async getCompressionSettings({ deps, setEtag }) {
    const settings = await deps.db.asSystem((tx) => readCompression(deps, tx));
    setEtag(compressionVersion(settings));
    return settings;
  },
  async putCompressionSettings(request) {
    await writeCompression(request.deps, personOf(request).userId, request.body, request.checkMatch);
    request.setEtag(compressionVersion(request.body));
    return request.body;
  },
} satisfies Partial<Handlers>;
