// Parts by the card's layout, then every known limit in turn. The public facts: torch-spyre's
// documents for segments and spans, sendnn-inference for blocks, tkv limit and verified
// configurations, opendatahub-tests (pull request 2234) for the two that failed.
#include "plan/card.h"

#include <algorithm>

#include "backend/eager/arena_plan.h"
#include "model/model.h"
#include "plan/card_layout.h"
#include "plan/shape_ladder.h"

namespace spyre::plan {

namespace {

using checkpoint::ModelConfig;
using schedule::Shape;

constexpr int64_t kBytesPerElement = 2;  // fp16
constexpr int64_t kGraphsPerShape = 2;   // prefill and decode

int64_t ceil_div(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }
int64_t round_up(int64_t value, int64_t multiple) { return ceil_div(value, multiple) * multiple; }

// A program's batch: the compiler takes no batch of one sequence.
int64_t compiled_batch(int64_t sequences) { return std::max<int64_t>(2, sequences); }

// One token, all layers, one card, heads padded to a multiple of head_multiple. KV heads are split
// over the cards; fewer of them than cards are copied to each.
int64_t kv_token_bytes(const ModelConfig& config, int64_t tensor_parallel, int64_t head_multiple) {
  return 2 * config.num_layers * ceil_div(config.num_kv_heads, tensor_parallel) *
         round_up(config.head_dim, head_multiple) * kBytesPerElement;
}

struct WeightBytes {
  int64_t all = 0;      // of one card
  int64_t largest = 0;  // one tensor of it
};

class CardPlanner {
 public:
  CardPlanner(const CardRequest& request, const CardProfile& profile)
      : request_(request), profile_(profile), config_(request.config) {}

  Result<CardPlan> run() {
    if (request_.shapes.empty() && (request_.max_model_len < 1 || request_.max_num_seqs < 1)) {
      return error(Code::kInvalidArgument,
                   "a plan for a card: wanted warmup shapes, or --max-model-len and "
                   "--max-num-seqs, found neither");
    }
    SPYRE_TRY_ASSIGN(const graph::Graph graph, build({}));
    SPYRE_TRY_ASSIGN(const int64_t intermediates, intermediate_bytes());
    const WeightBytes weights = weight_bytes(graph);
    add_parts(weights.all, intermediates);
    judge_kv();
    judge_total();
    judge_shapes();
    judge_intermediates(intermediates);
    judge_span(weights.largest);
    return plan_;
  }

 private:
  bool is_static() const { return !request_.shapes.empty(); }

  Result<graph::Graph> build(const model::StepShape& shape) const {
    return model::build(config_, shape, longest_context());
  }

  int64_t longest_context() const {
    int64_t longest = request_.max_model_len;
    for (const Shape& shape : request_.shapes) longest = std::max(longest, shape.total_tokens());
    return longest;
  }

  // Matrices are split over the cards; vectors, and KV heads that are too few, are not.
  int64_t share_of(const graph::Node& node) const {
    std::vector<int64_t> dims = node.type.dims;
    if (dims.size() == 1) return card_bytes(dims);
    int64_t& rows = dims[dims.size() - 2];
    if (rows == config_.vocab_size) rows = padded_vocabulary(rows);
    const bool is_kv = node.name.contains(".k_proj.") || node.name.contains(".v_proj.");
    const int64_t ways =
        is_kv ? std::min(request_.tensor_parallel, config_.num_kv_heads) : request_.tensor_parallel;
    return ceil_div(card_bytes(dims), ways);
  }

  WeightBytes weight_bytes(const graph::Graph& graph) const {
    WeightBytes bytes;
    for (const graph::Node& node : graph.nodes()) {
      if (node.op != graph::Op::kWeight) continue;
      const int64_t share = share_of(node);
      bytes.all += share;
      bytes.largest = std::max(bytes.largest, share);
    }
    return bytes;
  }

  int64_t kv_token_bytes(int64_t head_multiple) const {
    return plan::kv_token_bytes(config_, request_.tensor_parallel, head_multiple);
  }

  int64_t kv_tokens() const {
    if (!is_static()) {
      const int64_t blocks =
          request_.blocks.value_or(card_blocks(request_.max_model_len, request_.max_num_seqs));
      return blocks * schedule::kBlockTokens;
    }
    int64_t most = 0;
    for (const Shape& shape : request_.shapes) {
      most = std::max(most, compiled_batch(shape.batch_size) *
                                round_up(shape.total_tokens(), schedule::kBlockTokens));
    }
    return most;
  }

  // Values that live at once in the largest prefill, in fp16. A static prefill computes the whole
  // rectangle of its shape, a continuous one a prompt at a time.
  Result<int64_t> intermediate_bytes() const {
    std::vector<model::StepShape> prefills;
    for (const Shape& shape : request_.shapes) {
      const int64_t batch = compiled_batch(shape.batch_size);
      prefills.push_back(
          {.rows = batch * shape.prompt_tokens, .sequences = batch, .output_rows = batch});
    }
    if (prefills.empty()) prefills.push_back({.rows = request_.max_model_len});
    int64_t most = 0;
    for (model::StepShape& prefill : prefills) {
      prefill.max_blocks = ceil_div(longest_context(), schedule::kBlockTokens);
      SPYRE_TRY_ASSIGN(const graph::Graph graph, build(prefill));
      most = std::max(most, backend::plan_arena(graph).elements * kBytesPerElement);
    }
    return most;
  }

  void add_parts(int64_t weights, int64_t intermediates) {
    const int64_t graphs = kGraphsPerShape * std::max<int64_t>(1, std::ssize(request_.shapes));
    plan_.kv_bytes = kv_tokens() * kv_token_bytes(kStickElements);
    std::string kv =
        fmt::format("{} tokens, {} bytes each", kv_tokens(), kv_token_bytes(kStickElements));
    constexpr int64_t kRopeHead = 128;
    if (config_.head_dim < kRopeHead) {
      kv += fmt::format("; {} if heads are padded to {}",
                        text(kv_tokens() * kv_token_bytes(kRopeHead), Units::kBinary), kRopeHead);
    }
    const int64_t allowance = graphs * profile_.graph_allowance_bytes;
    plan_.parts = {
        {.name = "weights",
         .bytes = weights,
         .how = fmt::format("fp16 in sticks, 1 of {} cards", request_.tensor_parallel)},
        {.name = "KV cache", .bytes = plan_.kv_bytes, .how = kv},
        {.name = "intermediates", .bytes = intermediates, .how = "estimate: largest prefill, fp16"},
        {.name = "allowance",
         .bytes = allowance,
         .how = fmt::format("unknown: programs and transfers of {} graphs", graphs)},
    };
    plan_.unshared_bytes = total_bytes(plan_.parts) + (graphs - 1) * weights;
  }

  void find(Verdict verdict, std::string text) {
    plan_.findings.push_back({.verdict = verdict, .text = std::move(text)});
  }

  void judge_kv() {
    const std::string found = "KV cache of " + text(plan_.kv_bytes, Units::kBinary);
    const std::string ran = text(profile_.kv_ran_bytes, Units::kBinary);
    const std::string failed = text(profile_.kv_failed_bytes, Units::kBinary);
    if (plan_.kv_bytes <= profile_.kv_ran_bytes) {
      find(Verdict::kFits,
           fmt::format("{}: up to {} ran (Ministral 3 14B, 4096 x 32)", found, ran));
    } else if (plan_.kv_bytes < profile_.kv_failed_bytes) {
      find(Verdict::kNotKnown, fmt::format("{}: {} ran, {} failed", found, ran, failed));
    } else {
      find(Verdict::kDoesNotFit, fmt::format("{}: {} failed (Llama 8B, 8192 x 32)", found, failed));
    }
  }

  void judge_total() {
    const int64_t total = total_bytes(plan_.parts);
    const std::string found = text(total, Units::kBinary) + " in sum";
    const std::string safe = text(profile_.safe_bytes, Units::kBinary);
    const std::string stated = text(profile_.stated_bytes, Units::kBinary);
    if (total <= profile_.safe_bytes) {
      find(Verdict::kFits, fmt::format("{}: {} have been allocated", found, safe));
    } else if (total <= profile_.stated_bytes) {
      find(Verdict::kNotKnown,
           fmt::format("{}: more than {} was never seen, {} are stated", found, safe, stated));
    } else {
      find(Verdict::kDoesNotFit, fmt::format("{}: the card has {}", found, stated));
    }
  }

  void judge_shapes() {
    if (const int64_t context = longest_context(); context > profile_.max_context) {
      find(Verdict::kDoesNotFit, fmt::format("context of {} tokens: more than {} is not supported",
                                             context, profile_.max_context));
    }
    // Continuous batching keeps to this limit as it runs.
    int64_t tkv = 0;
    for (const Shape& shape : request_.shapes) {
      tkv = std::max(tkv, compiled_batch(shape.batch_size) * shape.total_tokens());
    }
    if (tkv > profile_.tkv_limit) {
      find(Verdict::kNotKnown,
           fmt::format("batch times context of {} tokens: known programs keep to {}", tkv,
                       profile_.tkv_limit));
    }
  }

  void judge_intermediates(int64_t bytes) {
    if (bytes <= profile_.segment_bytes) return;
    find(Verdict::kNotKnown,
         fmt::format("intermediates of about {}: a graph's share one segment of {}",
                     text(bytes, Units::kBinary), text(profile_.segment_bytes, Units::kBinary)));
  }

  void judge_span(int64_t largest_weight) {
    if (largest_weight / profile_.cores <= profile_.span_bytes) return;
    find(Verdict::kDoesNotFit,
         fmt::format("a weight of {}: split over {} cores it is beyond what a core reaches",
                     text(largest_weight, Units::kBinary), profile_.cores));
  }

  const CardRequest& request_;
  const CardProfile& profile_;
  const ModelConfig& config_;
  CardPlan plan_;
};

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFits:
      return "fits";
    case Verdict::kNotKnown:
      return "not known";
    case Verdict::kDoesNotFit:
      return "does not fit";
  }
  return "not known";
}

Verdict CardPlan::verdict() const { return decided_by().verdict; }

const Finding& CardPlan::decided_by() const {
  return *std::ranges::max_element(findings, {}, &Finding::verdict);
}

std::vector<Shape> card_ladder(const ModelConfig& config, int64_t max_model_len,
                               std::optional<int64_t> max_num_seqs, const CardProfile& profile) {
  const int64_t context = std::min(max_model_len, profile.max_context);
  const int64_t most = profile.tkv_limit / std::max<int64_t>(1, context);
  return shape_ladder(
      {.max_model_len = context,
       .max_num_seqs = std::min(max_num_seqs.value_or(kMostUnasked), most),
       .kv_block_bytes = schedule::kBlockTokens * kv_token_bytes(config, 1, kStickElements),
       .kv_budget_bytes = profile.kv_ran_bytes});
}

Result<CardPlan> plan_card(const CardRequest& request, const CardProfile& profile) {
  return CardPlanner(request, profile).run();
}

std::string text(const CardPlan& plan) {
  std::string result = table(plan.parts, Units::kBinary);
  result += fmt::format("{:<14} {:>12}  if no graph shares its weights with another\n", "",
                        text(plan.unshared_bytes, Units::kBinary));
  for (const Finding& finding : plan.findings) {
    result += fmt::format("{:<12}  {}\n", name(finding.verdict), finding.text);
  }
  return result + fmt::format("a card of 128 GB: {}\n", name(plan.verdict()));
}

Json to_json(const CardPlan& plan) {
  Json findings = Json::array();
  for (const Finding& finding : plan.findings) {
    findings.push_back({{"verdict", name(finding.verdict)}, {"text", finding.text}});
  }
  return {{"verdict", name(plan.verdict())},        {"decided_by", plan.decided_by().text},
          {"total_bytes", total_bytes(plan.parts)}, {"total_bytes_unshared", plan.unshared_bytes},
          {"parts", to_json(plan.parts)},           {"findings", findings}};
}

}  // namespace spyre::plan
