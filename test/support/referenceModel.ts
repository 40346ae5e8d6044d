/** What retention promises, in the plainest words that run: no database, no storage, no saga. The instance is compared with it. */
const day = 86_400_000;
const graceMs = 14 * day;

interface ModelVideo {
  workspace: string;
  keptFrom: number;
  expiresAt: number | null;
  isDeleted: boolean;
  /** A legal hold keeps the bytes, and nothing else. */
  isHeld: boolean;
  /** Its bytes have been taken. */
  isGone: boolean;
}

interface ModelWorkspace {
  days: number | null;
  grace: { from: number; until: number; days: number | null } | null;
}

export class ReferenceModel {
  now: number;
  readonly videos = new Map<string, ModelVideo>();
  readonly workspaces = new Map<string, ModelWorkspace>();

  constructor(now: number) {
    this.now = now;
  }

  addWorkspace(id: string, days: number | null): void {
    this.workspaces.set(id, { days, grace: null });
  }

  upload(id: string, workspace: string): void {
    const { days } = this.#workspace(workspace);
    const expiresAt = days === null ? null : this.now + days * day;
    this.videos.set(id, { workspace, keptFrom: this.now, expiresAt, isDeleted: false, isHeld: false, isGone: false });
  }

  changeRule(workspace: string, days: number | null): void {
    const own = this.#workspace(workspace);
    const before = own.days;
    if (days !== null && (before === null || days < before)) {
      const running = own.grace !== null && own.grace.until > this.now ? own.grace : null;
      const earlier = running === null ? before : running.days === null || before === null ? null : Math.max(running.days, before);
      own.grace = { from: this.now, until: this.now + graceMs, days: earlier };
    }
    own.days = days;
    for (const video of this.videos.values()) {
      if (video.workspace === workspace && this.isReadable(video)) {
        video.expiresAt = this.#expiryOf(video, own);
      }
    }
  }

  #expiryOf({ keptFrom }: ModelVideo, { days, grace }: ModelWorkspace): number | null {
    if (days === null) {
      return null;
    }
    const byRule = keptFrom + days * day;
    if (grace === null || keptFrom >= grace.from) {
      return byRule;
    }
    const byGrace = grace.days === null ? grace.until : Math.min(grace.until, keptFrom + grace.days * day);
    return Math.max(byRule, byGrace);
  }

  /** False when a hold forbids it. */
  delete(id: string): boolean {
    const video = this.videos.get(id);
    if (video === undefined || video.isHeld) {
      return false;
    }
    video.isDeleted = true;
    return true;
  }

  /** After the sweeper and the deletions have had their way. */
  settle(): void {
    for (const video of this.videos.values()) {
      const hasExpired = video.expiresAt !== null && video.expiresAt <= this.now;
      video.isGone ||= video.isDeleted || (hasExpired && !video.isHeld);
    }
  }

  isReadable(video: ModelVideo): boolean {
    return !video.isDeleted && (video.expiresAt === null || video.expiresAt > this.now);
  }

  #workspace(id: string): ModelWorkspace {
    const found = this.workspaces.get(id);
    if (found === undefined) {
      throw new Error('The model knows no such workspace.');
    }
    return found;
  }
}
