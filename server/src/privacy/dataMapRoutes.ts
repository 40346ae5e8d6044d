import type { DataMap } from '../core/dataMap.ts';
import type { Handlers } from '../http/request.ts';
import { buildProcessingRecord, writeProcessingRecord } from './processingRecord.ts';
import { publishDataMap } from './publishDataMap.ts';

/** The data map and what is made of it. */
export function createDataMapHandlers(map: DataMap): Pick<Handlers, 'getDataMap' | 'getProcessingRecord'> {
  const published = publishDataMap(map);
  return {
    getDataMap: () => Promise.resolve(published),
    getProcessingRecord({ deps, params, sendFile }) {
      const record = buildProcessingRecord(map, {
        installation: deps.env.CARMIC_INSTANCE_NAME,
        address: deps.baseUrl(),
        madeAt: deps.clock.now().toISOString(),
      });
      const isPage = params.format === 'html';
      sendFile({
        name: `record-of-processing.${params.format}`,
        type: isPage ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
        body: isPage ? writeProcessingRecord(record) : `${JSON.stringify(record, null, 2)}\n`,
      });
      return Promise.resolve(undefined);
    },
  };
}
