/** What retention promises, in the plainest words that run: no database, no storage, no saga. The instance is compared with it. */
const day = 86_400_000;
const graceMs = 14 * day;

interface ModelVideo {
  workspace: string;
  sizeBytes: number;
  keptFrom: number;
  expiresAt: number | null;
  isDeleted: boolean;
  /** A legal hold keeps the bytes, and nothing else. */
  isHeld: boolean;
  /** It is on its way out, and nothing can bring it back. */
  isGone: boolean;
  /** Its bytes have been seen to be gone. */
  isErased: boolean;
}

interface ModelWorkspace {
  days: number | null;
  limitBytes: number;
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
    this.workspaces.set(id, { days, limitBytes: Infinity, grace: null });
  }

  upload(id: string, workspace: string, sizeBytes: number): void {
    const { days } = this.#workspace(workspace);
    const expiresAt = days === null ? null : this.now + days * day;
    const fresh = { isDeleted: false, isHeld: false, isGone: false, isErased: false };
    this.videos.set(id, { workspace, sizeBytes, keptFrom: this.now, expiresAt, ...fresh });
  }

  /** Answers how many videos end earlier by it. */
  changeRule(workspace: string, days: number | null, limitBytes: number): number {
    const own = this.#workspace(workspace);
    const before = own.days;
    if (days !== null && (before === null || days < before)) {
      const running = own.grace !== null && own.grace.until > this.now ? own.grace : null;
      const earlier = running === null ? before : running.days === null || before === null ? null : Math.max(running.days, before);
      own.grace = { from: this.now, until: this.now + graceMs, days: earlier };
    }
    Object.assign(own, { days, limitBytes });
    let earlier = 0;
    for (const video of this.videos.values()) {
      if (video.workspace === workspace && this.isReadable(video)) {
        const { expiresAt } = video;
        video.expiresAt = this.#expiryOf(video, own);
        earlier += (video.expiresAt ?? Infinity) < (expiresAt ?? Infinity) ? 1 : 0;
      }
    }
    return earlier;
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

  /** After the sweeper and whoever deletes have taken what is due. */
  settle(): void {
    for (const video of this.videos.values()) {
      const hasExpired = video.expiresAt !== null && video.expiresAt <= this.now;
      video.isGone ||= video.isDeleted || (hasExpired && !video.isHeld);
      video.isDeleted ||= video.isGone;
    }
  }

  /** After every deletion has come to its end. */
  erase(): void {
    for (const video of this.videos.values()) {
      video.isErased ||= video.isGone;
    }
  }

  /** Bytes that a workspace certainly uses, may use at most while deletions are under way, and may use by its plan. */
  room(workspace: string): { least: number; most: number; limit: number } {
    const own = [...this.videos.values()].filter((video) => video.workspace === workspace);
    const sum = (videos: ModelVideo[]) => videos.reduce((bytes, video) => bytes + video.sizeBytes, 0);
    return {
      least: sum(own.filter((video) => !video.isGone)),
      most: sum(own.filter((video) => !video.isErased)),
      limit: this.#workspace(workspace).limitBytes,
    };
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
