#include "pytorch/torch_graph.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <string_view>
#include <unordered_set>

#include "pytorch/torch_outputs.h"

namespace plinth::pytorch {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

// Read and write files of the server, or leave TorchScript.
constexpr std::array<std::string_view, 5> kForbidden = {
    "aten::from_file", "aten::save", "prim::PythonOp", "prim::CallFunctionPython",
    "aten::from_file.out"};

constexpr std::array<std::string_view, 12> kRandom = {
    "aten::rand",      "aten::randn",        "aten::rand_like",   "aten::randn_like",
    "aten::randint",   "aten::randint_like", "aten::multinomial", "aten::normal",
    "aten::bernoulli", "aten::randperm",     "aten::poisson",     "aten::uniform_"};

// Leave the type of their first argument as it is.
constexpr std::array<std::string_view, 14> kTypePreserving = {
    "aten::view",      "aten::reshape", "aten::flatten",         "aten::permute", "aten::transpose",
    "aten::unsqueeze", "aten::squeeze", "aten::slice",           "aten::select",  "aten::expand",
    "aten::pad",       "aten::t",       "aten::constant_pad_nd", "aten::dropout"};

// Leave its shape too if there is no other tensor among their arguments.
constexpr std::array<std::string_view, 8> kElementwise = {
    "aten::add",  "aten::sub",        "aten::mul",   "aten::div",
    "aten::relu", "aten::contiguous", "aten::clone", "aten::clamp"};

template <typename List>
bool IsOneOf(const Node* node, const List& names) {
  const std::string_view kind = node->kind().toQualString();
  return std::find(names.begin(), names.end(), kind) != names.end();
}

template <typename Visit>
void ForEachNode(const Block* block, const Visit& visit) {
  for (const Node* node : block->nodes()) {
    visit(node);
    for (const Block* inner : node->blocks()) ForEachNode(inner, visit);
  }
}

// forward() with every call written out, and without what is only done in training. Its weights are
// constants where that is possible.
std::shared_ptr<Graph> InlinedForward(const torch::jit::Module& module) {
  torch::jit::Module simplest = module;
  try {
    simplest = torch::jit::freeze_module(module);
  } catch (const std::exception&) {
    // Some modules cannot be frozen; their program as it stands tells most of the same.
  }
  const torch::jit::Method method = simplest.get_method("forward");
  std::shared_ptr<Graph> graph = toGraphFunction(method.function()).graph()->copy();
  torch::jit::Inline(*graph);
  return graph;
}

bool ComesFromAttribute(const Value* value) {
  return value->node()->kind() == torch::jit::prim::GetAttr;
}

// Notes which of a node's arguments it writes to.
void NoteWrites(const Node* node, GraphFacts& facts) {
  if (node->kind() == torch::jit::prim::SetAttr) facts.keeps_state = true;
  const c10::FunctionSchema* schema = node->maybeSchema();
  if (schema == nullptr) return;
  const auto& arguments = schema->arguments();
  for (std::size_t i = 0; i < arguments.size() && i < node->inputs().size(); ++i) {
    const c10::AliasInfo* alias = arguments[i].alias_info();
    if (alias == nullptr || !alias->isWrite()) continue;
    facts.writes_memory = true;
    if (ComesFromAttribute(node->input(i))) facts.keeps_state = true;
  }
}

std::optional<std::string> KeyText(const Value* key) {
  const auto constant = torch::jit::toIValue(key);
  if (!constant) return std::nullopt;
  if (constant->isString()) return constant->toStringRef();
  if (constant->isInt()) return std::to_string(constant->toInt());
  return std::nullopt;
}

// Walks from the returned value to where its parts were put together. `value` is nullptr where only
// the type is known.
class OutputNames {
 public:
  // False if the parts cannot be told.
  bool Visit(const Value* value, const c10::TypePtr& type, const std::string& path, int depth) {
    if (depth > kMaxDepth) return false;
    switch (type->kind()) {
      case c10::TypeKind::TensorType:
        names_.push_back(TensorName(path));
        return true;
      case c10::TypeKind::TupleType:
        return VisitTuple(value, type->expectRef<c10::TupleType>(), path, depth);
      case c10::TypeKind::ListType:
        return VisitList(value, type->expectRef<c10::ListType>(), path, depth);
      case c10::TypeKind::DictType:
        return VisitDict(value, type->expectRef<c10::DictType>(), path, depth);
      case c10::TypeKind::IntType:
      case c10::TypeKind::FloatType:
      case c10::TypeKind::BoolType:
      case c10::TypeKind::NumberType:
      case c10::TypeKind::StringType:
      case c10::TypeKind::NoneType:
        return true;  // left out
      default:
        return false;
    }
  }

  std::vector<std::string> Take() { return std::move(names_); }

 private:
  bool VisitTuple(const Value* value, const c10::TupleType& type, const std::string& path,
                  int depth) {
    const bool built =
        value != nullptr && value->node()->kind() == torch::jit::prim::TupleConstruct;
    for (std::size_t i = 0; i < type.elements().size(); ++i) {
      const std::string name = type.schema()
                                   ? PartName(path, type.schema()->arguments()[i].name(), false)
                                   : PartName(path, std::to_string(i), true);
      const Value* part = built ? value->node()->input(i) : nullptr;
      if (!Visit(part, type.elements()[i], name, depth + 1)) return false;
    }
    return true;
  }

  bool VisitList(const Value* value, const c10::ListType& type, const std::string& path,
                 int depth) {
    if (!BuiltOnce(value, torch::jit::prim::ListConstruct)) return false;
    for (std::size_t i = 0; i < value->node()->inputs().size(); ++i) {
      if (!Visit(value->node()->input(i), type.getElementType(),
                 PartName(path, std::to_string(i), true), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  bool VisitDict(const Value* value, const c10::DictType& type, const std::string& path,
                 int depth) {
    if (!BuiltOnce(value, torch::jit::prim::DictConstruct)) return false;
    const auto inputs = value->node()->inputs();
    for (std::size_t i = 0; i + 1 < inputs.size(); i += 2) {
      const auto key = KeyText(inputs[i]);
      if (!key ||
          !Visit(inputs[i + 1], type.getValueType(), PartName(path, *key, false), depth + 1))
        return false;
    }
    return true;
  }

  // Whether the container was written down with its parts, and nothing puts more into it.
  static bool BuiltOnce(const Value* value, c10::Symbol construct) {
    return value != nullptr && value->node()->kind() == construct && value->uses().size() == 1;
  }

  std::vector<std::string> names_;
};

std::optional<std::vector<std::string>> NamesOfOutputs(const Graph& graph) {
  const Value* returned = graph.outputs()[0];
  OutputNames names;
  if (!names.Visit(returned, returned->type(), "", 0)) return std::nullopt;
  return names.Take();
}

// The weight that a node is given: an attribute of the module or a constant.
std::optional<c10::IValue> ValueBehind(const Value* value, const torch::jit::Module& module,
                                       const Graph& graph, int depth = 0) {
  if (depth > 64) return std::nullopt;
  if (value == graph.inputs()[0]) return c10::IValue(module._ivalue());
  const Node* node = value->node();
  if (node->kind() == torch::jit::prim::Constant) return torch::jit::toIValue(value);
  if (node->kind() != torch::jit::prim::GetAttr) return std::nullopt;
  const auto owner = ValueBehind(node->input(0), module, graph, depth + 1);
  if (!owner || !owner->isObject()) return std::nullopt;
  return owner->toObjectRef().getAttr(node->s(torch::jit::attr::name));
}

// Reads what one use of an argument says about it.
class InputInference {
 public:
  InputInference(const torch::jit::Module& module, const Graph& graph)
      : module_(module), graph_(graph) {}

  // `direct`: the value has the argument's shape.
  void Visit(const Value* value, bool direct, kit::Spec& spec, int depth = 0) const {
    if (depth > 8) return;
    for (const torch::jit::Use& use : value->uses()) {
      const Node* node = use.user;
      const std::string_view kind = node->kind().toQualString();
      if (kind == "aten::embedding" && use.offset == 1) {
        spec.dtype = PLINTH_INT64;
      } else if (use.offset != 0) {
        continue;
      } else if (kind.starts_with("aten::conv") || kind == "aten::_convolution") {
        FromConvolution(node, direct, spec);
      } else if (kind == "aten::linear" || kind == "aten::batch_norm" || kind == "aten::matmul" ||
                 kind == "aten::mm") {
        if (const auto weight = WeightOf(node)) SetType(*weight, spec);
      } else if (IsOneOf(node, kElementwise)) {
        Visit(node->output(), direct && !HasOtherTensor(node), spec, depth + 1);
      } else if (IsOneOf(node, kTypePreserving)) {
        Visit(node->output(), false, spec, depth + 1);
      }
      if (spec.dtype != PLINTH_DTYPE_ANY) return;
    }
  }

 private:
  static bool HasOtherTensor(const Node* node) {
    const auto inputs = node->inputs();
    return std::any_of(inputs.begin() + 1, inputs.end(), [](const Value* value) {
      return value->type()->kind() == c10::TypeKind::TensorType;
    });
  }

  std::optional<at::Tensor> WeightOf(const Node* node) const {
    if (node->inputs().size() < 2) return std::nullopt;
    const auto value = ValueBehind(node->input(1), module_, graph_);
    if (!value || !value->isTensor() || !value->toTensor().defined()) return std::nullopt;
    return value->toTensor();
  }

  static void SetType(const at::Tensor& weight, kit::Spec& spec) {
    if (const auto type = TypeOf(weight.scalar_type())) spec.dtype = *type;
  }

  void FromConvolution(const Node* node, bool direct, kit::Spec& spec) const {
    const auto weight = WeightOf(node);
    if (!weight) return;
    SetType(*weight, spec);
    // Where the number of groups stands. A transposed convolution's weight has the channels
    // elsewhere.
    const std::string_view kind = node->kind().toQualString();
    const bool traced = kind == "aten::_convolution";
    const bool plain = kind == "aten::conv1d" || kind == "aten::conv2d" || kind == "aten::conv3d";
    const std::size_t groups_at = traced ? 8 : 6;
    if (!direct || !(plain || traced) || node->inputs().size() <= groups_at) return;
    const auto groups = torch::jit::toIValue(node->input(groups_at));
    if (!groups || !groups->isInt()) return;
    const std::optional<c10::IValue> transposed =
        traced ? torch::jit::toIValue(node->input(6)) : std::optional(c10::IValue(false));
    if (!transposed || !transposed->isBool() || transposed->toBool()) return;
    spec.shape.emplace(static_cast<std::size_t>(weight->dim()), -1);
    (*spec.shape)[1] = weight->size(1) * groups->toInt();
  }

  const torch::jit::Module& module_;
  const Graph& graph_;
};

}  // namespace

kit::Result<GraphFacts> ReadGraph(const torch::jit::Module& module) {
  std::string forbidden;
  for (torch::jit::Function* function : module._ivalue()->compilation_unit()->get_functions()) {
    const torch::jit::GraphFunction* script = tryToGraphFunction(*function);
    if (script == nullptr) continue;
    ForEachNode(script->graph()->block(), [&forbidden](const Node* node) {
      if (IsOneOf(node, kForbidden)) forbidden = node->kind().toQualString();
    });
  }
  if (!forbidden.empty()) {
    return kit::Fail(
        PLINTH_INVALID_MODEL,
        "the program uses " + forbidden + ", which reaches outside the model and is not allowed");
  }
  GraphFacts facts;
  const std::shared_ptr<Graph> graph = InlinedForward(module);
  ForEachNode(graph->block(), [&facts](const Node* node) {
    NoteWrites(node, facts);
    if (IsOneOf(node, kRandom)) facts.stateful = true;
  });
  facts.stateful = facts.stateful || facts.keeps_state;
  facts.outputs = NamesOfOutputs(*graph);
  return facts;
}

void InferInputs(const torch::jit::Module& module, const std::vector<Argument>& arguments,
                 std::vector<kit::Spec>& specs) {
  const std::shared_ptr<Graph> graph = InlinedForward(module);
  const InputInference inference(module, *graph);
  const c10::FunctionSchema& schema = module.get_method("forward").function().getSchema();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].kind != ArgumentKind::kTensor) continue;
    const auto position = schema.argumentIndexWithName(arguments[i].name);
    if (position)
      inference.Visit(graph->inputs()[static_cast<std::size_t>(*position)], true, specs[i]);
  }
}

}  // namespace plinth::pytorch
