/** The path of a MinIO server that is here already; null when there is none. */
export function findMinio(): string | null;
/** Waits for a build that another process has begun; answers the path, or null when there is no such build or it failed. */
export function awaitMinio(): Promise<string | null>;
/** Why the last build failed, in one line; null when none did. */
export function readBuildFailure(): string | null;
/** Answers the path of a MinIO server, building it when there is none. */
export function fetchMinio(): Promise<string>;
