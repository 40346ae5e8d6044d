export function graphModelToOnnx(model: object, weightBytes: Uint8Array): Buffer;
