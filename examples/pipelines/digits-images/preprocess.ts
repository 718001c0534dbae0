// Gray pixels 0..255 of a picture, as the net was taught: 0..16, channels first.
export const signature = {
  inputs: { pixels: { dtype: "uint8", shape: [-1, 8, 8, 1] } },
  outputs: { image: { dtype: "float32", shape: [-1, 1, 8, 8] } },
  batch: true,
};

export function predict({ pixels }: { pixels: Tensor }) {
  const image = Float32Array.from(pixels.data as Uint8Array, (value) => Math.round((value * 16) / 255));
  return { image: tensor(image, [pixels.shape[0], 1, 8, 8]) };
}
