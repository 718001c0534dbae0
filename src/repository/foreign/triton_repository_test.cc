#include "repository/foreign/triton_repository.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "model/triton_description.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class TritonRepositoryTest : public testing::Test {
 protected:
  void Write(const std::string& relative, const std::string& text = "x") {
    base_.Write("repo/" + relative, text);
  }
  ModelFolder Scan() const {
    auto folder = ScanModelRepository(base_ / "repo");
    EXPECT_TRUE(folder) << folder.error().message;
    return folder ? *std::move(folder) : ModelFolder{};
  }
  // The only model, "m" in version 1, with that configuration.
  FolderModel ModelOf(const std::string& config) {
    Write("m/1/model.onnx");
    Write("m/config.pbtxt", config);
    ModelFolder folder = Scan();
    EXPECT_EQ(folder.models.size(), 1U);
    return folder.models.empty() ? FolderModel{} : std::move(folder.models.front());
  }
  std::string ProblemOf(const std::string& config) {
    const FolderModel model = ModelOf(config);
    return model.problem ? model.problem->message : "";
  }
  static std::vector<std::string> NamesOf(const ModelFolder& folder) {
    std::vector<std::string> names;
    for (const FolderModel& model : folder.models)
      names.push_back(model.spec.name + "/" + model.spec.version);
    return names;
  }

  TempFolder base_;
};

TEST_F(TritonRepositoryTest, VersionsAreNumberedFolders) {
  for (const char* version : {"1", "2", "10", "03", "v4", "5x"})
    Write(std::string("m/") + version + "/model.onnx");
  Write("empty/1/.hidden");
  Write("none/readme.md");
  Write("bad name/1/model.onnx");
  Write("file.onnx");
  EXPECT_THAT(NamesOf(Scan()), ElementsAre("m/10"));
  EXPECT_EQ(Scan().skipped.size(), 3U);
  Write("m/config.pbtxt", "version_policy: { latest: { num_versions: 2 } }");
  EXPECT_THAT(NamesOf(Scan()), ElementsAre("m/2", "m/10"));
  Write("m/config.pbtxt", "version_policy: { all {} }");
  EXPECT_THAT(NamesOf(Scan()), ElementsAre("m/1", "m/2", "m/10"));
  Write("m/config.pbtxt", "version_policy: { specific { versions: [1, 7, 10] } }");
  EXPECT_THAT(NamesOf(Scan()), ElementsAre("m/1", "m/10"));
  EXPECT_EQ(ScanModelRepository(base_ / "missing").error().code, Code::kNotFound);
}

TEST_F(TritonRepositoryTest, SettingsBecomeOurs) {
  const FolderModel model = ModelOf(R"(
    name: "m"
    platform: "onnxruntime_onnx"
    max_batch_size: 16
    dynamic_batching {
      preferred_batch_size: [ 8, 4, 8 ]
      max_queue_delay_microseconds: 2500
      priority_levels: 3
      default_priority_level: 1
      default_queue_policy { default_timeout_microseconds: 5000000 max_queue_size: 64 }
    }
    instance_group [ { count: 2 kind: KIND_CPU }, { count: 1 } ]
    response_cache { enable: true }
    optimization { graph { level: 1 } }
    parameters { key: "intra_op_thread_count" value: { string_value: "3" } }
    parameters { key: "plinth.allocator" value: { string_value: "arena" } })");
  EXPECT_FALSE(model.problem) << model.problem->message;
  const ModelConfig& config = model.spec.config;
  EXPECT_EQ(model.spec.engine, "onnxruntime");
  EXPECT_EQ(model.spec.path, base_ / "repo/m/1/model.onnx");
  EXPECT_EQ(config.batch_size, 16);
  EXPECT_THAT(config.preferred_batch_sizes, ElementsAre(4, 8));
  EXPECT_EQ(config.batch_timeout_ms, 3);
  EXPECT_EQ(config.priority, Priority::kHigh);
  EXPECT_EQ(config.timeout_ms, 5000);
  EXPECT_EQ(config.max_queue, 64);
  EXPECT_EQ(config.instances, (InstanceLimits{3, 3}));
  EXPECT_GT(config.cache_size, 0);
  EXPECT_EQ(config.cache_ttl_ms, 0);
  EXPECT_EQ(config.threads, 3);
  EXPECT_EQ(config.options.at("optimization"), "extended");
  EXPECT_EQ(config.options.at("allocator"), "arena");
  const std::string file = base_ / "repo/m/config.pbtxt";
  EXPECT_EQ(model.origins.at("batch_size"), file + ":4");
  EXPECT_EQ(model.origins.at("batch_timeout_ms"), file + ":7");
  EXPECT_THAT(model.spec.warnings,
              ElementsAre(file + ":7: 'max_queue_delay_microseconds' counts as 3 ms"));
}

TEST_F(TritonRepositoryTest, WhatHasNoEffectIsWarnedOf) {
  const FolderModel model = ModelOf(R"(
    sequence_batching { direct {} }
    instance_group { kind: KIND_GPU gpus: [ 0 ] }
    dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY } }
    parameters { key: "x" value { string_value: "y" } })");
  EXPECT_FALSE(model.problem) << model.problem->message;
  EXPECT_THAT(model.spec.warnings,
              UnorderedElementsAre(HasSubstr("config.pbtxt:2: 'sequence_batching' has no effect"),
                                   HasSubstr("config.pbtxt:3: 'kind' counts as KIND_CPU"),
                                   HasSubstr("config.pbtxt:3: 'gpus' has no effect"),
                                   HasSubstr("config.pbtxt:4: 'preserve_ordering'"),
                                   HasSubstr("config.pbtxt:4: 'timeout_action'"),
                                   HasSubstr("config.pbtxt:5: 'parameters' 'x' has no effect")));
}

TEST_F(TritonRepositoryTest, TensorsAreDeclaredWithTheirBatches) {
  const std::string tensors = R"(
    input [ { name: "b__1" data_type: TYPE_INT64 dims: [ 2 ] reshape { shape: [ ] } },
            { name: "a__0" data_type: TYPE_STRING dims: [ -1, 3 ] } ]
    output { name: "y" data_type: TYPE_FP32 dims: 10 label_filename: "labels.txt" })";
  Write("m/labels.txt", "cat\ndog\r\n");
  Write("m/1/model.pt");
  FolderModel model = ModelOf("platform: \"pytorch_libtorch\" max_batch_size: 4" + tensors);
  ASSERT_FALSE(model.problem) << model.problem->message;
  const LoadDemands& demands = *model.spec.demands;
  EXPECT_EQ(demands.inputs[0].shape, (Shape{-1}));
  EXPECT_EQ(demands.inputs[1].shape, (Shape{-1, -1, 3}));
  EXPECT_EQ(demands.inputs[1].dtype, DType::kBytes);
  EXPECT_EQ(demands.outputs[0].shape, (Shape{-1, 10}));
  EXPECT_EQ(model.spec.config.inputs[0].name, "a__0") << "in the order of the call";
  EXPECT_THAT(model.spec.config.class_labels.Of("y"), ElementsAre("cat", "dog"));
  EXPECT_EQ(model.spec.path, base_ / "repo/m/1/model.pt");

  model = ModelOf(tensors);
  EXPECT_EQ(model.spec.config.batch_size, 0) << "described in full, without max_batch_size";
  EXPECT_EQ(model.spec.demands->outputs[0].shape, (Shape{10}));
  EXPECT_THAT(model.spec.config.inputs, IsEmpty()) << "an ONNX model says itself what it takes";
  EXPECT_EQ(ModelOf("backend: \"onnxruntime\"").spec.config.batch_size, ModelConfig{}.batch_size);
}

TEST_F(TritonRepositoryTest, WarmUp) {
  Write("m/warmup/x.bin");
  const FolderModel model = ModelOf(R"(
    max_batch_size: 4
    model_warmup [ { name: "w" batch_size: 2 count: 3
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 1, 2 ] random_data: true } }
      inputs { key: "y" value { data_type: TYPE_FP32 dims: 2 input_data_file: "x.bin" } } } ])");
  ASSERT_FALSE(model.problem) << model.problem->message;
  const WarmupRequest& request = model.spec.demands->warmup.at(0);
  EXPECT_EQ(request.rows, 2);
  EXPECT_EQ(request.count, 3);
  EXPECT_THAT(request.inputs[0].shape, ElementsAre(1, 2));
  EXPECT_EQ(request.inputs[1].file, base_ / "repo/m/warmup/x.bin");
}

TEST_F(TritonRepositoryTest, AnEnsembleIsAPipeline) {
  std::filesystem::create_directories(base_ / "repo" / "m" / "1");
  Write("m/config.pbtxt", R"(
    platform: "ensemble" max_batch_size: 8
    ensemble_scheduling { step [
      { model_name: "a" model_version: -1 input_map { key: "x" value: "IN" }
        output_map { key: "y" value: "a" } },
      { model_name: "a" model_version: 3 input_map { key: "x" value: "a" }
        output_map { key: "y" value: "OUT" } } ] }
    input { name: "IN" data_type: TYPE_FP32 dims: [ 4 ] }
    output { name: "OUT" data_type: TYPE_FP32 dims: [ -1 ] })");
  const ModelFolder folder = Scan();
  ASSERT_EQ(folder.models.size(), 1U);
  const DeploySpec& spec = folder.models[0].spec;
  EXPECT_EQ(folder.models[0].problem, std::nullopt);
  EXPECT_EQ(spec.engine, "pipeline");
  EXPECT_EQ(spec.config.options.at("pipeline"),
            R"({"inputs":[{"name":"IN","datatype":"FP32","shape":[-1,4],"batch_axis":0}],"steps":[)"
            R"({"name":"a_2","model":"a","inputs":{"x":"IN"},"outputs":{"y":"a"}},)"
            R"({"name":"a_3","model":"a","version":"3","inputs":{"x":"a"},"outputs":{"y":"OUT"}}],)"
            R"("outputs":{"OUT":"OUT"}})");
  ASSERT_EQ(spec.triton->ensemble.size(), 2U) << "as it is written, for clients that ask";
  EXPECT_EQ(spec.triton->ensemble[1].version, 3);
}

TEST_F(TritonRepositoryTest, ProblemsSayWhere) {
  EXPECT_THAT(ProblemOf("name: 'other'"), HasSubstr("the name is 'other', but the folder is"));
  EXPECT_THAT(ProblemOf("\nmax_batch: 4"), HasSubstr("config.pbtxt:2:1: there is no field "
                                                     "'max_batch'; did you mean 'max_batch_size'"));
  EXPECT_THAT(ProblemOf("max_batch_size: 1 max_batch_size: 2"), HasSubstr("1:19: 'max_batch_size' "
                                                                          "is given twice"));
  EXPECT_THAT(ProblemOf("max_batch_size: -1"), HasSubstr("a whole number from 0 to 65536"));
  EXPECT_THAT(ProblemOf("input { name: 'x' data_type: FP32 }"), HasSubstr("such as TYPE_FP32"));
  EXPECT_THAT(ProblemOf("input { dims: 1 }"), HasSubstr("with a name"));
  EXPECT_THAT(ProblemOf("version_policy { latest {} all {} }"), HasSubstr("one of latest"));
  EXPECT_THAT(
      ProblemOf("max_batch_size: 2 dynamic_batching { preferred_batch_size: 4 }"),
      HasSubstr("config.pbtxt:1: 'preferred_batch_size' 4 is more than 'max_batch_size', 2"));
  EXPECT_THAT(ProblemOf("platform: \"tensorrt_plan\""), HasSubstr("config.pbtxt:1: platform "
                                                                  "'tensorrt_plan': a TensorRT"));
  EXPECT_THAT(ProblemOf("platform: \"ensemble\" ensemble_scheduling { step [ { } ] }"),
              HasSubstr("1:51: 'step' is a message, expected a step with a 'model_name'"));
  EXPECT_THAT(ProblemOf("platform: \"ensemble\""), HasSubstr("must have an 'ensemble_scheduling'"));
  EXPECT_THAT(ProblemOf("default_model_filename: \"../../x\""), HasSubstr("the name of a file"));
  EXPECT_THAT(ProblemOf("output { name: 'y' label_filename: 'no.txt' }"),
              HasSubstr("config.pbtxt:1: path"));
  EXPECT_THAT(ProblemOf("name: {"), HasSubstr("config.pbtxt:1:8: expected '}'"));
  EXPECT_EQ(ProblemOf("name: 'm' backend: 'onnxruntime' output { name: 'y' }"), "");
}

TEST_F(TritonRepositoryTest, PythonModelsGetTheConfigurationAsItIsWritten) {
  Write("m/1/model.py");
  const FolderModel model = ModelOf(R"(
      backend: "python" max_batch_size: 4
      input { name: "x" data_type: TYPE_FP32 dims: 3 }
      output [ { name: "y" data_type: TYPE_STRING dims: [ -1, 2 ] } ]
      parameters { key: "rate" value: { string_value: "0.5 \"fast\"" } }
      parameters: { key: "empty" value: { string_value: "" } }
      instance_group [ { kind: KIND_CPU count: 2 } ]
      model_transaction_policy { decoupled: True })");
  ASSERT_FALSE(model.problem);
  EXPECT_EQ(model.spec.engine, "python");
  EXPECT_THAT(model.spec.path, HasSubstr("m/1/model.py"));
  EXPECT_EQ(model.spec.config.inputs.at(0).name, "x");
  EXPECT_EQ(model.spec.config.outputs.at(0).shape->dims().size(), 3U);
  EXPECT_THAT(model.spec.warnings, testing::IsEmpty());
  EXPECT_EQ(model.spec.triton->parameters.at("rate"), "0.5 \"fast\"");
  EXPECT_THAT(
      ModelOf("backend: 'onnxruntime' model_transaction_policy { decoupled: true }").spec.warnings,
      Contains(HasSubstr("'decoupled' has no effect: only Python models")));
  EXPECT_EQ(model.spec.config.options.at("triton_config"),
            R"({"backend":"python","max_batch_size":4,)"
            R"("input":[{"name":"x","data_type":"TYPE_FP32","dims":[3]}],)"
            R"("output":[{"name":"y","data_type":"TYPE_STRING","dims":[-1,2]}],)"
            R"("parameters":{"rate":{"string_value":"0.5 \"fast\""},"empty":{"string_value":""}},)"
            R"("instance_group":[{"kind":"KIND_CPU","count":2}],)"
            R"("model_transaction_policy":{"decoupled":true}})");
}

TEST_F(TritonRepositoryTest, PythonModelsAreToldOfSequences) {
  Write("m/1/model.py");
  const std::string sequences = R"(
      instance_group { count: 2 }
      sequence_batching { oldest { max_candidate_sequences: 4 }
        control_input { name: "START" control { kind: CONTROL_SEQUENCE_START
          fp32_false_true: [ 0, 1 ] } }
        control_input [ { name: "ID" control [ { kind: 3 data_type: TYPE_UINT64 } ] } ] }
      output { name: "y" data_type: TYPE_FP32 dims: 1 } )";
  FolderModel model = ModelOf("backend: 'python' " + sequences);
  ASSERT_FALSE(model.problem) << model.problem->message;
  EXPECT_THAT(model.spec.warnings, ElementsAre(HasSubstr("'instance_group' counts as one")));
  EXPECT_EQ(model.spec.config.instances, (InstanceLimits{1, 1}));
  const SequenceBatching& read = model.spec.triton->sequences.value();
  EXPECT_EQ(read.max_idle_us, 1'000'000U);
  ASSERT_EQ(read.controls.size(), 2U);
  EXPECT_EQ(read.controls[1].input, "ID");
  EXPECT_EQ(kSequenceControls[static_cast<std::size_t>(read.controls[1].kind)],
            "CONTROL_SEQUENCE_CORRID");

  model = ModelOf("backend: 'onnxruntime' " + sequences);
  EXPECT_THAT(model.spec.warnings, ElementsAre(HasSubstr("only Python models are told of seq")));
  EXPECT_EQ(model.spec.triton->sequences, std::nullopt);
  EXPECT_EQ(model.spec.config.instances.max, 2);

  EXPECT_THAT(ProblemOf("backend: 'python' sequence_batching { control_input { name: 'a' "
                        "control { kind: CONTROL_SEQUENCE } } }"),
              HasSubstr("a kind such as CONTROL_SEQUENCE_START"));
  EXPECT_THAT(ProblemOf("backend: 'python' sequence_batching { control_input { } }"),
              HasSubstr("a control input with a name"));
}

TEST_F(TritonRepositoryTest, AnyFileThatMattersIsAnotherFingerprint) {
  Write("m/labels.txt", "cat");
  const std::string config = "output { name: 'y' label_filename: 'labels.txt' }";
  const Hash128 before = ModelOf(config).fingerprint;
  EXPECT_EQ(Scan().models.at(0).fingerprint, before);
  Write("m/labels.txt", "a dog");
  const Hash128 labels = Scan().models.at(0).fingerprint;
  EXPECT_NE(labels, before);
  Write("m/config.pbtxt", config + " ");
  EXPECT_NE(Scan().models.at(0).fingerprint, labels);
}

}  // namespace
}  // namespace plinth
