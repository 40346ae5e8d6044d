import { config } from 'zod';

// Zod compiles validators with `new Function` where it may. The console's content policy forbids that, and even the probe for
// it is reported as a violation, so it is switched off before the first schema is made. Keep this the first import of main.ts.
config({ jitless: true });
