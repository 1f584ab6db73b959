#include "vocab_merge/id_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokgraft {
namespace {

IdMap IdMapTestExample() {
  IdMap map;
  map.base_size = 3;
  map.merged_size = 5;
  map.base_to_merged = {0, std::nullopt, 2};
  map.donor_to_merged = {4, std::nullopt};
  map.added = {{.id = 3, .bytes = "\xE4\xB8", .witness = "\u4e2d"},
               {.id = 4, .bytes = " a", .donor_id = 0, .merges = {{0, 2}}, .witness = " a"}};
  return map;
}

TEST(IdMapTest, DebugStringCounts) {
  EXPECT_EQ(IdMap{}.DebugString(), "IdMap{extend, 0 base ids, 0 merged, 0 added, 0 removed}");
}

TEST(IdMapTest, ReadsWhatItWrites) {
  const IdMap map = IdMapTestExample();
  const StatusOr<IdMap> read = ParseIdMap(map.ToJson(), "id_map.json");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, map);
}

TEST(IdMapTest, WritesTheFixedForm) {
  EXPECT_EQ(IdMapTestExample().ToJson(),
            R"({"strategy":"extend","base_size":3,"merged_size":5,"base_to_merged":[0,null,2],)"
            R"("donor_to_merged":[4,null],"added":[{"id":3,"bytes":"e4b8","text":"�",)"
            R"("donor_id":null,"merges":[],"witness":"中"},{"id":4,"bytes":"2061","text":" a",)"
            R"("donor_id":0,"merges":[[0,2]],"witness":" a"}],"removed":[]})"
            "\n");
}

TEST(IdMapTest, MarksWhatStandsInsideWords) {
  IdMap map = IdMapTestExample();
  map.added[1].inside_word = true;
  EXPECT_THAT(map.ToJson(), ::testing::HasSubstr(R"("witness":" a","inside_word":true}])"));
  EXPECT_EQ(*ParseIdMap(map.ToJson(), "id_map.json"), map);
}

TEST(IdMapTest, KeepsAWitnessThatIsNotUtf8) {
  IdMap map = IdMapTestExample();
  map.added[0].witness = "\xFF";
  const StatusOr<IdMap> read = ParseIdMap(map.ToJson(), "id_map.json");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->added[0].witness, "\xFF");
}

TEST(IdMapTest, HelpersAreWhatTheDonorLacks) {
  IdMap map;
  map.added = {{.id = 1, .bytes = "a", .donor_id = 7}, {.id = 2, .bytes = "b"}};
  EXPECT_EQ(map.helpers(), 0U);  // no donor: all were learnt
  map.donor_to_merged.resize(8);
  EXPECT_EQ(map.helpers(), 1U);
}

TEST(IdMapTest, SaysWhereItIsWrong) {
  const auto message = [](std::string_view json) {
    return std::string(Message(ParseIdMap(json, "m.json").status()));
  };
  EXPECT_THAT(message("{"), ::testing::HasSubstr("m.json"));
  EXPECT_EQ(message(R"({"strategy":"stretch","base_size":0})"),
            "m.json: strategy: \"stretch\" is unknown, one of extend, swap, union, intersect, "
            "replace-slots, trim was expected; a newer tokgraft may know it");
  EXPECT_THAT(message(R"({"strategy":"extend"})"), ::testing::HasSubstr("base_size"));
  EXPECT_THAT(message(R"({"strategy":"extend","base_size":2,"merged_size":2,)"
                      R"("base_to_merged":[0],"donor_to_merged":[],"added":[],"removed":[]})"),
              ::testing::HasSubstr("base_to_merged: 1 ids, base_size 2 was expected"));
  EXPECT_THAT(message(R"({"strategy":"extend","base_size":1,"merged_size":1,)"
                      R"("base_to_merged":[9],"donor_to_merged":[],"added":[],"removed":[]})"),
              ::testing::HasSubstr("base_to_merged[0]: id 9 is beyond"));
}

}  // namespace
}  // namespace tokgraft
