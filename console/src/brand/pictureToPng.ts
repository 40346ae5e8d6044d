const longestSide = 1024;

/** Draws any picture the browser can read and answers it as a plain PNG. Throws TypeError when it can read none. */
export async function pictureToPng(file: Blob): Promise<Blob> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode().catch(() => {
      throw new TypeError('This is no picture.');
    });
    const [width, height] = [image.naturalWidth || longestSide, image.naturalHeight || longestSide];
    const scale = Math.min(1, longestSide / Math.max(width, height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(8, Math.round(width * scale));
    canvas.height = Math.max(8, Math.round(height * scale));
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (png === null) {
      throw new TypeError('This picture cannot be written.');
    }
    return png;
  } finally {
    URL.revokeObjectURL(url);
  }
}
