// The two sides of an image classifier: pixels as the network wants them, and its scores as names.

const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

interface Parameters {
  labels?: string[];
  top?: number;
}

export const signatures = {
  prepare: {
    inputs: { pixels: { dtype: "uint8", shape: [-1, -1, -1, 3] } },
    outputs: { image: { dtype: "float32", shape: [-1, 3, -1, -1] } },
  },
  name: {
    inputs: { scores: { dtype: "float32", shape: [-1, -1] } },
    outputs: { label: { dtype: "string", shape: [-1, -1] }, probability: { dtype: "float32", shape: [-1, -1] } },
  },
} satisfies Record<string, Signature>;

/** Rows of pixels, three bytes each, become planes of floats, each normalised as ImageNet's networks were trained. */
export function prepare({ pixels }: { pixels: Tensor<"uint8"> }) {
  const [count, height, width] = pixels.shape;
  const plane = height * width;
  const image = new Float32Array(count * 3 * plane);
  for (let n = 0; n < count; n++) {
    for (let channel = 0; channel < 3; channel++) {
      const scale = 1 / (255 * DEVIATION[channel]);
      const offset = MEAN[channel] / DEVIATION[channel];
      const to = (3 * n + channel) * plane;
      for (let i = 0, from = 3 * n * plane + channel; i < plane; i++, from += 3) {
        image[to + i] = pixels.data[from] * scale - offset;
      }
    }
  }
  return { image: { data: image, shape: [count, 3, height, width] } };
}

/** The best `top` classes of each row of scores, with their probabilities by softmax. */
export function name({ scores }: { scores: Tensor<"float32"> }, ctx: Context) {
  const { labels, top = 5 } = ctx.parameters as Parameters;
  const [rows, classes] = scores.shape;
  if (labels && labels.length !== classes) {
    throw new InvalidInput(`there are ${classes} scores in a row and ${labels.length} labels in "parameters"`);
  }
  const label: string[][] = [];
  const probability: number[][] = [];
  for (let row = 0; row < rows; row++) {
    const all = scores.data.subarray(row * classes, (row + 1) * classes);
    const most = all.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = all.reduce((a, b) => a + Math.exp(b - most), 0);
    const best = [...all.keys()].sort((a, b) => all[b] - all[a]).slice(0, top);
    label.push(best.map((k) => labels?.[k] ?? String(k)));
    probability.push(best.map((k) => Math.exp(all[k] - most) / sum));
  }
  return { label, probability };
}
