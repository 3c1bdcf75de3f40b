// The catalogue of known configurations: any bytes give models or one error, and what was read
// answers for a run.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plan/known_run.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace spyre::plan;
  const std::string_view text(reinterpret_cast<const char*>(data), bytes);
  const auto known = parse_known_models(text, "fuzz.yaml");
  if (!known) {
    SPYRE_CHECK(known.error().message.contains("fuzz.yaml"));
    return 0;
  }
  for (const KnownModel& model : known->models) {
    SPYRE_CHECK(!model.static_configs.empty() || !model.continuous_configs.empty());
    // A model that is what its pattern says is known, by this one or by an equal pattern.
    SPYRE_CHECK(matches(model.architecture, model.architecture));
    const auto run = find_known_run(known->models, model.architecture,
                                    {.shapes = {{64, 20, 1}}, .max_model_len = 0});
    SPYRE_CHECK(!run.models.empty());
    SPYRE_CHECK(!known_configurations(run.models).empty());
  }
  return 0;
}
