export function openModel(
  file: URL,
): Promise<(picture: Float32Array, shape: readonly number[]) => Promise<{ dims: readonly number[]; data: Float32Array }[]>>;
