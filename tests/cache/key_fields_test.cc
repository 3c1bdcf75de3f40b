#include "cache/key_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/samples.h"

namespace spyre::cache {
namespace {

using ::testing::HasSubstr;

// Fixed: a change of the key's text makes every cache of every user cold.
TEST(KeyFields, TheKeyIsTheHashOfTheLines) {
  const KeyFields fields{{{"program", "decode 4"}, {"cpu", "x"}}};
  // printf 'spyre graph cache 1\nprogram=decode 4\ncpu=x\n' | sha256sum
  EXPECT_EQ(fields.key(), "6a718880f934a3841bf6ee5940bd15705b3c3cb73025578202d59e7bab25af4a");
  EXPECT_TRUE(is_key(fields.key()));
  EXPECT_EQ(fields.program(), "decode 4");
}

TEST(KeyFields, EveryChangeIsAnotherKey) {
  const KeyFields fields = sample_fields();
  for (size_t i = 0; i < fields.fields.size(); ++i) {
    KeyFields other = fields;
    other.fields[i].second += "x";
    EXPECT_NE(other.key(), fields.key());
    other = fields;
    other.fields[i].first += "x";
    EXPECT_NE(other.key(), fields.key());
    other = fields;
    other.fields.erase(other.fields.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_NE(other.key(), fields.key());
  }
}

TEST(KeyFields, RefusesWhatCouldBeReadTwoWays) {
  EXPECT_TRUE(check(sample_fields()));
  for (const KeyFields& fields : std::vector<KeyFields>{
           {},
           {{{"", "x"}}},
           {{{"a=b", "x"}}},
           {{{"A", "x"}}},
           {{{"a", "x"}, {"a", "y"}}},
           {{{"a", "x\nb=y"}}},
           {{{"a", "\xc3\xa9"}}},
           {{{"a", std::string(kMostValueBytes + 1, 'x')}}},
           {.fields = std::vector<std::pair<std::string, std::string>>(kMostFields + 1)}}) {
    EXPECT_FALSE(check(fields));
  }
}

TEST(KeyFields, KeysAreHexDigits) {
  EXPECT_FALSE(is_key(""));
  EXPECT_FALSE(is_key(std::string(63, 'a')));
  EXPECT_FALSE(is_key(std::string(64, 'A')));
  EXPECT_FALSE(is_key("../" + std::string(61, 'a')));
}

TEST(KeyFields, DifferencesNameTheField) {
  const KeyFields want = sample_fields();
  EXPECT_EQ(difference(want, want), "");
  EXPECT_EQ(difference(sample_fields({{"llvm", "18"}, {"abi", "2"}}), want),
            "compiled for another llvm: had 18, want 19.1.7; another abi: had 2, want 1");
  KeyFields fewer = want;
  fewer.fields.pop_back();
  EXPECT_EQ(difference(fewer, want), "compiled for another abi: had none, want 1");
  EXPECT_EQ(difference(want, fewer), "compiled for another abi: had 1, want none");
  KeyFields turned = want;
  std::swap(turned.fields[1], turned.fields[2]);
  EXPECT_THAT(difference(turned, want), HasSubstr("another order"));
}

TEST(KeyFields, LongValuesAreCutWhereTheyDiffer) {
  const std::string common(300, 'c');
  const std::string text = difference(sample_fields({{"cpu", common + "+amx" + common}}),
                                      sample_fields({{"cpu", common + "-amx"}}));
  EXPECT_THAT(text, HasSubstr("cccc+amxcccc"));
  EXPECT_THAT(text, HasSubstr("want ...cccccccc-amx"));
  EXPECT_LT(text.size(), 200u);
  EXPECT_THAT(difference(sample_fields({{"cpu", common}}), sample_fields({{"cpu", common + "x"}})),
              HasSubstr("want ...ccccccccx"));
}

}  // namespace
}  // namespace spyre::cache
