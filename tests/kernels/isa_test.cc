#include "kernels/isa.h"

#include <gtest/gtest.h>

namespace spyre::kernels {
namespace {

TEST(Isa, BestFollowsTheFeatures) {
  EXPECT_EQ(best_isa({}), Isa::kScalar);
  EXPECT_EQ(best_isa({.avx2 = true}), Isa::kAvx2);
  EXPECT_EQ(best_isa({.avx2 = true, .avx_vnni = true}), Isa::kAvxVnni);
  EXPECT_EQ(best_isa({.avx2 = true, .avx512 = true}), Isa::kAvx2);  // without VNNI
  EXPECT_EQ(best_isa({.avx2 = true, .avx512 = true, .avx512_vnni = true}), Isa::kAvx512);
  EXPECT_EQ(best_isa({.avx2 = true, .avx512 = true, .avx512_vnni = true, .avx512_bf16 = true}),
            Isa::kAvx512Bf16);
  CpuFeatures features = {
      .avx2 = true, .avx512 = true, .avx512_vnni = true, .avx512_bf16 = true, .amx_int8 = true};
  EXPECT_EQ(best_isa(features), Isa::kAmxInt8);
  features.amx_bf16 = true;
  EXPECT_EQ(best_isa(features), Isa::kAmx);
}

TEST(Isa, TiersAreNoLadder) {
  const CpuFeatures server = {.avx2 = true, .avx512 = true, .avx512_vnni = true};
  EXPECT_FALSE(runs_on(server, Isa::kAvxVnni));
  EXPECT_TRUE(runs_on(server, Isa::kAvx2));
  EXPECT_FALSE(runs_on(server, Isa::kAvx512Bf16));
  EXPECT_FALSE(runs_on({.avx_vnni = true}, Isa::kAvxVnni));
}

TEST(Isa, NamesLeadBack) {
  for (const Isa isa : kIsas) EXPECT_EQ(isa_of(name(isa)), isa);
  EXPECT_EQ(name(Isa::kAvxVnni), "avxvnni");
  EXPECT_EQ(isa_of("auto"), std::nullopt);
}

}  // namespace
}  // namespace spyre::kernels
