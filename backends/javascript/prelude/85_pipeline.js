// A pipeline that is written as a program (docs/pipelines.md): a model without inputs that gives it as JSON. A function in it stands for
// the step that runs this function of the same file.

const pipelineFunction = "@pipeline";

function loadPipeline(exported, file) {
  const pipeline = exported?.pipeline ?? exported?.default;
  if (pipeline === null || typeof pipeline !== "object" || Array.isArray(pipeline)) {
    throw new ModelError(`the file exports no pipeline; write, for example: export default { steps: ["preprocess", "resnet"] }`);
  }
  const nameOf = (step) => {
    const name = Object.keys(exported).find((key) => exported[key] === step && key !== "default");
    if (name === undefined) throw new ModelError(`the pipeline has the function '${step.name}' as a step; it must be exported by name`);
    return name;
  };
  const here = { file, framework: "javascript" };
  const text = JSON.stringify(pipeline, (key, part) => {
    if (typeof part === "function") return { ...here, function: nameOf(part) };
    return typeof part?.function === "function" ? { ...here, ...part, function: nameOf(part.function) } : part;
  });
  const signature = readSignature({ inputs: {}, outputs: { pipeline: { dtype: "string", shape: [] } } });
  Object.assign(model, { ctx: {}, predict: () => text, inputs: signature.inputs, outputs: signature.outputs });
  return signature;
}
