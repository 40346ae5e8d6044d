/** Captions of a video in other languages: one approved and asked for in a clip, one to be looked over. */
import { until } from '../support/instance.ts';
import type { Seeded } from './seed.ts';

/** Answers the number of the track that is to be looked over. */
export async function seedLanguages({ admin, videos }: Seeded): Promise<string> {
  const params = { id: videos.ready.id };
  const translate = async (language: string) => {
    const { id } = await admin.call('createTranslation', { params, body: { language } });
    return until(`the captions in ${language}`, async () => {
      const track = await admin.call('getTranslation', { params: { id } });
      return track.state === 'draft' ? track : null;
    });
  };
  const german = await translate('de');
  await admin.call('updateTranslation', { params: { id: german.id }, body: { version: german.version, lines: [], isApproved: true } });
  const [clip] = (await admin.call('listClips', { params })).items;
  await admin.call('createRendition', { params: { id: clip?.id ?? '' }, body: { aspect: '9:16', captionLanguage: 'de' } });
  return (await translate('fr')).id;
}
