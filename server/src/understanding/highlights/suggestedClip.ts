import type { BoundaryCheck, ScorePart } from '@carmic/contract';

/** A span of a video worth publishing, and why. `scoreParts` add up to `score` (0 to 100). */
export interface SuggestedClip {
  startSeconds: number;
  endSeconds: number;
  score: number;
  scoreParts: ScorePart[];
  title: string;
  tags: string[];
  excerpt: string;
  /** Whether its edges stand alone; empty where it was chosen without sentences. */
  boundaries: BoundaryCheck[];
}
