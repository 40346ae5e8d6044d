import type { TestInstance } from '../support/instance.ts';

/** Two days of figures: what the product's settings gave, and a coarser rate on trial. */
export async function seedCompression({ server: { deps } }: TestInstance): Promise<void> {
  const { db, clock } = deps;
  for (const [daysAgo, rate, score, bits] of [
    [2, 21, 0.985, 0.11],
    [1, 24, 0.978, 0.078],
  ] as const) {
    const day = new Date(clock.now().getTime() - daysAgo * 86_400_000);
    await db.asSystem(async (tx) => {
      const at = day.toISOString();
      await db.change(tx, 'INSERT INTO encoding_releases (day, released_at, minimum_group) VALUES (CAST(:at AS date), :at, 20)', { at });
      await db.change(
        tx,
        `INSERT INTO encoding_statistics (day, encoder, resolution, frame_rate, duration, preset, rate, contributors, score, deviation, bits_per_pixel)
         VALUES (CAST(:at AS date), 'libx264', 'full_hd', 'video', 'under_30', 'veryfast', :rate, 31, :score, 0.004, :bits)`,
        { at, rate, score, bits },
      );
    });
  }
}
