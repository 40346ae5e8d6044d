import { StartError } from '../core/errors.ts';
import { dataMap } from '../dataMap.ts';
import { importArchive } from '../privacy/archive/importArchive.ts';
import { type OperatorCommand, textOption } from './command.ts';
import { withServer } from './withServer.ts';

export const importArchiveCommand: OperatorCommand = {
  help: ['--file FILE      the archive', '--email ADDRESS  the account that gets it; made when it is not there'],
  options: { file: { type: 'string' }, email: { type: 'string' } },
  async run(call) {
    const file = textOption(call, 'file');
    const email = textOption(call, 'email');
    if (file === undefined || email === undefined || !/^[^@\s]+@[^@\s]+$/.test(email)) {
      throw new StartError('Name the archive with --file and the account with --email.');
    }
    const done = await withServer(call, (deps) => importArchive(deps, dataMap, { file, email }));
    return {
      lines: [
        `Taken in for ${email}: ${done.workspaces} workspaces, ${done.videos} videos, ${done.objects} files (${(done.objectBytes / 1e6).toFixed(1)} MB), ${done.rows} records.`,
        ...(done.skippedVideos === 0
          ? []
          : [`${done.skippedVideos} videos were not finished when the archive was made, and were left out.`]),
      ],
      data: done,
    };
  },
};
