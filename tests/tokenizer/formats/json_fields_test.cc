// Fields of one object: the first error stays, null is not missing, what nobody read is known.
#include "tokenizer/formats/json_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokgraft {
namespace {

class JsonFieldsTest : public testing::Test {
 protected:
  JsonFields& Of(std::string_view text) {
    documents_.push_back(JsonDocument::Parse(text, "f").value());
    fields_.emplace_back(documents_.back().root());
    return fields_.back();
  }
  static std::string Error(const JsonFields& fields) {
    return std::string(Message(fields.status()));
  }
  std::vector<JsonDocument> documents_ = Reserved();
  std::vector<JsonFields> fields_;

 private:
  static std::vector<JsonDocument> Reserved() {
    std::vector<JsonDocument> documents;
    documents.reserve(100);  // fields look into them
    return documents;
  }
};

TEST_F(JsonFieldsTest, ReadsEachKindAndKnowsTheRest) {
  JsonFields& fields =
      Of(R"({"b":true,"s":"x","c":"▁","n":18446744073709551615,"id":4294967295,"z":null,"y":1})");
  EXPECT_TRUE(fields.Bool("b"));
  EXPECT_EQ(fields.String("s"), "x");
  EXPECT_EQ(fields.Character("c"), "▁");
  EXPECT_EQ(fields.Uint("n"), 18446744073709551615U);
  EXPECT_EQ(fields.Id("id"), 4294967295U);
  EXPECT_EQ(fields.MaybeString("z"), std::nullopt);
  EXPECT_EQ(fields.MaybeBool("absent"), std::nullopt);
  EXPECT_TRUE(fields.BoolOr("absent", true));
  EXPECT_EQ(fields.UintOr("absent", 5), 5U);
  EXPECT_TRUE(fields.status().ok());
  EXPECT_EQ(fields.Unread(), "y");
  EXPECT_EQ(fields.AllUnread().size(), 1U);
  EXPECT_EQ(fields.Uint("y"), 1U);
  EXPECT_EQ(fields.Unread(), std::nullopt);
}

TEST_F(JsonFieldsTest, TheFirstErrorStays) {
  JsonFields& fields = Of(R"({"b":1,"s":true})");
  EXPECT_FALSE(fields.Bool("b"));
  EXPECT_EQ(fields.String("s"), "");
  EXPECT_EQ(fields.Uint("absent"), 0U);
  EXPECT_EQ(Error(fields), "f: b: is a number, true or false was expected");
}

TEST_F(JsonFieldsTest, NullIsAValueOfTheWrongType) {
  JsonFields& a = Of(R"({"x":null})");
  a.BoolOr("x", true);
  EXPECT_EQ(Error(a), "f: x: is null, true or false was expected");
  JsonFields& b = Of(R"({"x":null})");
  EXPECT_TRUE(b.Take("x")->is_null());  // but it is there
  EXPECT_EQ(b.Unread(), std::nullopt);
}

TEST_F(JsonFieldsTest, ACharacterIsOneIdsHave32Bits) {
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {R"({"x":""})", "f: x: is \"\", one character was expected"},
           {R"({"x":"ab"})", "f: x: is \"ab\", one character was expected"}}) {
    JsonFields& fields = Of(text);
    fields.Character("x");
    EXPECT_EQ(Error(fields), error);
  }
  JsonFields& id = Of(R"({"x":4294967296})");
  EXPECT_EQ(id.Id("x"), 0U);
  EXPECT_EQ(Error(id), "f: x: is 4294967296, an id below 2^32 was expected");
}

TEST_F(JsonFieldsTest, OneOfNamesWhatItExpects) {
  EXPECT_EQ(Of(R"({"x":"b"})").OneOf("x", {"a", "b"}), 1U);
  EXPECT_EQ(Of("{}").OneOf("x", {"a", "b"}, 1), 1U);
  JsonFields& missing = Of("{}");
  EXPECT_EQ(missing.OneOf("x", {"a", "b"}), 0U);
  EXPECT_EQ(Error(missing), "f: \"x\" is missing");
  JsonFields& other = Of(R"({"x":"A"})");
  EXPECT_EQ(other.OneOf("x", {"a", "b", "c"}, 2), 2U);
  EXPECT_EQ(Error(other), "f: x: is \"A\", a, b or c was expected");
}

TEST_F(JsonFieldsTest, OfAKeyGivenTwiceTheLastCountsAndBothAreRead) {
  JsonFields& fields = Of(R"({"x":1,"x":2})");
  EXPECT_EQ(fields.Uint("x"), 2U);
  EXPECT_EQ(fields.Unread(), std::nullopt);
}

TEST_F(JsonFieldsTest, WhatIsNoObjectHasNoFields) {
  EXPECT_EQ(Error(Of("[1]")), "f: is an array, an object was expected");
}

}  // namespace
}  // namespace tokgraft
