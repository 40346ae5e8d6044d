/** Makes a talk in the folder and of the minutes it is called with, and answers where it is. */
import { drawTalkSource } from './talkSource.ts';

const [directory, minutes] = process.argv.slice(2);
process.stdout.write(await drawTalkSource(String(directory), Number(minutes)));
