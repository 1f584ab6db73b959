#include "tokenizer/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokgraft {
namespace {

using testing::HasSubstr;

std::string JsonErrorOf(std::string_view text) {
  const StatusOr<JsonDocument> document = JsonDocument::Parse(text, "f.json");
  return document.ok() ? "" : std::string(Message(document.status()));
}

JsonDocument JsonOf(std::string_view text) {
  StatusOr<JsonDocument> document = JsonDocument::Parse(text, "f.json");
  EXPECT_TRUE(document.ok()) << document.status();
  return *std::move(document);
}

TEST(JsonTest, ReadsEveryType) {
  const JsonDocument document = JsonOf(
      R"({"n":null,"b":true,"i":-3,"u":18446744073709551615,"d":2.5,"s":"\u00e9\ud83d\ude00"})");
  const JsonValue root = document.root();
  EXPECT_TRUE(root.Get("n")->is_null());
  EXPECT_FALSE(root.FindNotNull("n").has_value());
  EXPECT_FALSE(root.Find("x").has_value());
  EXPECT_TRUE(*root.Get("b")->Bool());
  EXPECT_EQ(*root.Get("i")->Int(), -3);
  EXPECT_EQ(*root.Get("u")->Uint(), 18446744073709551615U);
  EXPECT_EQ(*root.Get("d")->Double(), 2.5);
  EXPECT_EQ(*root.Get("i")->Double(), -3.0);
  EXPECT_EQ(*root.Get("s")->String(), "é😀");
  EXPECT_EQ(*root.Size(), 6U);
}

TEST(JsonTest, TheLastOfTwoEqualKeysCounts) {
  EXPECT_EQ(*JsonOf(R"({"a":1,"b":2,"a":3})").root().Get("a")->Uint(), 3U);
}

TEST(JsonTest, ErrorsNameFileAndPath) {
  const JsonDocument document = JsonOf(R"({"model":{"merges":[["a","b"],["a",1]],"odd key":{}}})");
  const JsonValue model = *document.root().Get("model");
  std::string path;
  const Status status =
      model.Get("merges")->ForEachElement([&](std::size_t, JsonValue pair) -> Status {
        return pair.ForEachElement(
            [&](std::size_t, JsonValue part) -> Status { return part.String().status(); });
      });
  EXPECT_EQ(Message(status), "f.json: model.merges[1][1]: is a number, a string was expected");
  EXPECT_EQ(Message(model.Get("vocab").status()), "f.json: model: \"vocab\" is missing");
  EXPECT_EQ(model.Get("odd key")->path(), "model[\"odd key\"]");
  EXPECT_EQ(Message(document.root().Uint().status()),
            "f.json: is an object, a whole number was expected");
  EXPECT_EQ(Message(JsonOf("[1.5]").root().ErrorOf(&DataLossError, "x")), "f.json: x");
}

TEST(JsonTest, NumbersBeyond64BitsAreDoubles) {
  const JsonDocument document = JsonOf(R"({"m":1000000000000000019884624838656,"n":-1e-400})");
  EXPECT_EQ(*document.root().Get("m")->Double(), 1e30);
  EXPECT_EQ(Message(document.root().Get("m")->Uint().status()),
            "f.json: m: is 1e+30, a whole number from 0 to 2^64 - 1 was expected");
}

TEST(JsonTest, SkipsAByteOrderMark) {
  EXPECT_EQ(*JsonOf("\xEF\xBB\xBF[7]").root().Size(), 1U);
  EXPECT_EQ(JsonErrorOf("\xEF\xBB\xBF[7,]"),
            "f.json: byte 6: unexpected ']', a value was expected; the file is not JSON");
}

TEST(JsonTest, ABackslashBeforeUIsNoEscape) {
  const StatusOr<JsonDocument> document = JsonDocument::Parse("[\"\\\\ud800\"]", "f.json");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_TRUE(document->root()
                  .ForEachElement([](std::size_t, JsonValue value) -> Status {
                    EXPECT_EQ(*value.String(), "\\ud800");
                    return {};
                  })
                  .ok());
}

TEST(JsonTest, FaultsCarryTheirByte) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "byte 0: the file ends, a value was expected; the file is truncated"},
      {"{\"a\":1", "byte 6: the file ends, ',' or '}' was expected; the file is truncated"},
      {"[1] x", "byte 4: unexpected 'x', the end of the file was expected after the value"},
      {"{\"a\":NaN}", "byte 5: unexpected 'N', a value was expected"},
      {"[nul]", "byte 4: unexpected ']', 'null' was expected"},
      {"[01]", "byte 2: unexpected '1', no digit was expected after a leading zero"},
      {"[1e999]", "byte 1: a number beyond the range of a double"},
      {"[\"\xff\"]", "byte 2: bytes that are not UTF-8"},
      {"[\"\\ud800\"]", "byte 2: half of a surrogate pair, which is no character"},
      {"[\"\\udc00\"]", "byte 2: half of a surrogate pair"},
      {"[\"\\ud800\\u0041\"]", "byte 2: half of a surrogate pair"},
      {"[\"\\\\\\uD800\"]", "byte 4: half of a surrogate pair"},
      {"[\"\\x\"]", "byte 3: unexpected 'x', an escape was expected"},
      {"{\"a\" 1}", "byte 5: unexpected '1', ':' was expected"},
      {"{1:2}", "byte 1: unexpected '1', a key in double quotes was expected"},
      {"[\"a", "byte 3: the file ends in the string that begins at byte 1"},
      {"[\"\n\"]", "byte 2: unexpected byte 10, control characters in a string must be escaped"},
      {std::string(2000, '['), "byte 1024: nested deeper than 1024 levels"},
      {std::string("\0\1", 2), "byte 0: unexpected byte 0, a value was expected"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(JsonErrorOf(text), HasSubstr("f.json: " + message)) << text.substr(0, 20);
  }
  EXPECT_EQ(JsonDocument::Parse("[1", "f").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(JsonDocument::Parse("[1}", "f").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(JsonTest, DepthUpToTheLimitIsRead) {
  EXPECT_EQ(JsonErrorOf(std::string(1000, '[') + std::string(1000, ']')), "");
}

TEST(JsonTest, EveryTruncationIsDataLoss) {
  const std::string text = R"({"a":[1.5e3,true,null,"é\u00e9\n"],"b":{"c":-12}})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const Status status = JsonDocument::Parse(text.substr(0, size), "f.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << size << ": " << status;
  }
}

TEST(JsonTest, MinifiedKeepsOrder) {
  EXPECT_EQ(JsonOf("{ \"b\" : [1, 2.5, \"x\\n\"],\n \"a\": {} }").root().Minified(),
            R"({"b":[1,2.5,"x\n"],"a":{}})");
}

}  // namespace
}  // namespace tokgraft
